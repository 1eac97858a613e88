#include "ingest/otlp_convert.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ingest/native_histogram.h"
#include "ingest/otlp_names.h"
#include "ingest/write_request.h"
#include "metrics/store.h"

namespace mamori::ingest {
namespace {

using metrics::Histogram;
using metrics::Labels;
using Kind = OtlpMetric::Kind;

constexpr std::int64_t kNanosPerMilli = 1'000'000;
// So that target_info is found at every time of a batch that spans longer than PromQL looks back (5 min).
constexpr std::int64_t kTargetInfoEveryMs = 150'000;
constexpr std::size_t kTargetInfoSamplesMax = 1000;
// What Prometheus takes where a sender says nothing; not 0, since its buckets do not reach to 0.
constexpr double kZeroThreshold = 1e-128;
constexpr std::int32_t kScaleMin = -4, kScaleMax = 8;
// A gap of empty buckets up to this is cheaper than another span.
constexpr std::int64_t kGapMax = 2;

std::int64_t to_ms(std::uint64_t time_ns) { return static_cast<std::int64_t>(time_ns) / kNanosPerMilli; }

/// As a label's value: the shortest decimal without an exponent.
std::string plain_number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::isnan(value)) return "NaN";
  char buffer[400];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr};
}

std::string_view type_of(const OtlpMetric& metric) {
  switch (metric.kind) {
    case Kind::Gauge:
      return "gauge";
    case Kind::Sum:
      return metric.is_monotonic ? "counter" : "gauge";
    case Kind::Histogram:
    case Kind::ExponentialHistogram:
      return "histogram";
    case Kind::Summary:
      return "summary";
    case Kind::None:
      break;
  }
  return "unknown";
}

void put(std::vector<std::pair<std::string, std::string>>& pairs, const std::string& name, const std::string& value) {
  std::erase_if(pairs, [&](const auto& pair) { return pair.first == name; });
  pairs.emplace_back(name, value);
}

std::string_view attribute(const OtlpAttributes& attributes, std::string_view key) {
  const auto found = std::ranges::find(attributes, key, &OtlpAttribute::key);
  return found == attributes.end() ? std::string_view{} : std::string_view(found->value);
}

/// Attributes whose names become the same one share it: their values are joined, in the order of their keys.
std::vector<std::pair<std::string, std::string>> label_pairs(OtlpAttributes attributes) {
  std::ranges::stable_sort(attributes, {}, &OtlpAttribute::key);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (auto& [key, value] : attributes) {
    auto name = prometheus_label_name(key);
    const auto same = std::ranges::find(pairs, name, &std::pair<std::string, std::string>::first);
    if (same == pairs.end()) {
      pairs.emplace_back(std::move(name), std::move(value));
    } else {
      same->second += ";" + value;
    }
  }
  return pairs;
}

/// OTLP's bucket i is the one that Prometheus counts as i + 1.
void convert_buckets(const OtlpBuckets& buckets, std::vector<metrics::BucketSpan>& spans, std::vector<double>& counts) {
  std::int64_t next = 0;  // after the last bucket
  for (std::size_t i = 0; i < buckets.counts.size(); ++i) {
    if (buckets.counts[i] == 0) continue;
    const std::int64_t index = std::int64_t{buckets.offset} + static_cast<std::int64_t>(i) + 1;
    if (spans.empty() || index - next > kGapMax) {
      spans.push_back({.offset = static_cast<std::int32_t>(index - next), .length = 0});
      next = index;
    }
    for (; next <= index; ++next) {
      counts.push_back(next == index ? static_cast<double>(buckets.counts[i]) : 0);
      ++spans.back().length;
    }
  }
}

}  // namespace

void OtlpConverter::begin_resource(OtlpAttributes attributes) {
  resource_ = std::move(attributes);
  identity_.clear();
  first_ns_ = ~0ull;
  last_ns_ = 0;
  std::string job(attribute(resource_, "service.name"));
  if (const auto space = attribute(resource_, "service.namespace"); !job.empty() && !space.empty())
    job = std::string(space) + "/" + job;
  if (!job.empty()) identity_.emplace_back("job", job);
  if (const auto instance = attribute(resource_, "service.instance.id"); !instance.empty())
    identity_.emplace_back("instance", instance);
}

void OtlpConverter::begin_metric(OtlpMetric metric) {
  metric_ = std::move(metric);
  name_ = prometheus_metric_name(metric_);
  if (!name_.empty() && metric_.kind != Kind::None && metadata.size() < samples_max_) {
    metadata.emplace_back(
        name_,
        MetricMetadata{.type = std::string(type_of(metric_)), .help = metric_.description, .unit = metric_.unit});
  }
}

bool OtlpConverter::take_point(const OtlpPoint& point) {
  const auto samples_before = samples.size(), exemplars_before = exemplars.size();
  if (const auto converted = convert(point); !converted) {
    samples.resize(samples_before);
    exemplars.resize(exemplars_before);
    if (refused++ == 0) first_refused = "metric \"" + metric_.name.substr(0, 200) + "\": " + converted.error().message;
  } else {
    first_ns_ = std::min(first_ns_, point.time_ns);
    last_ns_ = std::max(last_ns_, point.time_ns);
  }
  ++points;
  return samples.size() + target_info.size() + exemplars.size() + metadata.size() <= samples_max_ &&
         points <= samples_max_;
}

void OtlpConverter::end_resource() {
  if (last_ns_ != 0) add_target_info();
}

Result<void> OtlpConverter::convert(const OtlpPoint& point) {
  using Temporality = OtlpMetric::Temporality;
  if (name_.empty()) return invalid_argument("its name holds no letter or digit");
  const bool has_temporality =
      metric_.kind == Kind::Sum || metric_.kind == Kind::Histogram || metric_.kind == Kind::ExponentialHistogram;
  if (has_temporality && metric_.temporality != Temporality::Cumulative) {
    ++refused_delta;
    return invalid_argument(std::string(metric_.temporality == Temporality::Delta ? "delta" : "unspecified") +
                            " temporality is not taken: let the sender export cumulative values "
                            "(OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative)");
  }
  if (point.time_ns == 0) return invalid_argument("a data point has no time");
  base_ = label_pairs(point.attributes);
  for (const auto& [name, value] : identity_) put(base_, name, value);
  switch (metric_.kind) {
    case Kind::Gauge:
    case Kind::Sum:
      return convert_number(point);
    case Kind::Histogram:
      return convert_histogram(point);
    case Kind::ExponentialHistogram:
      return convert_exponential(point);
    case Kind::Summary:
      return convert_summary(point);
    case Kind::None:
      break;
  }
  return invalid_argument("it is of no known kind");
}

Result<Labels> OtlpConverter::labels(const std::string& suffix, const std::string& extra,
                                     const std::string& value) const {
  const auto name = name_ + suffix;
  LabelPairs pairs;
  for (const auto& [label, text] : base_) {
    if ((extra.empty() || label != extra) && label != metrics::kMetricName) pairs.emplace_back(label, text);
  }
  pairs.emplace_back(metrics::kMetricName, name);
  if (!extra.empty()) pairs.emplace_back(extra, value);
  return checked_labels(pairs, /*metric=*/true);
}

Result<void> OtlpConverter::add(const OtlpPoint& point, const std::string& suffix, double value,
                                const std::string& extra, const std::string& extra_value) {
  MAMORI_TRY(auto made, labels(suffix, extra, extra_value));
  samples.push_back({.labels = std::move(made),
                     .time_ms = to_ms(point.time_ns),
                     .value = point.has_no_value() ? metrics::stale_nan() : value,
                     .histogram = nullptr,
                     .point = points});
  return {};
}

Result<void> OtlpConverter::convert_number(const OtlpPoint& point) {
  if (!point.value && !point.has_no_value()) return invalid_argument("a data point has no value");
  MAMORI_TRY_VOID(add(point, "", point.value.value_or(0)));
  for (const auto& exemplar : point.exemplars) add_exemplar(samples.back().labels, exemplar);
  return {};
}

Result<void> OtlpConverter::convert_histogram(const OtlpPoint& point) {
  const auto& bounds = point.bounds;
  if (!(bounds.empty() && point.bucket_counts.empty()) && point.bucket_counts.size() != bounds.size() + 1) {
    return invalid_argument("a histogram of " + std::to_string(bounds.size()) + " bounds has " +
                            std::to_string(point.bucket_counts.size()) + " buckets; there must be one more");
  }
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
      return invalid_argument("the bounds of a histogram must ascend");
  }
  if (point.sum) MAMORI_TRY_VOID(add(point, "_sum", *point.sum));
  MAMORI_TRY_VOID(add(point, "_count", static_cast<double>(point.count)));
  const auto first_bucket = samples.size();
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    below += point.bucket_counts[i];
    MAMORI_TRY_VOID(add(point, "_bucket", static_cast<double>(below), "le", plain_number(bounds[i])));
  }
  if (bounds.empty() || !std::isinf(bounds.back()))
    MAMORI_TRY_VOID(add(point, "_bucket", static_cast<double>(point.count), "le", "+Inf"));
  for (const auto& exemplar : point.exemplars) {
    const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(bounds, exemplar.value) - bounds.begin());
    add_exemplar(samples[std::min(first_bucket + bucket, samples.size() - 1)].labels, exemplar);
  }
  return {};
}

Result<void> OtlpConverter::convert_exponential(const OtlpPoint& point) {
  if (point.scale < kScaleMin)
    return invalid_argument("an exponential histogram of scale " + std::to_string(point.scale) + "; at least " +
                            std::to_string(kScaleMin) + " can be kept");
  if (point.has_no_value()) return add(point, "", 0);
  auto histogram = std::make_shared<Histogram>();
  histogram->schema = point.scale;
  histogram->zero_threshold = point.zero_threshold > 0 ? point.zero_threshold : kZeroThreshold;
  histogram->zero_count = static_cast<double>(point.zero_count);
  histogram->count = static_cast<double>(point.count);
  histogram->sum = point.sum.value_or(0);
  convert_buckets(point.positive, histogram->positive_spans, histogram->positive);
  convert_buckets(point.negative, histogram->negative_spans, histogram->negative);
  MAMORI_TRY_VOID(check_histogram(*histogram, /*whole_counts=*/true));
  reduce_schema(*histogram, std::min(point.scale, kScaleMax));
  MAMORI_TRY(auto made, labels("", "", ""));
  samples.push_back(
      {.labels = std::move(made), .time_ms = to_ms(point.time_ns), .histogram = std::move(histogram), .point = points});
  for (const auto& exemplar : point.exemplars) add_exemplar(samples.back().labels, exemplar);
  return {};
}

Result<void> OtlpConverter::convert_summary(const OtlpPoint& point) {
  MAMORI_TRY_VOID(add(point, "_sum", point.sum.value_or(0)));
  MAMORI_TRY_VOID(add(point, "_count", static_cast<double>(point.count)));
  for (const auto& [quantile, value] : point.quantile_values)
    MAMORI_TRY_VOID(add(point, "", value, "quantile", plain_number(quantile)));
  return {};
}

void OtlpConverter::add_exemplar(const Labels& series, const OtlpExemplar& exemplar) {
  LabelPairs pairs;
  if (!exemplar.trace_id.empty()) pairs.emplace_back("trace_id", exemplar.trace_id);
  if (!exemplar.span_id.empty()) pairs.emplace_back("span_id", exemplar.span_id);
  auto all = pairs;
  std::size_t bytes = 0;
  for (const auto& [key, value] : exemplar.attributes) all.emplace_back(key, value);
  for (const auto& [name, value] : all) bytes += name.size() + value.size();
  // The ids matter most: attributes that would make it too long (the ring refuses more) are left out.
  constexpr std::size_t kBytesMax = 128;
  auto labels = checked_labels(bytes <= kBytesMax ? all : pairs, /*metric=*/false);
  if (!labels) labels = checked_labels(pairs, /*metric=*/false);
  if (!labels) return;
  exemplars.push_back({series, {.labels = *labels, .time_ms = to_ms(exemplar.time_ns), .value = exemplar.value}});
}

/// One sample for each stretch of the batch, of value 1, whose labels are the resource's attributes.
void OtlpConverter::add_target_info() {
  if (identity_.empty()) return;  // nothing to join it by
  OtlpAttributes others;
  for (const auto& one : resource_) {
    if (one.key != "service.name" && one.key != "service.namespace" && one.key != "service.instance.id")
      others.push_back(one);
  }
  if (others.empty()) return;
  auto held = label_pairs(std::move(others));
  for (const auto& [name, value] : identity_) put(held, name, value);
  put(held, std::string(metrics::kMetricName), "target_info");
  LabelPairs pairs(held.begin(), held.end());
  const auto made = checked_labels(pairs, /*metric=*/true);
  if (!made) return;  // the points of this resource have told of bad bytes, if their labels hold them
  const auto last_ms = to_ms(last_ns_);
  auto time_ms =
      std::max(to_ms(first_ns_), last_ms - kTargetInfoEveryMs * static_cast<std::int64_t>(kTargetInfoSamplesMax));
  for (; time_ms < last_ms; time_ms += kTargetInfoEveryMs)
    target_info.push_back({.labels = *made, .time_ms = time_ms, .value = 1, .histogram = nullptr, .point = 0});
  target_info.push_back({.labels = *made, .time_ms = last_ms, .value = 1, .histogram = nullptr, .point = 0});
}

}  // namespace mamori::ingest
