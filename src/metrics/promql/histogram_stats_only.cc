#include "metrics/promql/histogram_stats_only.h"

#include "metrics/histogram_math.h"

namespace mamori::metrics::promql {

void drop_buckets(std::vector<HistogramPoint>& histograms) {
  HistogramPtr before;
  for (auto& [time_ms, value] : histograms) {
    auto reset = value->reset;
    if (reset == Histogram::Reset::Unknown && before) {
      reset = was_reset(*value, *before) ? Histogram::Reset::Reset : Histogram::Reset::NotReset;
    }
    before = value;
    value = std::make_shared<const Histogram>(Histogram{.reset = reset,
                                                        .schema = before->schema,
                                                        .count = before->count,
                                                        .sum = before->sum,
                                                        .custom_bounds = before->custom_bounds});
  }
}

}  // namespace mamori::metrics::promql
