// Selectors and functions over range selectors, evaluated series by series. What is not made this way (histograms,
// anchored and smoothed ranges, subqueries, the rarer functions) takes the general path: null is returned.
#include <algorithm>
#include <iterator>

#include "metrics/promql/applied_rows.h"
#include "metrics/promql/extended_range.h"
#include "metrics/promql/row_stream.h"

namespace mamori::metrics::promql {
namespace {

/// A row and the series of the selection that it was made of.
struct Collected {
  std::size_t series = 0;
  Series row;
};

struct ByLabels {
  const Selection& selection;
  bool operator()(const Collected& a, const Collected& b) const {
    return selection.labels(a.series) < selection.labels(b.series);
  }
};

/// Keeps rows as they are, sorted by their series' labels: results and ties of topk() depend on that order.
class Collector final : public RowSink {
 public:
  Collector(QueryContext& context, const RowSource& source, std::size_t steps)
      : context_(context), source_(source), steps_(steps) {}

  std::span<double> next_row() override {
    row_.resize(steps_);
    return row_;
  }

  Result<void> take(std::size_t i, std::size_t) override {
    MAMORI_TRY_VOID(context_.budget.hold(steps_, steps_ * sizeof(double) + sizeof(Collected)));
    const auto& labels = source_.selection->labels(i);
    const bool delayed = context_.options.delayed_name_removal;
    if (source_.drops_name) names_.see(labels);
    Series row{.labels = source_.drops_name && !delayed ? without_metadata(labels) : labels,
               .drop_name = source_.drops_name && delayed,
               .values = std::move(row_)};
    rows_.push_back({.series = i, .row = std::move(row)});
    return {};
  }

  void finish() override {
    const ByLabels before{*source_.selection};
    if (!std::ranges::is_sorted(rows_, before)) std::ranges::sort(rows_, before);
  }

  /// Another chunk's rows, sorted as these are.
  void join(Collector& other) {
    const auto here = static_cast<std::ptrdiff_t>(rows_.size());
    std::ranges::move(other.rows_, std::back_inserter(rows_));
    other.rows_ = {};
    parts_.push_back(here);
    names_.join(other.names_);
  }

  /// Merges the sorted parts, two and two.
  Rows sorted_rows() {
    parts_.push_back(static_cast<std::ptrdiff_t>(rows_.size()));
    while (parts_.size() > 2) {
      std::vector<std::ptrdiff_t> fewer{0};
      for (std::size_t i = 1; i < parts_.size(); i += 2) {
        const auto last = std::min(i + 1, parts_.size() - 1);
        std::inplace_merge(rows_.begin() + parts_[i - 1], rows_.begin() + parts_[i], rows_.begin() + parts_[last],
                           ByLabels{*source_.selection});
        fewer.push_back(parts_[last]);
      }
      parts_ = std::move(fewer);
    }
    Rows rows;
    rows.reserve(rows_.size());
    for (auto& collected : rows_) rows.push_back(std::move(collected.row));
    return rows;
  }

  bool names_may_collide() const { return names_.may_collide(); }

 private:
  QueryContext& context_;
  const RowSource& source_;
  const std::size_t steps_;
  std::vector<double> row_;
  std::vector<Collected> rows_;
  std::vector<std::ptrdiff_t> parts_;  // where each part begins
  NameWatch names_;
};

std::size_t bytes_of(const SeriesData& data) {
  std::size_t bytes = sizeof data + data.samples.size() * sizeof(Sample);
  for (const auto& [time_ms, histogram] : data.histograms) bytes += sizeof(HistogramPoint) + histogram->bytes();
  return bytes;
}

}  // namespace

Result<std::optional<Rows>> Evaluator::streamed_rows(const RowSource& source) {
  const auto before = context_.budget.mark();
  Collector all(context_, source, grid_.steps);
  const RowSinks sinks{.open = [&] { return std::make_unique<Collector>(context_, source, grid_.steps); },
                       .hand_on = [&](std::unique_ptr<RowSink> sink) -> Result<void> {
                         all.join(static_cast<Collector&>(*sink));
                         return {};
                       }};
  MAMORI_TRY(const auto streamed, stream_rows(context_, grid_, source, sinks));
  if (streamed == Streamed::NotFloats) {
    context_.budget.return_to(before);
    return std::optional<Rows>();
  }
  auto rows = all.sorted_rows();
  if (all.names_may_collide()) MAMORI_TRY_VOID(join_equal(rows));
  return std::optional(std::move(rows));
}

std::unique_ptr<Selection> Evaluator::open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                     std::int64_t end_ms) {
  const auto begin = std::chrono::steady_clock::now();
  auto selection = context_.store.open_selection(matchers, start_ms, end_ms);
  context_.stats.prepare += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return selection;
}

Result<std::vector<SeriesData>> Evaluator::read_series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                       std::int64_t end_ms) {
  const auto selection = open_selection(matchers, start_ms, end_ms);
  const auto reader = selection->reader();
  std::vector<SeriesData> all;
  SeriesData buffer;
  for (std::size_t i = 0; i < selection->size(); ++i) {
    if (const auto read = reader->read(i, buffer); !read) {
      context_.left_out(selection->labels(i), read.error());
      continue;
    }
    if (buffer.samples.empty() && buffer.histograms.empty()) continue;
    const auto samples = buffer.samples.size() + buffer.histograms.size();
    MAMORI_TRY_VOID(context_.budget.hold(samples, bytes_of(buffer)));
    context_.stats.samples_read += samples;
    all.push_back({.labels = selection->labels(i),
                   .samples = {buffer.samples.begin(), buffer.samples.end()},
                   .histograms = {buffer.histograms.begin(), buffer.histograms.end()}});
  }
  std::ranges::sort(all, {}, &SeriesData::labels);
  return all;
}

Result<std::optional<RowSource>> Evaluator::row_source(const Expr& expr) {
  const auto& inner = unwrap(expr);
  if (inner.kind == Kind::Selector) return selector_source(static_cast<const SelectorExpr&>(inner), false);
  if (inner.kind == Kind::Call) return range_function_source(static_cast<const CallExpr&>(inner));
  return std::optional<RowSource>();
}

Result<std::optional<RowSource>> Evaluator::selector_source(const SelectorExpr& expr, bool timestamps) {
  if (context_.options.general_path_only || (expr.smoothed && !timestamps)) return std::optional<RowSource>();
  MAMORI_TRY(auto at, moments(expr.modifiers));
  RowSource source;
  // The window is open on the left: a sample exactly one lookback old is too old.
  source.selection = open_selection(expr.matchers, at.front() - context_.lookback_ms + 1, at.back());
  source.make = [at = std::make_shared<const std::vector<std::int64_t>>(std::move(at)),
                 lookback_ms = context_.lookback_ms,
                 timestamps] { return selector_rows(*at, lookback_ms, timestamps); };
  return std::optional(std::move(source));
}

Result<std::optional<RowSource>> Evaluator::range_function_source(const CallExpr& expr) {
  const auto traits = range_function_traits(expr.name);
  if (context_.options.general_path_only || !traits) return std::optional<RowSource>();
  const RangeExpr* range = nullptr;
  for (const auto& arg : expr.args) {
    const auto& inner = unwrap(*arg);
    if (inner.kind == Kind::Range) range = static_cast<const RangeExpr*>(&inner);
  }
  if (!range) return std::optional<RowSource>();
  const bool anchored = range->selector->anchored, smoothed = range->selector->smoothed;
  struct Shared {
    std::vector<std::int64_t> window_ends;
    std::int64_t length_ms = 0;
    std::vector<std::vector<double>> params;
  };
  const auto shared = std::make_shared<Shared>();
  RowSource source{.markers = SampleColumns::Markers::Remove, .drops_name = !traits->keeps_name};
  for (const auto& arg : expr.args) {
    if (type_of(*arg) == ValueType::Matrix) {
      MAMORI_TRY(shared->window_ends, moments(range->selector->modifiers));
      MAMORI_TRY(shared->length_ms, length_ms(range->range, true));
      if (traits->is_counter) source.expects_counters = arg->span;
    } else {
      MAMORI_TRY(auto values, scalar(*arg));
      shared->params.push_back(std::move(values));
    }
  }
  AppliedRange applied{.apply = traits->apply, .grid = grid_, .lookback_ms = context_.lookback_ms};
  if (anchored || smoothed) {
    MAMORI_TRY(applied.apply, extended_function(expr.name, anchored));
    applied.looks_around = true;
  }
  source.make = [name = std::string_view(expr.name), shared, applied] {
    auto rows =
        applied.looks_around ? nullptr : range_rows(name, shared->window_ends, shared->length_ms, shared->params);
    return rows ? std::move(rows) : applied_rows(applied, shared->window_ends, shared->length_ms, shared->params);
  };
  source.if_any = [this, shared, &expr] { return check_range_params(expr, shared->params); };
  const auto before = anchored || smoothed ? context_.lookback_ms : 0, after = smoothed ? context_.lookback_ms : 0;
  source.selection =
      open_selection(range->selector->matchers, shared->window_ends.front() - shared->length_ms + 1 - before,
                     shared->window_ends.back() + after);
  return std::optional(std::move(source));
}

}  // namespace mamori::metrics::promql
