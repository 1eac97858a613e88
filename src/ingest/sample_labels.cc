#include "ingest/sample_labels.h"

#include <algorithm>

namespace mamori::ingest {
namespace {

std::string cut(std::string_view text) { return std::string(text.substr(0, 50)); }

Result<void> check_limits(const metrics::Labels& labels, const spec::ScrapeLimits& limits) {
  const auto metric = cut(labels.get(metrics::kMetricName));
  const auto limit = [](std::uint64_t value) { return ", limit: " + std::to_string(value) + ")"; };
  if (limits.labels > 0 && labels.size() > limits.labels) {
    return invalid_argument("label_limit exceeded (metric: " + metric +
                            ", number of labels: " + std::to_string(labels.size()) + limit(limits.labels));
  }
  if (limits.label_name_bytes == 0 && limits.label_value_bytes == 0) return {};
  for (const auto& [name, value] : labels) {
    if (limits.label_name_bytes > 0 && name.size() > limits.label_name_bytes) {
      return invalid_argument("label_name_length_limit exceeded (metric: " + metric + ", label name: " + cut(name) +
                              ", length: " + std::to_string(name.size()) + limit(limits.label_name_bytes));
    }
    if (limits.label_value_bytes > 0 && value.size() > limits.label_value_bytes) {
      return invalid_argument("label_value_length_limit exceeded (metric: " + metric + ", label name: " + cut(name) +
                              ", value: \"" + cut(value) + "\", length: " + std::to_string(value.size()) +
                              limit(limits.label_value_bytes));
    }
  }
  return {};
}

}  // namespace

void merge_target_labels(LabelViewPairs& own, const spec::LabelPairs& target, bool honor_labels,
                         std::deque<std::string>& names) {
  const auto find = [&](std::string_view name) {
    return std::ranges::find(own, name, &std::pair<std::string_view, std::string_view>::first);
  };
  LabelViewPairs conflicting;
  for (const auto& [name, value] : target) {
    const auto same = find(name);
    if (same == own.end()) {
      own.emplace_back(name, value);
    } else if (!honor_labels) {
      if (!same->second.empty()) conflicting.emplace_back(*same);
      same->second = value;
    }
  }
  std::ranges::stable_sort(conflicting, {}, [](const auto& pair) { return pair.first.size(); });
  for (const auto& [name, value] : conflicting) {
    names.emplace_back(name);
    for (auto taken = own.end();;) {
      names.back().insert(0, "exported_");
      taken = find(names.back());
      if (taken == own.end()) {
        own.emplace_back(names.back(), value);
        break;
      }
      if (taken->second.empty()) {
        taken->second = value;
        break;
      }
    }
  }
}

Result<std::optional<metrics::Labels>> stored_labels(LabelViewPairs& own, const spec::LabelPairs& target,
                                                     bool honor_labels, const Relabeler& relabeler,
                                                     const spec::ScrapeLimits& limits) {
  std::deque<std::string> names;
  merge_target_labels(own, target, honor_labels, names);
  metrics::Labels labels;
  if (relabeler.empty()) {
    labels = metrics::Labels::from_pairs(own);
  } else {
    LabelSet set;
    for (const auto& [name, value] : own) set.set(name, value);
    if (!relabeler.apply(set)) return std::optional<metrics::Labels>();
    // Relabelling everything away drops the sample, too.
    if (set.size() == 0) return std::optional<metrics::Labels>();
    labels = set.labels();
  }
  if (!labels.has(metrics::kMetricName)) return invalid_argument("missing metric name (__name__ label)");
  MAMORI_TRY_VOID(check_limits(labels, limits));
  return std::optional(std::move(labels));
}

}  // namespace mamori::ingest
