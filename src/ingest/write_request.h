// ingest/write_request.h: a remote-write message, read in place: which series it names and what it brings for each.
// What always holds: a message is read whole or is malformed as a whole; views point into the message; a request object
// that is used again allocates only when a message is larger than those before it.
// Sources: Prometheus Remote-Write 1.0 and 2.0 specifications and their .proto files.
#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/series_cache.h"
#include "metrics/labels.h"
#include "metrics/store.h"

namespace mamori::ingest {

enum class WriteVersion { V1, V2 };  // prometheus.WriteRequest, io.prometheus.write.v2.Request

/// A TimeSeries message. The ranges are of WriteRequest's arrays.
struct WrittenSeries {
  std::string_view labels;                         // 1.0: its Label fields as they lie
  std::uint32_t refs_begin = 0, refs_end = 0;      // 2.0: of label_refs
  std::uint32_t samples_end = 0, markers_end = 0;  // where the next one's begin
  std::uint32_t histograms_end = 0;
  std::uint32_t refused_histograms = 0;
};

struct WrittenExemplar {
  std::uint32_t series = 0;                    // index of the WrittenSeries
  std::string_view labels;                     // 1.0: Label fields, one after another
  std::uint32_t refs_begin = 0, refs_end = 0;  // 2.0
  double value = 0;
  std::int64_t time_ms = 0;
};

struct WrittenMetadata {
  std::string_view type, help, unit;
  std::string_view family;   // 1.0
  std::uint32_t series = 0;  // 2.0: the series whose metric it describes
};

struct WriteRequest {
  std::vector<WrittenSeries> series;
  std::vector<SeriesKey> keys;  // by series: of the bytes that name it
  /// In these, a sample's `series` is the index of its WrittenSeries.
  std::vector<metrics::RefSample> samples;
  std::vector<metrics::RefSample> markers;  // staleness markers that came as histograms
  std::vector<metrics::RefHistogram> histograms;
  std::vector<WrittenExemplar> exemplars;
  std::vector<WrittenMetadata> metadata;
  std::string first_refused_histogram;  // why; "" when none was

  std::vector<std::string_view> symbols;  // 2.0
  std::vector<std::uint32_t> label_refs;  // 2.0

  void clear();
  /// Errors: InvalidArgument saying what is malformed.
  Result<void> decode(WriteVersion version, std::string_view message, const SeriesHash& hash);

  /// The labels of series `index`, sorted. Errors: InvalidArgument naming the label that breaks a rule: see
  /// checked_labels; a reference beyond the symbols; an odd number of references.
  Result<metrics::Labels> labels(std::size_t index) const;
  /// The same without the rule that there is a metric name.
  Result<metrics::Labels> labels(const WrittenExemplar& exemplar) const;

 private:
  Result<void> decode_v1(std::string_view message, const SeriesHash& hash);
  Result<void> decode_v2(std::string_view message, const SeriesHash& hash);
  bool read_series_v1(std::string_view message, const SeriesHash& hash);
  bool read_series_v2(std::string_view message, const SeriesHash& hash);
  void end_series(WrittenSeries& series);
  bool take_sample(std::string_view message);
  bool take_histogram(std::string_view message, WrittenSeries& series);

  WriteVersion version_ = WriteVersion::V1;
  std::vector<SeriesKey> symbol_keys_;
  std::string gathered_keys_;
  std::deque<std::string> gathered_;  // label fields that do not lie side by side
  std::vector<std::string_view> series_messages_;
};

using LabelPairs = std::vector<metrics::Labels::Pair>;

/// Sorts; drops empty values, as Prometheus' receiver does. Errors: InvalidArgument for an empty name, bytes that are
/// not UTF-8, a name that is there twice, and, if `metric` is set, a missing or empty __name__.
Result<metrics::Labels> checked_labels(LabelPairs& pairs, bool metric);

}  // namespace mamori::ingest
