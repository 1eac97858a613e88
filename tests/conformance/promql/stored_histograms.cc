#include "stored_histograms.h"

#include <cmath>
#include <limits>
#include <optional>

#include "metrics/histogram_math.h"
#include "metrics/promql/classic_histogram.h"
#include "metrics/store.h"

namespace mamori::conformance {
namespace {

using metrics::Histogram;
using metrics::Labels;
using metrics::promql::Point;
using Reset = Histogram::Reset;

/// Whether upstream would begin a new chunk, in which this is the first sample.
bool begins_anew(const Histogram& now, const Histogram& before) {
  if (before.reset == Reset::Gauge || now.reset == Reset::Reset) return true;
  if (now.schema != before.schema || now.zero_threshold != before.zero_threshold) return true;
  if (now.custom_bounds != before.custom_bounds) return true;
  auto unmarked = now;
  unmarked.reset = Reset::Unknown;
  return metrics::was_reset(unmarked, before);
}

/// One moment of a classic histogram.
struct Classic {
  std::map<double, double> cumulative;  // by upper bound
  std::optional<double> sum, count;

  Histogram convert() const {
    Histogram out{.schema = metrics::kCustomBucketsSchema, .sum = sum.value_or(0)};
    double below = 0;
    for (const auto& [bound, total] : cumulative) {
      if (!std::isinf(bound)) out.custom_bounds.push_back(bound);
      out.positive.push_back(total - below);
      below = total;
    }
    out.count = count.value_or(below);
    if (out.positive.size() == out.custom_bounds.size()) out.positive.push_back(out.count - below);
    out.positive_spans = {{.offset = 0, .length = static_cast<std::uint32_t>(out.positive.size())}};
    metrics::compact(out);
    return out;
  }
};

using ClassicSeries = std::map<Labels, std::map<std::size_t, Classic>>;  // by moment

void read_classic(const Labels& labels, const std::vector<Point>& points, ClassicSeries& out) {
  const std::string name(labels.get(metrics::kMetricName));
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const auto bound = metrics::promql::parse_bound(labels.get("le"));
    if (suffix == "_bucket" && !bound) return;
    auto& moments = out[labels.without("le").with(metrics::kMetricName, name.substr(0, name.size() - suffix.size()))];
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points[i].type != Point::Type::Value || metrics::is_stale_nan(points[i].value)) continue;
      if (suffix == "_bucket") moments[i].cumulative[*bound] = points[i].value;
      if (suffix == "_sum") moments[i].sum = points[i].value;
      if (suffix == "_count") moments[i].count = points[i].value;
    }
  }
}

}  // namespace

void note_resets(std::vector<Point>& points) {
  std::shared_ptr<const Histogram> before;
  for (auto& point : points) {
    if (point.type == Point::Type::Value && !metrics::is_stale_nan(point.value)) before = nullptr;
    if (point.type != Point::Type::Histogram) continue;
    auto& histogram = point.histogram.value;
    if (histogram.reset != Reset::Gauge) {
      histogram.reset = !before || begins_anew(histogram, *before) ? Reset::Unknown : Reset::NotReset;
    }
    before = std::make_shared<const Histogram>(histogram);
  }
}

void add_custom_bucket_histograms(LoadedSeries& loaded) {
  ClassicSeries classic;
  for (const auto& [labels, points] : loaded) read_classic(labels, points, classic);
  for (const auto& [labels, moments] : classic) {
    auto& points = loaded[labels];
    for (const auto& [i, moment] : moments) {
      if (moment.cumulative.empty()) continue;
      if (points.size() <= i) points.resize(i + 1);
      points[i] = {.type = Point::Type::Histogram, .histogram = {.value = moment.convert()}};
    }
  }
}

}  // namespace mamori::conformance
