// Aggregation operators: groups are found once for all steps, then each step is folded.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/histogram_aggregate.h"
#include "metrics/promql/histogram_text.h"
#include "metrics/promql/numeric.h"
#include "metrics/promql/xxhash.h"

namespace mamori::metrics::promql {
namespace {

struct Group {
  Labels labels;
  bool drop_name = false;
  std::vector<std::size_t> members;  // rows
};

Labels group_labels(const Labels& labels, const AggregateExpr& expr) {
  std::vector<Labels::Pair> kept;
  for (const auto& [name, value] : labels) {
    const bool listed = std::ranges::find(expr.grouping, name) != expr.grouping.end();
    if (expr.without ? !listed && name != kMetricName : listed) kept.emplace_back(name, value);
  }
  return Labels::from_sorted(kept);
}

std::vector<Group> make_groups(const Rows& rows, const AggregateExpr& expr) {
  std::vector<Group> groups;
  std::unordered_map<Labels, std::size_t, LabelsHash> index;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto labels = group_labels(rows[i].labels, expr);
    const auto [at, fresh] = index.try_emplace(labels, groups.size());
    if (fresh) groups.push_back({.labels = std::move(labels)});
    groups[at->second].members.push_back(i);
    groups[at->second].drop_name |= rows[i].drop_name;
  }
  return groups;
}

/// One group's value at one step. REQUIRES: values not empty.
double fold(std::string_view op, std::vector<double>& values, double param) {
  if (op == "count") return static_cast<double>(values.size());
  if (op == "group") return 1;
  if (op == "quantile") return quantile_of(param, values);
  if (op == "sum") {
    KahanSum sum;
    for (const double value : values) sum.add(value);
    return sum.value();
  }
  if (op == "avg") {
    Mean mean;
    for (const double value : values) mean.add(value);
    return mean.value();
  }
  if (op == "stddev" || op == "stdvar") {
    Variance variance;
    for (const double value : values) variance.add(value);
    return op == "stdvar" ? variance.value() : std::sqrt(variance.value());
  }
  double best = values[0];
  for (const double value : values) {
    if (std::isnan(best) || (op == "max" ? value > best : value < best)) best = value;
  }
  return best;
}

/// 'f' with the shortest digits, as count_values writes label values.
std::string plain_float(double value) {
  if (!std::isfinite(value)) return format_float(value);
  char buffer[400];
  const auto [end, failure] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return {buffer, end};
}

/// Every distinct value makes a row: many more, at worst, than there were. `label` takes the value before the grouping
/// is made, so `without (label)` takes it away again.
Result<Rows> count_values(QueryContext& context, const Rows& rows, const std::vector<Group>& groups,
                          const AggregateExpr& expr, const std::string& label, std::size_t steps) {
  const bool removed = expr.without && std::ranges::find(expr.grouping, label) != expr.grouping.end();
  Rows out;
  std::unordered_map<Labels, std::size_t, LabelsHash> index;
  for (const auto& group : groups) {
    for (const auto member : group.members) {
      for (std::size_t i = 0; i < steps; ++i) {
        if (!rows[member].has(i)) continue;
        const auto* histogram = rows[member].histogram(i);
        const auto value = histogram ? to_text(*histogram) : plain_float(rows[member].values[i]);
        auto labels = removed ? group.labels : group.labels.with(label, value);
        const auto [at, fresh] = index.try_emplace(labels, out.size());
        if (fresh) {
          MAMORI_TRY_VOID(context.budget.hold(steps, steps * sizeof(double) + sizeof(Series) + labels.bytes()));
          out.push_back({.labels = std::move(labels),
                         .drop_name = group.drop_name,
                         .values = std::vector<double>(steps, none())});
        }
        double& count = out[at->second].values[i];
        count = is_none(count) ? 1 : count + 1;
      }
    }
  }
  return out;
}

}  // namespace

namespace {

/// What topk and its sisters keep of a group at one step; the rest becomes "no value".
class Chooser {
 public:
  Chooser(std::string_view op, const Rows& rows, const AggregationNotes& notes) : op_(op), rows_(rows), notes_(notes) {}

  /// Rows kept, best first.
  std::vector<std::size_t> choose(const Group& group, std::size_t step, double param) const {
    std::vector<std::size_t> present;
    const bool by_value = op_ == "topk" || op_ == "bottomk";
    for (const auto member : group.members) {
      const bool is_histogram = rows_[member].histogram(step);
      if (is_histogram && by_value) notes_.histogram_ignored();
      if (rows_[member].has(step) && !(is_histogram && by_value)) present.push_back(member);
    }
    if (op_ == "limit_ratio") {
      std::erase_if(present, [&](std::size_t row) { return !in_ratio(rows_[row].labels, param); });
      return present;
    }
    if (by_value) {
      const bool top = op_ == "topk";
      if (param >= 1 && param < static_cast<double>(present.size())) {
        present = keep_best(present, step, static_cast<std::size_t>(param), top);
      }
      std::ranges::stable_sort(present, [&](std::size_t a, std::size_t b) {
        const double x = rows_[a].values[step], y = rows_[b].values[step];
        if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
        return top ? x > y : x < y;
      });
    }
    const auto k = static_cast<std::size_t>(std::clamp(param, 0.0, 1e15));
    if (k < present.size()) present.resize(k);
    return present;
  }

 private:
  // Of series with equal values, those stay that Prometheus keeps: it fills a binary heap of k in order of the series
  // and lets a better value replace the root.
  std::vector<std::size_t> keep_best(const std::vector<std::size_t>& present, std::size_t step, std::size_t k,
                                     bool top) const {
    const auto value = [&](std::size_t row) { return rows_[row].values[step]; };
    const auto worse = [&](std::size_t a, std::size_t b) {
      if (std::isnan(value(a))) return true;
      return top ? value(a) < value(b) : value(a) > value(b);
    };
    std::vector<std::size_t> heap;
    for (const auto row : present) {
      if (heap.size() < k) {
        heap.push_back(row);
        for (auto j = heap.size() - 1; j > 0 && worse(heap[j], heap[(j - 1) / 2]); j = (j - 1) / 2) {
          std::swap(heap[j], heap[(j - 1) / 2]);
        }
        continue;
      }
      const double root = value(heap[0]), now = value(row);
      if (!(top ? root < now : root > now) && !(std::isnan(root) && !std::isnan(now))) continue;
      heap[0] = row;
      for (std::size_t i = 0, child = 1; child < k; i = child, child = 2 * i + 1) {
        if (child + 1 < k && worse(heap[child + 1], heap[child])) ++child;
        if (!worse(heap[child], heap[i])) break;
        std::swap(heap[i], heap[child]);
      }
    }
    return heap;
  }

  // A series' place in [0, 1) follows from its labels alone, so a ratio r and its complement r - 1 part all series.
  static bool in_ratio(const Labels& labels, double ratio) {
    std::string bytes;
    for (const auto& [name, value] : labels) {
      bytes += name;
      bytes += '\xff';
      bytes += value;
      bytes += '\xff';
    }
    const double place = static_cast<double>(xxhash64(bytes)) / 18446744073709551616.0;
    return ratio >= 0 ? place < ratio : place >= 1 + ratio;
  }

  std::string_view op_;
  const Rows& rows_;
  const AggregationNotes& notes_;
};

Result<void> check_parameter(std::string_view op, const std::vector<double>& values) {
  for (const double value : values) {
    if (std::isnan(value)) {
      return evaluation_error(op == "limit_ratio" ? "Ratio value is NaN" : "Parameter value is NaN");
    }
    if (op == "limit_ratio") continue;
    if (value <= -9223372036854775808.0) {
      return evaluation_error("Scalar value " + format_float(value) + " underflows int64");
    }
    if (value >= 9223372036854775808.0) {
      return evaluation_error("Scalar value " + format_float(value) + " overflows int64");
    }
  }
  return {};
}

}  // namespace

Result<Rows> Evaluator::aggregate(const AggregateExpr& expr) {
  MAMORI_TRY(auto fused, fused_aggregate(expr));
  if (fused) return *std::move(fused);
  const bool choosing = expr.op == "topk" || expr.op == "bottomk" || expr.op == "limitk" || expr.op == "limit_ratio";
  std::vector<double> param(grid_.steps, kNaN);
  if (expr.op == "count_values") {
    const auto label = text(*expr.param);
    if (label.empty() || quote(label).find("\\x") != std::string::npos) {
      return evaluation_error("invalid label name " + quote(label));
    }
  } else if (expr.param) {
    MAMORI_TRY(param, scalar(*expr.param));
    if (choosing) MAMORI_TRY_VOID(check_parameter(expr.op, param));
  }
  MAMORI_TRY(auto rows, vector(*expr.inner));
  if (expr.op == "quantile") {
    for (const double q : param) {
      if (q >= 0 && q <= 1) continue;
      context_.warn(expr.param->span, "quantile value should be between 0 and 1, got " + format_float(q));
    }
  }
  if (expr.op == "limit_ratio") {
    for (double& ratio : param) {
      const double capped = std::clamp(ratio, -1.0, 1.0);
      if (capped != ratio) {
        context_.warn(expr.param->span, "ratio value should be between -1 and 1, got " + format_float(ratio) +
                                            ", capping to " + format_float(capped));
      }
      ratio = capped;
    }
  }
  const auto groups = make_groups(rows, expr);
  const AggregationNotes notes(context_, expr);
  MAMORI_TRY_VOID(context_.check_deadline());
  if (expr.op == "count_values") return count_values(context_, rows, groups, expr, text(*expr.param), grid_.steps);
  if (choosing) {
    const Chooser chooser(expr.op, rows, notes);
    Rows out;
    std::vector<std::size_t> order;
    MAMORI_TRY_VOID(context_.hold(rows.size() * grid_.steps));
    Rows kept(rows.size());
    for (const auto& group : groups) {
      for (const auto member : group.members) kept[member].values.assign(grid_.steps, none());
      for (std::size_t i = 0; i < grid_.steps; ++i) {
        const auto chosen = chooser.choose(group, i, param[i]);
        for (const auto row : chosen) kept[row].copy(i, rows[row]);
        if (grid_.steps == 1) order.insert(order.end(), chosen.begin(), chosen.end());
      }
    }
    if (grid_.steps != 1) {
      for (std::size_t row = 0; row < rows.size(); ++row) order.push_back(row);
    }
    for (const auto row : order) {
      kept[row].labels = std::move(rows[row].labels);
      kept[row].drop_name = rows[row].drop_name;
      out.push_back(std::move(kept[row]));
    }
    drop_empty(out);
    return out;
  }
  Rows out;
  GroupValues values;
  const bool floats_only = std::ranges::all_of(rows, [](const Series& row) { return row.histograms.empty(); });
  for (const auto& group : groups) {
    Series row{.labels = group.labels,
               .drop_name = group.drop_name && group.labels.has(kMetricName),
               .values = std::vector<double>(grid_.steps, none())};
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      values.floats.clear();
      values.histograms.clear();
      for (const auto member : group.members) {
        const double value = rows[member].values[i];
        if (!is_none(value)) values.floats.push_back(value);
        if (floats_only) continue;
        if (const auto* histogram = rows[member].histogram(i)) values.histograms.push_back(histogram);
      }
      if (values.histograms.empty()) {
        if (!values.floats.empty()) row.values[i] = fold(expr.op, values.floats, param[i]);
      } else if (expr.op == "sum" || expr.op == "avg") {
        auto histogram = aggregate_histograms(expr, values, rows[group.members[0]].labels, notes);
        if (histogram) row.put(i, std::move(histogram));
      } else if (expr.op == "count" || expr.op == "group") {
        values.floats.resize(values.floats.size() + values.histograms.size());
        row.values[i] = fold(expr.op, values.floats, param[i]);
      } else {
        notes.histogram_ignored();
        if (!values.floats.empty()) row.values[i] = fold(expr.op, values.floats, param[i]);
      }
    }
    MAMORI_TRY_VOID(context_.budget.hold(grid_.steps, grid_.steps * sizeof(double) + row.histogram_bytes()));
    out.push_back(std::move(row));
  }
  drop_empty(out);
  return out;
}

}  // namespace mamori::metrics::promql
