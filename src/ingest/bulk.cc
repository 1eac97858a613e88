#include "ingest/bulk.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/log.h"
#include "base/pan.h"
#include "base/text.h"
#include "ingest/filter_path.h"

namespace mamori::ingest {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kNameBytesMax = 255;  // as Elasticsearch bounds an index name
constexpr std::size_t kIdBytesMax = 512;    // as Elasticsearch bounds an _id

constexpr std::string_view kParsing = "document_parsing_exception";
constexpr std::string_view kIllegal = "illegal_argument_exception";
constexpr std::string_view kBadIndex = "invalid_index_name_exception";
constexpr std::string_view kRejected = "es_rejected_execution_exception";

using Counter = std::atomic<std::uint64_t> BulkCounters::*;
constexpr Counter kMalformed = &BulkCounters::refused_malformed;
constexpr Counter kStream = &BulkCounters::refused_stream;
constexpr Counter kField = &BulkCounters::refused_field;
constexpr Counter kAction = &BulkCounters::refused_action;

/// Takes one line off the front, without its line break (\n or \r\n).
std::string_view take_line(std::string_view& body) {
  const std::size_t end = body.find('\n');
  std::string_view line = body.substr(0, end);
  body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Elasticsearch's strict_date_optional_time||epoch_millis, and RFC 3339 of any kind: a date alone and a time without
/// offset are UTC.
Result<Timestamp> time_of_text(std::string_view text) {
  if (auto time = parse_time(text)) return time;
  if (auto time = parse_rfc3339(std::string(text) + "Z")) return time;
  if (auto time = parse_rfc3339(std::string(text) + "T00:00:00Z")) return time;
  return invalid_argument("@timestamp: \"" + std::string(text.substr(0, 40)) +
                          "\" is not a time: write RFC 3339, such as 2026-01-31T23:59:59Z");
}

Result<Timestamp> time_of(dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return time_of_text(text);
  if (value.is_number()) return time_of_text(std::string(simdjson::minify(value)));
  return invalid_argument("@timestamp: is neither a string nor a number");
}

/// Puts the time of arrival into a document that has none.
void insert_timestamp(std::string& json, Timestamp arrived) {
  const std::size_t open = json.find('{');
  const std::size_t next = json.find_first_not_of(" \t\r\n", open + 1);
  const bool empty = next != std::string::npos && json[next] == '}';
  json.insert(open + 1, "\"@timestamp\":\"" + format_rfc3339(arrived) + (empty ? "\"" : "\","));
}

bool is_index_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  if (name[0] == '-' || name[0] == '_' || name[0] == '.') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

/// A stream's name becomes part of files and pages, so it must not carry a card number either.
bool holds_card_number(std::string name) {
  std::ranges::replace_if(name, [](char c) { return c < '0' || c > '9'; }, ' ');
  return !find_pans(name).empty();
}

/// What an answer may repeat of a refused item's index: nothing, if it is no name, for it may be anything.
std::string_view shown_index(const std::string& index) {
  return is_index_name(index) && !holds_card_number(index) ? std::string_view(index) : std::string_view();
}

}  // namespace

/// One action and what became of it.
struct BulkIngest::Item {
  std::string action = "index";
  std::string index, id;
  int status = 0;             // 0: no answer yet
  Counter counter = nullptr;  // which one a refusal counts in
  std::string_view error_type;
  std::string reason;
  bool is_action = false;     // the line was one of the four actions, known or not supported
  bool needs_source = false;  // the next line belongs to it

  void refuse(Counter refused, std::string_view type, std::string why) {
    if (status != 0) return;  // the first reason counts
    status = 400;
    counter = refused;
    error_type = type;
    mask_pans(why);
    reason = std::move(why);
  }
};

struct BulkIngest::Batch {
  struct Document {
    std::size_t item = 0;
    Timestamp time;
    std::string json;
    std::optional<logs::PaymentEvent> event;
    std::size_t cards = 0;
  };
  Timestamp arrived;
  std::vector<Item> items;
  std::vector<Document> documents;
};

namespace {

struct Failure {
  int status = 0;
  std::string_view type;
  std::string_view reason;
};

/// The members of Elasticsearch's error object.
void write_failure(JsonWriter& json, const Failure& failure) {
  json.key("error").begin_object().key("root_cause").begin_array();
  json.begin_object().field("type", failure.type).field("reason", failure.reason).end_object().end_array();
  json.field("type", failure.type).field("reason", failure.reason).end_object().field("status", failure.status);
}

/// The reply's items as JSON objects, reduced to what the filter wants.
class ReplyWriter {
 public:
  explicit ReplyWriter(std::string_view filter_path) : filter_(filter_path) {}

  void created(std::string_view action, std::string_view index, std::string_view id) {
    JsonWriter json;
    json.begin_object();
    bool any = field(json, action, "_index", [&] { json.string(index); });
    any |= field(json, action, "_id", [&] { json.string(id); });
    any |= field(json, action, "_version", [&] { json.integer(1); });
    any |= field(json, action, "result", [&] { json.string("created"); });
    any |= field(json, action, "status", [&] { json.integer(201); });
    json.end_object();
    if (any) add(action, std::move(json).take());
  }

  void refused(std::string_view action, std::string_view index, std::string_view id, int status, std::string_view type,
               std::string_view reason) {
    errors_ = true;
    JsonWriter json;
    json.begin_object();
    bool any = field(json, action, "_index", [&] { json.string(index); });
    any |= field(json, action, "_id", [&] { id.empty() ? json.null() : json.string(id); });
    any |= field(json, action, "status", [&] { json.integer(status); });
    const bool want_type = wants({"items", action, "error", "type"});
    const bool want_reason = wants({"items", action, "error", "reason"});
    if (want_type || want_reason) {
      json.key("error").begin_object();
      if (want_type) json.field("type", type);
      if (want_reason) json.field("reason", reason);
      json.end_object();
      any = true;
    }
    json.end_object();
    if (any) add(action, std::move(json).take());
  }

  /// "errors" stands before "items", and all is compact: Fluent Bit looks for exactly these bytes. `failure`: of the
  /// whole request, put behind.
  std::string take(std::int64_t took_ms, const Failure* failure = nullptr) {
    JsonWriter json;
    json.begin_object();
    if (wants({"took"})) json.field("took", took_ms);
    if (wants({"errors"})) json.field("errors", errors_);
    if (!items_.empty() || wants({"items"})) json.key("items").raw("[" + items_ + "]");
    if (failure != nullptr) write_failure(json, *failure);
    json.end_object();
    return std::move(json).take();
  }

 private:
  bool wants(std::initializer_list<std::string_view> path) const { return filter_.wants({path.begin(), path.size()}); }

  template <typename Write>
  bool field(JsonWriter& json, std::string_view action, std::string_view name, Write write) const {
    if (!wants({"items", action, name})) return false;
    json.key(name);
    write();
    return true;
  }

  void add(std::string_view action, const std::string& object) {
    if (!items_.empty()) items_ += ',';
    items_ += '{';
    append_json_string(items_, action);
    items_ += ':' + object + '}';
  }

  FilterPath filter_;
  std::string items_;
  bool errors_ = false;
};

}  // namespace

BulkIngest::BulkIngest(logs::Store& store, const Clock& clock, std::uint64_t id_seed, BulkOptions options, Sink sink)
    : store_(store),
      clock_(clock),
      options_(std::move(options)),
      sink_(std::move(sink)),
      random_(id_seed),
      allowed_streams_(options_.allowed_streams) {
  for (const auto& stats : store.streams()) streams_.insert(stats.stream);
}

BulkReply BulkIngest::ingest(std::string_view body, std::string_view index, std::string_view filter_path) {
  Batch batch{.arrived = clock_.now()};
  if (!parse_body(body, index, batch)) {
    return {413, elasticsearch_error(
                     413, "content_too_long_exception",
                     "the body has more than " + std::to_string(options_.items_max) + " actions; send it in parts")};
  }
  const bool any_action = std::ranges::any_of(batch.items, &Item::is_action);
  if (!any_action) {
    const auto reason = batch.items.empty() ? std::string("request body is required") : batch.items.front().reason;
    return {400, elasticsearch_error(400, batch.items.empty() ? "parse_exception" : kIllegal, reason)};
  }
  const auto stored = store(batch);
  if (!stored) {
    ++counters_.unavailable;
    if (stored.error().code == Code::TooLarge) {
      return {413, elasticsearch_error(413, "content_too_long_exception", stored.error().message)};
    }
  }
  ReplyWriter reply(filter_path);
  for (const auto& item : batch.items) {
    if (item.status < 300 && stored) {
      reply.created(item.action, item.index, item.id);
    } else if (item.status < 300) {
      reply.refused(item.action, item.index, item.id, 429, kRejected, stored.error().message);
    } else {
      reply.refused(item.action, shown_index(item.index), item.id, item.status, item.error_type, item.reason);
    }
  }
  const auto took = std::chrono::duration_cast<Millis>(clock_.now() - batch.arrived);
  const auto took_ms = std::max<std::int64_t>(0, took.count());
  if (stored) return {200, reply.take(took_ms)};
  // 503 makes most shippers send the request again; rsyslog reads no status but those of the items.
  const Failure failure{503, "unavailable_shards_exception", stored.error().message};
  return {503, reply.take(took_ms, &failure)};
}

BulkReply BulkIngest::ingest_document(std::string_view index, std::string_view id, std::string_view json) {
  Batch batch{.arrived = clock_.now()};
  Item item{.index = std::string(index), .id = std::string(id)};
  mask_pans(item.id);
  if (id.size() > kIdBytesMax) item.refuse(kMalformed, kIllegal, "id is longer than 512 bytes");
  add_source(json, item, batch);
  batch.items.push_back(std::move(item));
  if (auto stored = store(batch); !stored) {
    ++counters_.unavailable;
    return {503, elasticsearch_error(503, "unavailable_shards_exception", stored.error().message)};
  }
  const Item& done = batch.items.front();
  if (done.status >= 300) return {done.status, elasticsearch_error(done.status, done.error_type, done.reason)};
  JsonWriter reply;
  reply.begin_object().field("_index", done.index).field("_id", done.id).field("_version", 1);
  reply.field("result", "created").key("_shards").begin_object();
  reply.field("total", 1).field("successful", 1).field("failed", 0).end_object();
  reply.field("_seq_no", 0).field("_primary_term", 1).end_object();
  return {201, std::move(reply).take()};
}

bool BulkIngest::parse_body(std::string_view body, std::string_view index, Batch& batch) {
  std::optional<Item> ahead;  // an action that was read to see whether it is one
  while (!body.empty() || ahead) {
    if (batch.items.size() == options_.items_max && !trim(body).empty()) return false;
    Item item;
    if (ahead) {
      item = *std::move(ahead);
      ahead.reset();
    } else {
      const std::string_view line = take_line(body);
      if (trim(line).empty()) continue;
      add_action(line, index, item);
    }
    if (!item.is_action && !body.empty()) {
      // Where an action cannot be read, its line may or may not be followed by a source. If the next line is an action,
      // it is not; otherwise it is taken for the source and refused with its action.
      const std::string_view line = take_line(body);
      Item next;
      if (!trim(line).empty()) add_action(line, index, next);
      if (next.is_action) ahead = std::move(next);
    } else if (item.needs_source) {
      if (body.empty()) {
        item.refuse(kMalformed, kIllegal, "the source is missing: the body ends after the action");
      } else {
        const std::string_view line = take_line(body);
        if (item.status == 0) add_source(line, item, batch);
      }
    }
    batch.items.push_back(std::move(item));
  }
  return true;
}

void BulkIngest::add_action(std::string_view line, std::string_view index, Item& item) {
  thread_local dom::parser parser;
  const auto malformed = [&](std::string_view why) {
    item.refuse(kMalformed, kIllegal,
                "malformed action line: " + std::string(why) + "; expected one of {\"create\":{}}, {\"index\":{}}");
  };
  if (line.size() > options_.line_bytes_max) return malformed("it is too long");
  dom::object outer, inner;
  dom::element document;
  if (parser.parse(line.data(), line.size()).get(document) != simdjson::SUCCESS) return malformed("it is not JSON");
  if (document.get(outer) != simdjson::SUCCESS) return malformed("it is no JSON object");
  if (outer.size() != 1) return malformed("it does not have exactly one key");
  const dom::key_value_pair field = *outer.begin();
  if (field.key != "create" && field.key != "index" && field.key != "update" && field.key != "delete") {
    return malformed("its key is no action");
  }
  if (field.value.get(inner) != simdjson::SUCCESS) return malformed("the action is no JSON object");
  item.is_action = true;
  item.action = field.key;
  item.needs_source = item.action != "delete";
  item.index = index;
  std::string_view text;
  std::int64_t number = 0;
  if (dom::element value; inner.at_key("_index").get(value) == simdjson::SUCCESS) {
    if (value.get(text) == simdjson::SUCCESS) {
      item.index = text;
    } else if (!value.is_null()) {
      item.refuse(kMalformed, kIllegal, "_index is not a string");
    }
  }
  if (dom::element value; inner.at_key("_id").get(value) == simdjson::SUCCESS) {
    if (value.get(text) == simdjson::SUCCESS) {
      item.id = text;
    } else if (value.get(number) == simdjson::SUCCESS) {
      item.id = std::to_string(number);
    } else if (!value.is_null()) {
      item.refuse(kMalformed, kIllegal, "_id is neither a string nor an integer");
    }
    if (item.id.size() > kIdBytesMax) {
      item.id.clear();
      item.refuse(kMalformed, kIllegal, "_id is longer than 512 bytes");
    }
  }
  mask_pans(item.id);  // it goes back in the answer only, but an answer is logged by many a shipper
  if (item.action == "update" || item.action == "delete") {
    item.refuse(kAction, kIllegal, item.action + " is not offered: log lines are written once (use create)");
  }
}

void BulkIngest::add_source(std::string_view line, Item& item, Batch& batch) {
  if (item.status != 0) return;
  if (auto good = check_stream(item.index); !good) {
    item.refuse(kStream, kBadIndex, std::move(good.error().message));
    return;
  }
  if (line.size() > options_.line_bytes_max) {
    return item.refuse(kMalformed, kParsing,
                       "the document is longer than " + std::to_string(options_.line_bytes_max) + " bytes");
  }
  thread_local dom::parser parser;
  dom::element document;
  dom::object object;
  if (const auto error = parser.parse(line.data(), line.size()).get(document); error != simdjson::SUCCESS) {
    return item.refuse(kMalformed, kParsing, std::string("not valid JSON: ") + simdjson::error_message(error));
  }
  if (document.get(object) != simdjson::SUCCESS) return item.refuse(kMalformed, kParsing, "not a JSON object");

  Batch::Document out{.item = batch.items.size(), .time = batch.arrived, .json = std::string(line)};
  dom::element timestamp;
  const bool has_time = object.at_key("@timestamp").get(timestamp) == simdjson::SUCCESS;
  if (has_time) {
    auto time = time_of(timestamp);
    if (!time) return item.refuse(kField, kParsing, std::move(time.error().message));
    out.time = *time;
  }
  out.cards = mask_pans_in_json(out.json);
  if (item.index.starts_with("payment_")) {
    auto event = logs::decode_payment_event(item.index, out.time, out.json);
    if (!event) return item.refuse(kField, kParsing, std::move(event.error().message));
    out.event = *std::move(event);
  }
  if (!has_time) insert_timestamp(out.json, batch.arrived);
  if (item.id.empty()) item.id = new_id();
  item.status = 201;
  batch.documents.push_back(std::move(out));
}

bool BulkIngest::allows(std::string_view stream) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(allowed_streams_,
                             [&](const std::string& pattern) { return glob_matches(pattern, stream); });
}

void BulkIngest::allow_streams(std::vector<std::string> patterns) {
  const std::lock_guard lock(mutex_);
  allowed_streams_ = std::move(patterns);
}

Result<void> BulkIngest::check_stream(const std::string& stream) {
  if (stream.empty()) return invalid_argument("an index is missing: name it in the action or in the path");
  if (!is_index_name(stream) || holds_card_number(stream)) {
    return invalid_argument(
        "the index name may hold a-z, 0-9, '_', '-' and '.', begins with a letter or a digit, has "
        "at most 255 bytes, and no card number");
  }
  if (!allows(stream)) {
    const std::lock_guard lock(mutex_);
    std::string patterns;
    for (const auto& pattern : allowed_streams_) patterns += (patterns.empty() ? "" : ", ") + pattern;
    return invalid_argument("index [" + stream + "] is not accepted here; allowed: " + patterns);
  }
  const std::lock_guard lock(mutex_);
  if (streams_.contains(stream)) return {};
  if (streams_.size() >= options_.streams_max) {
    return invalid_argument("index [" + stream + "] would be one stream more than " +
                            std::to_string(options_.streams_max) + "; put what changes into a field");
  }
  streams_.insert(stream);
  return {};
}

Result<void> BulkIngest::store(Batch& batch) {
  std::vector<logs::Line> lines;
  lines.reserve(batch.documents.size());
  for (const auto& document : batch.documents) {
    lines.push_back({batch.items[document.item].index, document.time, document.json});
  }
  if (!lines.empty()) MAMORI_TRY_VOID(store_.append(lines));

  counters_.accepted += lines.size();
  for (const auto& item : batch.items) {
    if (item.counter != nullptr) ++(counters_.*item.counter);
  }
  std::vector<Accepted> accepted;
  accepted.reserve(batch.documents.size());
  for (std::size_t i = 0; i < batch.documents.size(); ++i) {
    auto& document = batch.documents[i];
    if (document.cards > 0) {
      const std::lock_guard lock(mutex_);
      cards_masked_[std::string(lines[i].stream)] += document.cards;
    }
    accepted.push_back({lines[i].stream, document.time, document.json, std::move(document.event), batch.arrived});
  }
  if (sink_ && !accepted.empty()) sink_(accepted);
  return {};
}

std::map<std::string, std::uint64_t> BulkIngest::cards_masked() const {
  const std::lock_guard lock(mutex_);
  return cards_masked_;
}

/// 20 characters of 120 random bits, in Elasticsearch's URL-safe alphabet.
std::string BulkIngest::new_id() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::uint64_t bits[2];
  {
    const std::lock_guard lock(mutex_);
    bits[0] = random_.bits();
    bits[1] = random_.bits();
  }
  std::string id;
  for (auto half : bits) {
    for (int i = 0; i < 10; ++i, half >>= 6) id += kAlphabet[half & 63];
  }
  return id;
}

std::string elasticsearch_error(int status, std::string_view type, std::string_view reason) {
  JsonWriter json;
  json.begin_object();
  write_failure(json, {status, type, reason});
  json.end_object();
  return std::move(json).take();
}

}  // namespace mamori::ingest
