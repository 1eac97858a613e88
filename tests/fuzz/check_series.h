// tests/fuzz/check_series.h: what holds of every series that was taken from outside, whatever bytes it came from.
#pragma once
#include <string_view>

#include "base/result.h"
#include "metrics/store.h"

namespace mamori {

inline void check_series(const metrics::SeriesData& series) {
  MAMORI_ASSERT(!series.labels.get(metrics::kMetricName).empty());
  std::string_view last;
  for (const auto& [name, value] : series.labels) {
    MAMORI_ASSERT(!value.empty() && last < name);
    last = name;
  }
  for (const auto& point : series.histograms) {
    std::size_t buckets = 0;
    for (const auto& span : point.value->positive_spans) buckets += span.length;
    MAMORI_ASSERT(buckets == point.value->positive.size());
    MAMORI_ASSERT(point.value->schema <= 8);
  }
}

}  // namespace mamori
