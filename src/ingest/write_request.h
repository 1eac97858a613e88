// ingest/write_request.h: a remote-write message, read in place: which series it names and what it brings for each.
// What always holds: a message is read whole or is malformed as a whole; views point into the message; a request object
// that is used again allocates only when a message is larger than those before it.
// Sources: Prometheus Remote-Write 1.0 and 2.0 specifications and their .proto files.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/metadata_table.h"
#include "ingest/series_cache.h"
#include "metrics/labels.h"
#include "metrics/store.h"

namespace mamori::ingest {

enum class WriteVersion { V1, V2 };  // prometheus.WriteRequest, io.prometheus.write.v2.Request

/// A TimeSeries message. What it brings lies in WriteRequest's arrays, from where the series before it ends.
struct WrittenSeries {
  std::string_view labels;  // 1.0: its Label fields as they lie; 2.0: its packed references
  std::uint32_t samples_end = 0, histograms_end = 0;
};

struct WrittenExemplar {
  std::uint32_t series = 0;  // index of the WrittenSeries
  std::string_view message;  // its fields 1 are its labels, or references
  double value = 0;
  std::int64_t time_ms = 0;
};

/// Of one series or exemplar. The store's own bound is lower; this one keeps a hostile message from using memory.
inline constexpr std::size_t kLabelsMax = 10'000;

struct WriteRequest {
  /// Of series, samples, histograms, exemplars, metadata and symbols together: a message packs into two bytes what
  /// takes fifty here, so its size alone bounds too little.
  std::int64_t items_max = 1'000'000;

  std::vector<WrittenSeries> series;
  std::vector<SeriesKey> keys;  // by series: of the bytes that name it
  /// In these, a sample's `series` is the index of its WrittenSeries.
  std::vector<metrics::RefSample> samples;
  std::vector<metrics::RefHistogram> histograms;  // null: a staleness marker that came as a histogram
  std::vector<WrittenExemplar> exemplars;
  std::vector<MetadataView> metadata;  // 2.0: each metric once
  std::size_t refused_histograms = 0;  // well-formed, but no histograms
  std::string first_refused_histogram;

  /// Errors: InvalidArgument saying what is malformed; TooLarge for more than items_max.
  Result<void> decode(WriteVersion version, std::string_view message, const SeriesHash& hash);

  /// The labels of series `index`, sorted. Errors: InvalidArgument naming the label that breaks a rule: see
  /// checked_labels; a reference beyond the symbols; an odd number of references.
  Result<metrics::Labels> labels(std::size_t index) const;
  /// The same without the rule that there is a metric name.
  Result<metrics::Labels> labels(const WrittenExemplar& exemplar) const;
  /// How many samples and histograms series `index` brings.
  std::size_t items(std::size_t index) const;
  /// True if it holds on to more memory than usual requests need.
  bool is_large() const { return series.capacity() + samples.capacity() + symbols_.capacity() > 100'000; }

 private:
  void clear();
  Result<void> decode_v1(std::string_view message, const SeriesHash& hash);
  Result<void> decode_v2(std::string_view message, const SeriesHash& hash);
  bool read_series_v1(std::string_view message, const SeriesHash& hash);
  bool read_usual_series_v1(std::string_view message, const SeriesHash& hash);
  bool read_series_v2(std::string_view message, const SeriesHash& hash);
  bool read_sample(std::string_view message);
  bool read_exemplar(std::string_view message);
  bool read_metadata_v1(std::string_view message);
  bool read_metadata_v2(std::string_view message, const WrittenSeries& series);
  bool read_usual_sample(std::string_view message);
  bool take_histogram(std::string_view message);
  void end_series(WrittenSeries& series, const SeriesKey& key);
  SeriesKey key_of_refs(std::string_view packed, const SeriesHash& hash) const;
  Result<metrics::Labels> labels_of_refs(std::string_view packed, bool metric) const;
  Result<metrics::Labels> labels_of_exemplar_refs(std::string_view message) const;
  bool has_room() { return --items_left_ >= 0; }
  WriteVersion version_ = WriteVersion::V1;
  std::int64_t items_left_ = 0;       // below 0: too many
  std::deque<std::string> gathered_;  // labels that do not lie side by side
  // 2.0
  std::vector<std::string_view> symbols_, series_messages_;
  std::vector<WideHash> symbol_hashes_;
  std::vector<bool> described_;  // by symbol: the metric of that name is among `metadata`
};

using LabelPairs = std::vector<metrics::Labels::Pair>;

/// Sorts; drops empty values, as Prometheus' receiver does. Errors: InvalidArgument for an empty name, bytes that are
/// not UTF-8, a name that is there twice, and, if `metric` is set, a missing or empty __name__.
Result<metrics::Labels> checked_labels(LabelPairs& pairs, bool metric);

}  // namespace mamori::ingest
