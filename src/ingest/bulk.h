// ingest/bulk.h: takes log lines in the form of Elasticsearch's _bulk, checks and masks each, stores them durably, and
// answers item by item.
// What always holds: what the answer calls created is on the disk and searchable; one bad item never costs another; no
// card number reaches the store, the sink or the answer.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "logs/payment_event.h"
#include "logs/store.h"

namespace mamori::ingest {

/// A line that is durable by now. The views live as long as the sink's call.
struct Accepted {
  std::string_view stream;
  Timestamp time;                           // the event's own
  std::string_view json;                    // masked
  std::optional<logs::PaymentEvent> event;  // of payment_* streams
  Timestamp arrived;
};

struct BulkOptions {
  std::vector<std::string> allowed_streams = {"payment_*", "security_*"};  // globs
  std::size_t line_bytes_max = 1u << 20;
  std::size_t items_max = 100'000;  // of one request; tiny items cost many times their bytes, here and in the answer
  std::size_t streams_max = 1000;   // each costs a file per sealed head; a new one beyond is refused
};

/// How many, since the start. Thread-safe to read at any time.
struct BulkCounters {
  std::atomic<std::uint64_t> accepted{0};           // lines stored
  std::atomic<std::uint64_t> refused_malformed{0};  // no JSON object, no action, no source line, too long
  std::atomic<std::uint64_t> refused_stream{0};     // index missing, not allowed, or one too many
  std::atomic<std::uint64_t> refused_field{0};      // @timestamp or a payment's field is wrong
  std::atomic<std::uint64_t> refused_action{0};     // update, delete
  std::atomic<std::uint64_t> unavailable{0};        // requests of which the store could keep nothing
};

/// One HTTP answer, before headers.
struct BulkReply {
  int status = 200;
  std::string body;  // JSON
};

/// Thread-safe.
class BulkIngest {
 public:
  /// Called once per request, after its lines are durable, on the request's thread; several threads may call at once.
  using Sink = std::function<void(std::span<const Accepted>)>;

  /// `id_seed`: for the _id of lines that come without one.
  BulkIngest(logs::Store& store, const Clock& clock, std::uint64_t id_seed, BulkOptions options, Sink sink);

  /// `index`: of the path /{index}/_bulk, "" if there is none. `filter_path`: as Elasticsearch's parameter, "" for all.
  /// 200 with one item per action, in order; 400 if there is no action at all; 503 if the store could keep nothing,
  /// with status 429 for each item that another try would store.
  BulkReply ingest(std::string_view body, std::string_view index, std::string_view filter_path);

  /// One document, as PUT|POST /{index}/_doc/{id} brings it. `id`: "" to get one.
  BulkReply ingest_document(std::string_view index, std::string_view id, std::string_view json);

  const BulkCounters& counters() const { return counters_; }
  /// Card numbers masked, by stream.
  std::map<std::string, std::uint64_t> cards_masked() const;
  bool allows(std::string_view stream) const;
  /// Replaces BulkOptions::allowed_streams, as a reload of the spec does.
  void allow_streams(std::vector<std::string> patterns);

 private:
  struct Item;
  struct Batch;
  /// False if the body has more than items_max actions: nothing of it is to be kept.
  bool parse_body(std::string_view body, std::string_view index, Batch& batch);
  void add_action(std::string_view line, std::string_view index, Item& item);
  void add_source(std::string_view line, Item& item, Batch& batch);
  Result<void> check_stream(const std::string& stream);
  Result<void> store(Batch& batch);
  std::string new_id();

  logs::Store& store_;
  const Clock& clock_;
  const BulkOptions options_;
  const Sink sink_;
  BulkCounters counters_;
  mutable std::mutex mutex_;  // guards what follows
  Random random_;
  std::vector<std::string> allowed_streams_;
  std::set<std::string, std::less<>> streams_;
  std::map<std::string, std::uint64_t> cards_masked_;
};

/// {"error":{"root_cause":[{"type":…,"reason":…}],"type":…,"reason":…},"status":…}, as Elasticsearch writes it.
std::string elasticsearch_error(int status, std::string_view type, std::string_view reason);

}  // namespace mamori::ingest
