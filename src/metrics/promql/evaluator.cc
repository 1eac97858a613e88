#include "metrics/promql/evaluator.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/log.h"
#include "metrics/histogram_math.h"
#include "metrics/promql/histogram_stats_only.h"
#include "metrics/promql/instant_rows.h"
#include "metrics/promql/numeric.h"
#include "metrics/promql/row_stream.h"

namespace mamori::metrics::promql {
namespace {

/// What a sample says of the one before it is not true any more when there are other samples in between.
HistogramPtr unmarked(HistogramPtr histogram) {
  using Reset = Histogram::Reset;
  if (histogram->reset == Reset::Unknown || histogram->reset == Reset::Gauge) return histogram;
  return changed(*histogram, [](Histogram& h) { h.reset = Reset::Unknown; });
}

/// Moves what `from` has into `to`; false if both have a value at some step.
bool merge_values(Series& to, const Series& from) {
  for (std::size_t i = 0; i < to.values.size(); ++i) {
    if (!from.has(i)) continue;
    if (to.has(i)) return false;
    to.copy(i, from);
  }
  return true;
}

Result<void> join_rows(Rows& rows) {
  std::unordered_map<Labels, std::size_t, LabelsHash> seen;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [at, fresh] = seen.try_emplace(rows[i].labels, kept);
    if (!fresh) {
      if (!merge_values(rows[at->second], rows[i])) return evaluation_error(std::string(kSameLabelset));
      continue;
    }
    if (kept != i) rows[kept] = std::move(rows[i]);
    ++kept;
  }
  rows.resize(kept);
  return {};
}

}  // namespace

void QueryContext::warn(Span span, const std::string& text) {
  warnings.insert("PromQL warning: " + text + " (" + line_and_column(query, span.begin) + ")");
}

void QueryContext::info(Span span, const std::string& text) {
  infos.insert("PromQL info: " + text + " (" + line_and_column(query, span.begin) + ")");
}

void QueryContext::left_out(const Labels& labels, const Error& error) {
  if (!warnings.insert("a series that cannot be read was left out: " + error.message).second) return;
  log_error("a series cannot be read", {{"series", labels.to_string()}, {"error", error.message}});
}

void QueryContext::count_samples(std::span<const std::uint64_t> per_step) {
  if (subqueries > 0) return;
  stats.samples_per_step.resize(per_step.size());
  for (std::size_t i = 0; i < per_step.size(); ++i) {
    stats.samples_per_step[i] += per_step[i];
    stats.samples_total += per_step[i];
  }
}

void drop_empty(Rows& rows) {
  std::erase_if(rows, [](const Series& row) { return !row.has_any(); });
}

Result<void> remove_dropped_names(Rows& rows) {
  bool any = false;
  for (auto& row : rows) {
    if (!row.drop_name) continue;
    row.labels = without_metadata(row.labels);
    row.drop_name = false;
    any = true;
  }
  return any ? join_rows(rows) : Result<void>{};
}

Labels without_metadata(const Labels& labels) {
  if (std::ranges::none_of(labels, [](const auto& pair) { return is_metadata_label(pair.first); })) return labels;
  std::vector<Labels::Pair> kept;
  for (const auto& pair : labels) {
    if (!is_metadata_label(pair.first)) kept.push_back(pair);
  }
  return Labels::from_sorted(kept);
}

void Evaluator::drop_name(Series& series) const {
  if (context_.options.delayed_name_removal) {
    series.drop_name = true;
  } else {
    series.labels = without_metadata(series.labels);
  }
}

Result<void> Evaluator::join_equal(Rows& rows) const { return join_rows(rows); }

Result<Value> Evaluator::evaluate(const Expr& expr) {
  MAMORI_TRY_VOID(context_.check_deadline());
  const auto before = context_.budget.mark();
  MAMORI_TRY(auto value, evaluate_node(expr));
  // What the children held is gone; what this node made stays.
  context_.budget.return_to(before);
  const auto rows = value.rows.size(), values = rows * grid_.steps + value.scalar.size();
  auto bytes = values * sizeof(double) + rows * sizeof(Series);
  for (const auto& row : value.rows) bytes += row.histogram_bytes();
  MAMORI_TRY_VOID(context_.budget.hold(values, bytes));
  return value;
}

Result<Value> Evaluator::evaluate_node(const Expr& expr) {
  switch (expr.kind) {
    case Kind::Number:
      return Value{.type = ValueType::Scalar,
                   .scalar = std::vector<double>(grid_.steps, static_cast<const NumberExpr&>(expr).value)};
    case Kind::String:
      return Value{.type = ValueType::String, .text = static_cast<const StringExpr&>(expr).value};
    case Kind::Paren:
      return evaluate(*static_cast<const ParenExpr&>(expr).inner);
    case Kind::Selector: {
      MAMORI_TRY(auto rows, selector(static_cast<const SelectorExpr&>(expr), false));
      return Value{.rows = std::move(rows)};
    }
    case Kind::Range:
    case Kind::Subquery:
      break;  // only as arguments of functions, which ask for range()
    case Kind::Unary:
      return unary(static_cast<const UnaryExpr&>(expr));
    case Kind::Binary:
      return binary(static_cast<const BinaryExpr&>(expr));
    case Kind::Aggregate: {
      MAMORI_TRY(auto rows, aggregate(static_cast<const AggregateExpr&>(expr)));
      return Value{.rows = std::move(rows)};
    }
    case Kind::Call:
      return call(static_cast<const CallExpr&>(expr));
  }
  return evaluation_error("a range vector cannot be evaluated here");
}

Result<Value> Evaluator::evaluate_with(Buckets buckets, const Expr& expr) {
  const auto before = std::exchange(buckets_, buckets);
  auto value = evaluate(expr);
  buckets_ = before;
  return value;
}

Result<Rows> Evaluator::vector(const Expr& expr) {
  MAMORI_TRY(auto value, evaluate(expr));
  return std::move(value.rows);
}

Result<std::vector<double>> Evaluator::scalar(const Expr& expr) {
  MAMORI_TRY(auto value, evaluate(expr));
  return std::move(value.scalar);
}

std::string Evaluator::text(const Expr& expr) const { return static_cast<const StringExpr&>(unwrap(expr)).value; }

Result<Value> Evaluator::unary(const UnaryExpr& expr) {
  MAMORI_TRY(auto value, evaluate(*expr.inner));
  if (!expr.negative) return value;
  for (auto& v : value.scalar) v = -v;
  for (auto& row : value.rows) {
    drop_name(row);
    for (auto& v : row.values) {
      if (!is_none(v)) v = -v;
    }
    for (auto& histogram : row.histograms) {
      if (histogram) histogram = changed(*histogram, [](Histogram& h) { scale(h, -1); });
    }
  }
  MAMORI_TRY_VOID(join_equal(value.rows));
  return value;
}

Result<double> Evaluator::length_seconds(const Expr& expr) {
  switch (expr.kind) {
    case Kind::Number:
      return static_cast<const NumberExpr&>(expr).value;
    case Kind::Paren:
      return length_seconds(*static_cast<const ParenExpr&>(expr).inner);
    case Kind::Unary: {
      const auto& unary_expr = static_cast<const UnaryExpr&>(expr);
      MAMORI_TRY(const double value, length_seconds(*unary_expr.inner));
      return unary_expr.negative ? -value : value;
    }
    case Kind::Call: {
      const auto& call_expr = static_cast<const CallExpr&>(expr);
      if (call_expr.name == "step") return static_cast<double>(context_.step_ms) / 1000;
      if (call_expr.name == "range") return static_cast<double>(context_.end_ms - context_.start_ms) / 1000;
      MAMORI_TRY(const double a, length_seconds(*call_expr.args[0]));
      MAMORI_TRY(const double b, length_seconds(*call_expr.args[1]));
      return call_expr.name.starts_with("min") ? std::min(a, b) : std::max(a, b);
    }
    case Kind::Binary: {
      const auto& binary_expr = static_cast<const BinaryExpr&>(expr);
      MAMORI_TRY(const double a, length_seconds(*binary_expr.left));
      MAMORI_TRY(const double b, length_seconds(*binary_expr.right));
      switch (binary_expr.op) {
        case Op::Add:
          return a + b;
        case Op::Sub:
          return a - b;
        case Op::Mul:
          return a * b;
        case Op::Pow:
          return std::pow(a, b);
        case Op::Mod:
          if (b == 0) return evaluation_error("modulo by zero");
          return std::fmod(a, b);
        default:
          if (b == 0) return evaluation_error("division by zero");
          return a / b;
      }
    }
    default:
      return evaluation_error("unexpected duration expression");
  }
}

Result<std::int64_t> Evaluator::length_ms(const Length& length, bool positive) {
  if (!length.expr) return length.ms;
  MAMORI_TRY(const double seconds, length_seconds(*length.expr));
  if (!std::isfinite(seconds) || std::fabs(seconds) > 9.2e9) return evaluation_error("duration is out of range");
  const auto ms = static_cast<std::int64_t>(std::round(seconds * 1000));
  if (positive && ms <= 0) return evaluation_error("duration must be greater than 0");
  return ms;
}

// The moments that a selector looks at, one per step: the step's own, moved by offset or pinned by @.
Result<std::vector<std::int64_t>> Evaluator::moments(const Modifiers& modifiers) {
  MAMORI_TRY(const auto offset, length_ms(modifiers.offset, false));
  std::optional<std::int64_t> pinned = modifiers.at_ms;
  if (modifiers.at_edge != AtEdge::None) {
    pinned = modifiers.at_edge == AtEdge::Start ? context_.start_ms : context_.end_ms;
  }
  std::vector<std::int64_t> out(grid_.steps);
  for (std::size_t i = 0; i < grid_.steps; ++i) out[i] = pinned.value_or(grid_.time(i)) - offset;
  return out;
}

Result<Rows> Evaluator::selector(const SelectorExpr& expr, bool timestamps) {
  MAMORI_TRY(const auto source, selector_source(expr, timestamps));
  if (source) {
    MAMORI_TRY(auto streamed, streamed_rows(*source));
    if (streamed) return *std::move(streamed);
  }
  MAMORI_TRY(const auto at, moments(expr.modifiers));
  // The window is open on the left: a sample exactly one lookback old is too old.
  const auto from = at.front() - context_.lookback_ms + 1;
  // A smoothed selector draws a line to the next sample, too.
  const auto ahead = expr.smoothed && !timestamps ? context_.lookback_ms : 0;
  MAMORI_TRY(auto found, read_series(expr.matchers, from, at.back() + ahead));
  const InstantView view{
      .moments = at, .lookback_ms = context_.lookback_ms, .timestamps = timestamps, .smoothed = ahead > 0};
  Rows rows;
  std::vector<std::uint64_t> counts(grid_.steps);
  for (auto& series : found) {
    if (buckets_ == Buckets::Dropped) drop_buckets(series.histograms);
    Series row{.labels = series.labels, .values = std::vector<double>(grid_.steps, none())};
    if (!fill_row(view, series, HistogramNotes(context_, expr.span, row.labels), row, counts)) continue;
    MAMORI_TRY_VOID(context_.budget.hold(grid_.steps, grid_.steps * sizeof(double) + row.histogram_bytes()));
    rows.push_back(std::move(row));
  }
  context_.count_samples(counts);
  return rows;
}

Result<RangeData> Evaluator::range(const Expr& expr) {
  const auto& inner = unwrap(expr);
  if (inner.kind == Kind::Range) return range_selector(static_cast<const RangeExpr&>(inner));
  return subquery(static_cast<const SubqueryExpr&>(inner));
}

Result<RangeData> Evaluator::range_selector(const RangeExpr& expr) {
  RangeData data;
  MAMORI_TRY(data.window_ends, moments(expr.selector->modifiers));
  MAMORI_TRY(data.length_ms, length_ms(expr.range, true));
  data.lookback_ms = context_.lookback_ms;
  data.anchored = expr.selector->anchored;
  data.smoothed = expr.selector->smoothed;
  auto from = data.window_ends.front() - data.length_ms + 1;
  auto to = data.window_ends.back();
  if (data.anchored || data.smoothed) from -= context_.lookback_ms;
  if (data.smoothed) to += context_.lookback_ms;
  MAMORI_TRY(auto found, read_series(expr.selector->matchers, from, to));
  for (auto& series : found) {
    std::erase_if(series.samples, [](const Sample& sample) { return is_stale_nan(sample.value); });
    if (series.samples.empty() && series.histograms.empty()) continue;
    if (buckets_ == Buckets::Dropped) drop_buckets(series.histograms);
    data.series.push_back({.labels = std::move(series.labels),
                           .samples = std::move(series.samples),
                           .histograms = std::move(series.histograms)});
  }
  return data;
}

Result<RangeData> Evaluator::subquery(const SubqueryExpr& expr) {
  RangeData data;
  MAMORI_TRY(data.window_ends, moments(expr.modifiers));
  MAMORI_TRY(data.length_ms, length_ms(expr.range, true));
  MAMORI_TRY(auto step, length_ms(expr.step, expr.has_step));
  if (step == 0) step = std::chrono::duration_cast<Millis>(context_.options.subquery_step).count();
  // Steps lie on multiples of the step since the epoch, whatever the query's own grid is.
  const auto from = data.window_ends.front() - data.length_ms;
  auto start = step * (from / step);
  if (start <= from) start += step;
  const auto end = data.window_ends.back();
  if (start > end) return data;
  const auto steps = static_cast<std::uint64_t>((end - start) / step) + 1;
  MAMORI_TRY_VOID(context_.hold(steps));
  Evaluator inner(context_, Grid{.start_ms = start, .step_ms = step, .steps = steps});
  inner.buckets_ = Buckets::Needed;  // counter resets between its steps are looked for in them
  ++context_.subqueries;
  auto evaluated = inner.vector(*expr.inner);
  --context_.subqueries;
  MAMORI_TRY(auto rows, std::move(evaluated));
  for (auto& row : rows) {
    RangeSeries series{.labels = std::move(row.labels), .drop_name = row.drop_name};
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (!is_none(row.values[i])) series.samples.push_back({inner.grid_.time(i), row.values[i]});
      if (row.histogram(i)) series.histograms.push_back({inner.grid_.time(i), unmarked(std::move(row.histograms[i]))});
    }
    row.values = {};
    row.histograms = {};
    MAMORI_TRY_VOID(context_.budget.hold(
        0, series.samples.size() * sizeof(Sample) + series.histograms.size() * sizeof(HistogramPoint)));
    if (!series.samples.empty() || !series.histograms.empty()) data.series.push_back(std::move(series));
  }
  return data;
}

}  // namespace mamori::metrics::promql
