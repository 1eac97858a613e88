#include "alerts/delivery.h"

#include <algorithm>
#include <functional>

#include "alerts/detail/codec.h"
#include "base/file.h"
#include "base/log.h"

namespace mamori::alerts {
namespace {

/// Only those that the alert manager's outbox may still hold matter: a handful.
constexpr std::size_t kAnsweredKept = 200;
/// A receiver may ask for patience, but not for an hour of silence.
constexpr Nanos kRetryAfterMax = std::chrono::minutes{1};

Delivery::Verdict meaning(const Result<PostReply>& reply) {
  using enum Delivery::Verdict;
  if (!reply) return reply.error().code == Code::InvalidArgument ? Refused : Retry;
  if (reply->status >= 200 && reply->status < 300) return Delivered;
  if (reply->status >= 500 || reply->status == 429 || reply->status == 408) return Retry;
  return Refused;
}

}  // namespace

Delivery::Delivery(std::string url, std::string path, const NotifierOptions& options)
    : url_(std::move(url)),
      host_(host_of(url_)),
      path_(std::move(path)),
      options_(options),
      random_(options.random_seed ^ std::hash<std::string>{}(url_)) {}

Result<void> Delivery::load() {
  MAMORI_TRY(const auto text, read_if_there(path_));
  if (!text) return {};
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (const auto error = parser.parse(*text).get(document); error != simdjson::SUCCESS) {
    return Error{Code::Corrupt, simdjson::error_message(error)};
  }
  std::deque<Item> queue;
  MAMORI_TRY(const auto items, detail::read_array(document, "queue"));
  for (const auto element : items) {
    Item item;
    MAMORI_TRY(item.id, detail::read_string(element, "id"));
    MAMORI_TRY(item.body, detail::read_string(element, "body"));
    queue.push_back(std::move(item));
  }
  std::deque<std::string> answered;
  MAMORI_TRY(const auto ids, detail::read_array(document, "answered"));
  for (const auto element : ids) {
    std::string_view id;
    if (element.get(id) != simdjson::SUCCESS) return Error{Code::Corrupt, "member \"answered\" holds no strings"};
    answered.emplace_back(id);
  }
  queue_ = std::move(queue);
  answered_ = std::move(answered);
  return {};
}

bool Delivery::persist() {
  JsonWriter json;
  json.begin_object().field("version", 1).key("queue").begin_array();
  for (const Item& item : queue_) json.begin_object().field("id", item.id).field("body", item.body).end_object();
  json.end_array().key("answered").begin_array();
  for (const std::string& id : answered_) json.string(id);
  json.end_array().end_object();
  const auto written = write_atomically(path_, json.text());
  if (written) return true;
  if (write_failures_++ == 0) {
    log_error("the queue of notifications cannot be written", {{"error", written.error().message}});
  }
  return false;
}

bool Delivery::enqueue(const Notification& notification) {
  const std::string id = notification.id();
  if (std::ranges::find(answered_, id) != answered_.end()) return true;
  if (std::ranges::find(queue_, id, &Item::id) == queue_.end()) {
    queue_.push_back({.id = id, .body = webhook_body(notification, host_, options_.external_url)});
    if (queue_.size() > options_.queue_max) {
      // What is newest matters most.
      queue_.pop_front();
      failures_ = 0;
      ++dropped_;
      log_error("the queue of notifications is full, the oldest was dropped", {{"receiver", host_}});
    }
  }
  return persist();
}

const Delivery::Item* Delivery::next(Timestamp now) const {
  return queue_.empty() || now < not_before_ ? nullptr : &queue_.front();
}

std::optional<Timestamp> Delivery::due() const {
  if (queue_.empty()) return std::nullopt;
  return not_before_;
}

Nanos Delivery::backoff(const Result<PostReply>& reply) {
  // Full jitter: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
  const int doublings = std::min(failures_ - 1, 20);
  const Nanos ceiling = std::min<Nanos>(options_.backoff_max, Nanos{options_.backoff_first} * (1 << doublings));
  const Nanos wait{static_cast<std::int64_t>(random_.unit() * static_cast<double>(ceiling.count()))};
  if (!reply || !reply->retry_after) return wait;
  return std::max(wait, std::min<Nanos>(*reply->retry_after, kRetryAfterMax));
}

Delivery::Verdict Delivery::answered(const std::string& id, const Result<PostReply>& reply, Timestamp now) {
  const Verdict verdict = meaning(reply);
  if (queue_.empty() || queue_.front().id != id) return verdict;  // it gave way to newer ones in the meantime
  if (verdict == Verdict::Retry) {
    ++failures_;
    not_before_ = now + backoff(reply);
    return verdict;
  }
  queue_.pop_front();
  answered_.push_back(id);
  if (answered_.size() > kAnsweredKept) answered_.pop_front();
  failures_ = 0;
  not_before_ = now;
  persist();
  return verdict;
}

}  // namespace mamori::alerts
