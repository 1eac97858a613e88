#include "alerts/notifier.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "alerts/delivery.h"
#include "base/file.h"
#include "base/log.h"

namespace mamori::alerts {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFilePrefix = "notify-";

/// The file's name says nothing of the URL: it may hold a secret.
std::string file_of(const std::string& dir, const std::string& url) {
  return dir + "/" + std::string(kFilePrefix) + fingerprint({{"webhook", url}}) + ".json";
}

/// One receiver: its queue and, unless it is stepped by hand, the thread that empties it.
class Receiver {
 public:
  Receiver(std::string url, const NotifierOptions& options, const Transport& transport, const Clock& clock)
      : options_(options), transport_(transport), clock_(clock), delivery_(url, file_of(options.dir, url), options) {}

  ~Receiver() { stop(); }

  void load(std::vector<std::string>& warnings) {
    if (auto loaded = delivery_.load(); !loaded) {
      warnings.push_back(set_aside(delivery_.path(), loaded.error()));
    }
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  bool wait_until_empty(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return drained_.wait_until(lock, deadline, [this] { return delivery_.size() == 0; });
  }

  bool enqueue(const Notification& notification) {
    bool written = false;
    {
      const std::lock_guard lock(mutex_);
      written = delivery_.enqueue(notification);
    }
    wake_.notify_all();
    return written;
  }

  /// Sends one item if one is due. True if it did.
  bool step() {
    std::unique_lock lock(mutex_);
    const Delivery::Item* next = delivery_.next(clock_.now());
    if (next == nullptr) return false;
    const Delivery::Item item = *next;
    lock.unlock();
    const Result<PostReply> reply = transport_(delivery_.url(), item.body, options_.attempt_timeout);
    lock.lock();
    take(item.id, reply);
    if (delivery_.size() == 0) drained_.notify_all();
    return true;
  }

  std::optional<Timestamp> due() const {
    const std::lock_guard lock(mutex_);
    return delivery_.due();
  }

  void add_to(NotifierCounters& sum) const {
    const std::lock_guard lock(mutex_);
    sum.delivered += counters_.delivered;
    sum.attempts_failed += counters_.attempts_failed;
    sum.refused += counters_.refused;
    sum.dropped += delivery_.dropped();
    sum.state_write_failures += delivery_.write_failures();
    sum.queued += delivery_.size();
  }

  const std::string& url() const { return delivery_.url(); }
  const std::string& host() const { return delivery_.host(); }
  const std::string& path() const { return delivery_.path(); }

 private:
  void take(const std::string& id, const Result<PostReply>& reply) {
    const std::string what = reply ? "HTTP status " + std::to_string(reply->status) : reply.error().message;
    const int failures_before = delivery_.failures();
    switch (delivery_.answered(id, reply, clock_.now())) {
      case Delivery::Verdict::Delivered:
        ++counters_.delivered;
        log_info("notification delivered",
                 {{"receiver", host()}, {"notification", id}, {"attempts", failures_before + 1}});
        return;
      case Delivery::Verdict::Refused:
        ++counters_.refused;
        log_error("notification refused for good, check the receiver's URL in notify:",
                  {{"receiver", host()}, {"notification", id}, {"answer", what}});
        return;
      case Delivery::Verdict::Retry:
        ++counters_.attempts_failed;
        if (failures_before % 10 == 0) {
          log_warn("notification not delivered yet, trying again",
                   {{"receiver", host()}, {"notification", id}, {"answer", what}, {"attempts", failures_before + 1}});
        }
        return;
    }
  }

  void run() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        // A clock that is set back must not make us wait for long: look at it anew every second.
        while (!stopping_ && delivery_.next(clock_.now()) == nullptr) {
          const auto due = delivery_.due();
          const Nanos wait = due ? std::clamp<Nanos>(*due - clock_.now(), Millis{1}, Seconds{1}) : Nanos{Seconds{1}};
          wake_.wait_for(lock, wait);
        }
        if (stopping_) return;
      }
      step();
    }
  }

  const NotifierOptions& options_;
  const Transport& transport_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, drained_;
  Delivery delivery_;
  NotifierCounters counters_;
  bool stopping_ = false;
  std::thread thread_;
};

class WebhookNotifier final : public Notifier {
 public:
  WebhookNotifier(NotifierOptions options, Transport transport, const Clock& clock)
      : options_(std::move(options)), transport_(std::move(transport)), clock_(clock) {}

  ~WebhookNotifier() override { WebhookNotifier::stop(Millis{0}); }

  void configure(const std::vector<spec::NotifySpec>& specs, std::vector<std::string>& warnings) {
    std::vector<std::unique_ptr<Receiver>> gone;
    {
      const std::lock_guard lock(mutex_);
      std::vector<std::unique_ptr<Receiver>> next;
      for (const auto& spec : specs) add_receiver(spec.webhook, next, warnings);
      gone = std::exchange(receivers_, std::move(next));
    }
    std::erase(gone, nullptr);
    for (const auto& receiver : gone) {
      receiver->stop();
      const std::lock_guard lock(mutex_);
      receiver->add_to(past_);
      past_.queued = 0;
    }
    gone.clear();
    drop_strangers();
  }

  bool enqueue(const Notification& notification) override {
    const std::lock_guard lock(mutex_);
    bool written = true;
    for (const auto& receiver : receivers_) written = receiver->enqueue(notification) && written;
    return written;
  }

  void reconfigure(const std::vector<spec::NotifySpec>& specs) override {
    std::vector<std::string> warnings;
    configure(specs, warnings);
    for (const auto& warning : warnings) log_warn(warning);
  }

  NotifierCounters counters() const override {
    const std::lock_guard lock(mutex_);
    NotifierCounters sum = past_;
    for (const auto& receiver : receivers_) receiver->add_to(sum);
    return sum;
  }

  std::optional<Timestamp> run_due() override {
    const std::lock_guard lock(mutex_);
    std::optional<Timestamp> earliest;
    for (const auto& receiver : receivers_) {
      while (receiver->step()) {
      }
      const auto due = receiver->due();
      if (due && (!earliest || *due < *earliest)) earliest = due;
    }
    return earliest;
  }

  void stop(Millis grace) override {
    const std::lock_guard lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + grace;
    if (options_.threads && grace.count() > 0) {
      for (const auto& receiver : receivers_) receiver->wait_until_empty(deadline);
    }
    for (const auto& receiver : receivers_) receiver->stop();
  }

 private:
  void add_receiver(const std::string& url, std::vector<std::unique_ptr<Receiver>>& next,
                    std::vector<std::string>& warnings) {
    if (std::ranges::any_of(next, [&](const auto& receiver) { return receiver->url() == url; })) return;
    const auto old = std::ranges::find_if(receivers_, [&](const auto& r) { return r != nullptr && r->url() == url; });
    if (old != receivers_.end()) {
      next.push_back(std::move(*old));
      return;
    }
    auto receiver = std::make_unique<Receiver>(url, options_, transport_, clock_);
    receiver->load(warnings);
    if (options_.threads) receiver->start();
    next.push_back(std::move(receiver));
  }

  /// Files of receivers that the spec no longer names would be delivered to nobody, ever.
  void drop_strangers() {
    const std::lock_guard lock(mutex_);
    std::error_code ignored;
    for (const auto& file : fs::directory_iterator(options_.dir, ignored)) {
      const std::string name = file.path().filename().string();
      if (!name.starts_with(kFilePrefix) || !name.ends_with(".json")) continue;
      const bool known = std::ranges::any_of(
          receivers_, [&](const auto& receiver) { return fs::path(receiver->path()).filename() == name; });
      if (known) continue;
      log_info("a receiver is no longer named in notify:, its queue is dropped", {{"file", name}});
      fs::remove(file.path(), ignored);
    }
  }

  const NotifierOptions options_;
  const Transport transport_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards the list; each receiver has a lock of its own
  std::vector<std::unique_ptr<Receiver>> receivers_;
  NotifierCounters past_;  // of receivers that are gone
};

}  // namespace

Result<std::unique_ptr<Notifier>> Notifier::open(NotifierOptions options,
                                                 const std::vector<spec::NotifySpec>& receivers, Transport transport,
                                                 const Clock& clock, std::vector<std::string>& warnings) {
  std::error_code failed;
  fs::create_directories(options.dir, failed);
  if (failed) return Error{Code::Io, "create directory " + options.dir + ": " + failed.message()};
  auto notifier = std::make_unique<WebhookNotifier>(std::move(options), std::move(transport), clock);
  notifier->configure(receivers, warnings);
  return notifier;
}

std::string host_of(const std::string& url) {
  const auto scheme = url.find("://");
  std::string_view rest = url;
  if (scheme != std::string::npos) rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) rest = rest.substr(0, colon);
  return std::string(rest);
}

}  // namespace mamori::alerts
