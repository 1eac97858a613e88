// metrics/detail/log_record.h: what stands in the metrics store's write-ahead log (docs/formats/metrics-store.md): one
// record per write, or one per deletion.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/detail/bytes.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

/// Builds the record of one write in a buffer that is kept: no memory is asked for per sample.
class WriteRecord {
 public:
  /// `samples_max`, a bound on add() calls.
  void begin(std::size_t samples_max);
  void define(SeriesRef id, const Labels& labels);
  void add(SeriesRef id, std::int64_t time_ms, double value);
  void add(SeriesRef id, std::int64_t time_ms, const Histogram& histogram);
  /// The whole record; valid until the next begin().
  std::string_view finish();

 private:
  std::string buffer_, definitions_, histograms_;
  char* at_ = nullptr;
  SeriesRef last_id_ = 0, last_histogram_id_ = 0;
  std::int64_t last_ms_ = 0;
  std::size_t samples_ = 0, defined_ = 0, histograms_added_ = 0;
};

/// A deletion. `number` ascends for ever.
struct Deletion {
  std::uint32_t number = 0;
  std::int64_t start_ms = 0, end_ms = 0;
  std::vector<SeriesRef> ids;  // ascending
  bool operator==(const Deletion&) const = default;
};

void put_deletion(std::string& out, const Deletion& deletion);
bool take_deletion(ByteReader& reader, Deletion& out);
std::string deletion_record(const Deletion& deletion);

void put_labels(std::string& out, const Labels& labels);
/// False when they are no label set: out of order, an empty value, a name twice.
bool take_labels(ByteReader& reader, Labels& out);

/// Gets what a record says, in its order: definitions, then samples, then histograms; or the deletion.
struct RecordVisitor {
  std::function<void(SeriesRef, Labels)> define;
  std::function<void(std::span<const RefSample>)> samples;
  std::function<void(RefHistogram)> histogram;
  std::function<void(Deletion)> deletion;
};

/// False when the record makes no sense: what was understood of it before was visited.
bool read_record(std::string_view record, std::vector<RefSample>& scratch, const RecordVisitor& visitor);

}  // namespace mamori::metrics::detail
