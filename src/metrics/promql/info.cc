// info(v, {selector}): adds to each series the labels of the info metric (target_info unless the selector names
// another) of the same instance and job. Source: Prometheus 3 documentation, "info()".
#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "metrics/promql/evaluator.h"

namespace mamori::metrics::promql {
namespace {

constexpr std::array<std::string_view, 2> kIdentifying{"instance", "job"};
constexpr std::string_view kDefaultInfo = "target_info";

/// By what an info series meets the others.
Labels identity(const Labels& labels) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto name : kIdentifying) kept.emplace_back(name, labels.get(name));
  return Labels(std::move(kept));
}

struct InfoSelector {
  std::vector<Matcher> names, data;

  bool names_match(std::string_view metric) const {
    return std::ranges::all_of(names, [&](const Matcher& m) { return m.matches(metric); });
  }
  bool wants(std::string_view label) const {
    return data.empty() || std::ranges::find(data, label, &Matcher::name) != data.end();
  }
  /// A series without info may pass only if the asked labels may be missing.
  bool may_be_missing() const {
    return std::ranges::all_of(data, [](const Matcher& m) { return m.matches(""); });
  }
};

Result<InfoSelector> read_selector(const CallExpr& expr) {
  InfoSelector out;
  if (expr.args.size() > 1) {
    for (const auto& matcher : static_cast<const SelectorExpr&>(unwrap(*expr.args[1])).matchers) {
      (matcher.name() == kMetricName ? out.names : out.data).push_back(matcher);
    }
  }
  if (out.names.empty()) {
    MAMORI_TRY(auto matcher, Matcher::make(std::string(kMetricName), MatchOp::Equal, std::string(kDefaultInfo)));
    out.names.push_back(std::move(matcher));
  }
  return out;
}

/// An info metric's series with when its samples were taken: of two the newer one counts.
struct InfoRow {
  const Series* values;
  const Series* times;
};

using InfoByIdentity = std::unordered_map<Labels, std::map<std::string, std::vector<InfoRow>>, LabelsHash>;

Result<const Series*> newest(const std::vector<InfoRow>& rows, std::size_t step) {
  const InfoRow* best = nullptr;
  for (const auto& row : rows) {
    if (!row.values->has(step)) continue;
    if (best && row.times->values[step] == best->times->values[step]) {
      return evaluation_error("found duplicate series for info metric: existing " + best->values->labels.to_string() +
                              ", new " + row.values->labels.to_string());
    }
    if (!best || row.times->values[step] > best->times->values[step]) best = &row;
  }
  return best ? best->values : nullptr;
}

}  // namespace

Result<Rows> Evaluator::info_function(const CallExpr& expr) {
  MAMORI_TRY(auto base, vector(*expr.args[0]));
  MAMORI_TRY(const auto wanted, read_selector(expr));
  SelectorExpr info_selector(expr.span);
  info_selector.matchers = wanted.names;
  info_selector.matchers.insert(info_selector.matchers.end(), wanted.data.begin(), wanted.data.end());
  MAMORI_TRY(const auto values, selector(info_selector, false));
  MAMORI_TRY(const auto times, selector(info_selector, true));
  InfoByIdentity infos;
  for (std::size_t i = 0; i < values.size() && i < times.size(); ++i) {
    const auto& labels = values[i].labels;
    infos[identity(labels)][std::string(labels.get(kMetricName))].push_back({&values[i], &times[i]});
  }
  Rows out;
  std::unordered_map<Labels, std::size_t, LabelsHash> index;
  const auto put = [&](Labels labels, const Series& from, std::size_t step) {
    const auto [at, fresh] = index.try_emplace(labels, out.size());
    if (fresh) {
      out.push_back({.labels = std::move(labels),
                     .drop_name = from.drop_name,
                     .values = std::vector<double>(grid_.steps, none())});
    }
    out[at->second].copy(step, from);
  };
  for (const auto& row : base) {
    const bool is_info = wanted.names_match(row.labels.get(kMetricName));
    const auto found = infos.find(identity(row.labels));
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      if (!row.has(i)) continue;
      std::map<std::string, std::string> added;
      if (!is_info && found != infos.end()) {
        for (const auto& [metric, rows] : found->second) {
          MAMORI_TRY(const auto* info, newest(rows, i));
          if (!info) continue;
          for (const auto& [name, value] : info->labels) {
            if (name == kMetricName || !wanted.wants(name) || row.labels.has(name)) continue;
            if (added.emplace(name, value).first->second != value) {
              return evaluation_error("conflicting label: " + std::string(name));
            }
          }
        }
      }
      if (!is_info && added.empty() && !wanted.may_be_missing()) continue;
      std::vector<std::pair<std::string, std::string>> pairs(row.labels.begin(), row.labels.end());
      pairs.insert(pairs.end(), added.begin(), added.end());
      put(Labels(std::move(pairs)), row, i);
    }
  }
  return out;
}

}  // namespace mamori::metrics::promql
