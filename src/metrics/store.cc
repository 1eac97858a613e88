#include "metrics/store.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "base/log.h"
#include "metrics/detail/file_store.h"

namespace mamori::metrics {
namespace {

Error cannot() { return {Code::Unavailable, "this store keeps nothing on a disk"}; }

std::vector<NamedCount> largest(const std::map<std::string, std::uint64_t>& counts, std::size_t limit) {
  std::vector<NamedCount> sorted;
  for (const auto& [name, count] : counts) sorted.push_back({name, count});
  std::ranges::stable_sort(sorted, std::greater{}, &NamedCount::count);
  if (sorted.size() > limit) sorted.resize(limit);
  return sorted;
}

}  // namespace

double stale_nan() { return std::bit_cast<double>(kStaleNanBits); }
bool is_stale_nan(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleNanBits; }

Result<AppendOutcome> Store::append(std::span<const SeriesSample> samples) {
  WriteBatch batch;
  std::size_t refused = 0;
  std::string first_refused;
  for (const auto& [labels, sample] : samples) {
    const auto series = find_or_create(labels);
    if (series) {
      batch.samples.push_back({*series, sample.time_ms, sample.value});
    } else if (refused++ == 0) {
      first_refused = series.error().message;
    }
  }
  MAMORI_TRY(auto outcome, write(batch));
  outcome.unknown_series += refused;
  if (outcome.first_refused.empty()) outcome.first_refused = first_refused;
  return outcome;
}

std::vector<SeriesData> Store::select(std::span<const Matcher> matchers, std::int64_t start_ms,
                                      std::int64_t end_ms) const {
  std::vector<SeriesData> result;
  const auto selection = open_selection(matchers, start_ms, end_ms);
  const auto reader = selection->reader();
  for (std::size_t i = 0; i < selection->size(); ++i) {
    SeriesData data{.labels = selection->labels(i), .samples = {}, .histograms = {}};
    if (const auto read = reader->read(i, data); !read) {
      log_error("a series cannot be read", {{"series", data.labels.to_string()}, {"error", read.error().message}});
      continue;
    }
    if (!data.samples.empty() || !data.histograms.empty()) result.push_back(std::move(data));
  }
  std::ranges::sort(result, {}, &SeriesData::labels);
  return result;
}

std::vector<std::string> Store::label_names(std::span<const Matcher> matchers, std::int64_t start_ms,
                                            std::int64_t end_ms) const {
  std::set<std::string, std::less<>> names;
  for (const auto& labels : series(matchers, start_ms, end_ms)) {
    for (const auto& [name, value] : labels) {
      if (!names.contains(name)) names.emplace(name);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Store::label_values(std::string_view name, std::span<const Matcher> matchers,
                                             std::int64_t start_ms, std::int64_t end_ms) const {
  std::set<std::string, std::less<>> values;
  for (const auto& labels : series(matchers, start_ms, end_ms)) {
    const auto value = labels.get(name);
    if (!value.empty() && !values.contains(value)) values.emplace(value);
  }
  return {values.begin(), values.end()};
}

Cardinality Store::cardinality(std::size_t limit) const {
  std::map<std::string, std::uint64_t> by_metric, values_by_label, bytes_by_label, by_pair;
  Cardinality result;
  for (const auto& labels :
       series({}, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())) {
    ++result.series;
    for (const auto& [name, value] : labels) {
      const std::string label(name);
      bytes_by_label[label] += value.size();
      const auto pair = label + "=" + std::string(value);
      if (++by_pair[pair] == 1) ++values_by_label[label];
      if (name == kMetricName) ++by_metric[std::string(value)];
    }
  }
  result.label_pairs = by_pair.size();
  result.series_by_metric = largest(by_metric, limit);
  result.values_by_label = largest(values_by_label, limit);
  result.value_bytes_by_label = largest(bytes_by_label, limit);
  result.series_by_label_value = largest(by_pair, limit);
  return result;
}

Result<void> Store::delete_series(std::span<const Matcher>, std::int64_t, std::int64_t) { return cannot(); }
Result<void> Store::clean_tombstones() { return cannot(); }
Result<std::string> Store::snapshot(bool) { return cannot(); }

Result<std::unique_ptr<Store>> Store::open(const std::string& dir, StoreOptions options, const Clock& clock,
                                           std::vector<std::string>& warnings) {
  auto store = std::make_unique<detail::FileStore>(dir, std::move(options), clock);
  MAMORI_TRY_VOID(store->recover(warnings));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace mamori::metrics
