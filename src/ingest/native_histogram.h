// ingest/native_histogram.h: reads the Histogram message of remote write (1.0 and 2.0 number its fields alike) and says
// whether it is one; also makes buckets coarser.
// What always holds: a histogram that is given back has as many counts as its spans have buckets, and none is negative.
// Sources: Prometheus' prompb/types.proto; Prometheus documentation, "Native Histograms" (specification).
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "metrics/histogram.h"

namespace mamori::ingest {

/// Of one side; real ones have tens. A message packs a bucket into a byte, so its size alone bounds too little.
inline constexpr std::size_t kHistogramBucketsMax = 1u << 16;

struct ReadHistogram {
  std::int64_t time_ms = 0;
  std::shared_ptr<metrics::Histogram> value;  // null: a staleness marker
};

/// Integer histograms (deltas) become absolute counts. Schemas 9 to 52 are made coarser, to 8, as Prometheus does.
/// Errors: Corrupt if the message is malformed; InvalidArgument if it is well-formed but no histogram: it says why.
Result<ReadHistogram> read_histogram(std::string_view message);

/// What is wrong with it. Errors: InvalidArgument. `whole_counts`: the buckets must add up to the count.
Result<void> check_histogram(const metrics::Histogram& histogram, bool whole_counts);

/// Joins neighbouring buckets until the schema is `schema`. REQUIRES: checked; exponential; schema <= the histogram's.
void reduce_schema(metrics::Histogram& histogram, std::int32_t schema);

}  // namespace mamori::ingest
