// sum, avg, count, group, min and max over a selector or a function over a range: rows go into their group's
// accumulator as they are made, and are gone. What depends on more than that (series that become one without their
// names, a mean whose sum overflows) is left to the general path: null is returned.
#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "metrics/promql/accumulator.h"
#include "metrics/promql/group_table.h"
#include "metrics/promql/row_stream.h"

namespace mamori::metrics::promql {
namespace {

struct GroupSum {
  std::size_t first_series = 0;  // the least by its labels: groups stand in their order
  Accumulator sum;
};

/// The groups of one chunk, or of all.
struct GroupSums {
  GroupTable table;
  std::vector<GroupSum> groups;       // by number in the table
  std::vector<std::uint32_t> series;  // that have values
  NameWatch names;
};

struct Fusion {
  QueryContext& context;
  const RowSource& source;
  const Grouping& grouping;
  Folding folding;
  std::size_t steps;

  /// The group of series `i` if it has those labels.
  Result<GroupSum*> group_of(GroupSums& sums, std::span<const Labels::Pair> labels, std::size_t i) const {
    bool fresh = false;
    const auto at = sums.table.find_or_add(labels, fresh);
    if (fresh) {
      sums.groups.push_back({.first_series = i, .sum = Accumulator(folding, steps)});
      MAMORI_TRY_VOID(context.budget.hold(steps, bytes()));
    } else if (!grouping.one_group() && before(i, sums.groups[at].first_series)) {
      sums.groups[at].first_series = i;
    }
    return &sums.groups[at];
  }

  /// Of one group.
  std::size_t bytes() const { return sizeof(GroupSum) + Accumulator::bytes(folding, steps); }

  bool before(std::size_t a, std::size_t b) const { return source.selection->labels(a) < source.selection->labels(b); }
};

class FusedSink final : public RowSink {
 public:
  explicit FusedSink(const Fusion& fusion) : fusion_(fusion), row_(fusion.steps) {}

  std::span<double> next_row() override { return row_; }

  Result<void> take(std::size_t i, std::size_t present) override {
    const auto& labels = fusion_.source.selection->labels(i);
    if (fusion_.source.drops_name) {
      sums_.names.see(labels);
      sums_.series.push_back(static_cast<std::uint32_t>(i));
    }
    fusion_.grouping.select(labels, kept_);
    MAMORI_TRY(auto* group, fusion_.group_of(sums_, kept_, i));
    group->sum.add(row_, present);
    return {};
  }

  GroupSums& sums() { return sums_; }

 private:
  const Fusion& fusion_;
  std::vector<double> row_;
  std::vector<Labels::Pair> kept_;
  GroupSums sums_;
};

Result<void> join(const Fusion& fusion, GroupSums& all, GroupSums& chunk) {
  if (all.groups.empty()) {
    all = std::move(chunk);
    return {};
  }
  std::vector<Labels::Pair> pairs;
  for (std::size_t i = 0; i < chunk.groups.size(); ++i) {
    const auto& labels = chunk.table.labels(i);
    pairs.assign(labels.begin(), labels.end());
    MAMORI_TRY(auto* group, fusion.group_of(all, pairs, chunk.groups[i].first_series));
    group->sum.join(chunk.groups[i].sum);
    fusion.context.budget.release(fusion.steps, fusion.bytes());
  }
  all.series.insert(all.series.end(), chunk.series.begin(), chunk.series.end());
  all.names.join(chunk.names);
  return {};
}

bool collide(const Selection& selection, const std::vector<std::uint32_t>& series) {
  std::unordered_set<Labels, LabelsHash> seen;
  return std::ranges::any_of(
      series, [&](std::uint32_t i) { return !seen.insert(without_metadata(selection.labels(i))).second; });
}

}  // namespace

Result<std::optional<Rows>> Evaluator::fused_aggregate(const AggregateExpr& expr) {
  const auto general = std::optional<Rows>();
  const auto stats = context_.stats;
  // The general path counts all samples again.
  const auto give_up = [&] {
    context_.stats.samples_total = stats.samples_total;
    context_.stats.samples_per_step = stats.samples_per_step;
    return general;
  };
  const auto folding = folding_of(expr.op);
  if (!folding || expr.param) return general;
  MAMORI_TRY(const auto source, row_source(*expr.inner));
  if (!source) return general;

  const bool delayed = context_.options.delayed_name_removal;
  const auto before = context_.budget.mark();
  const Grouping grouping(expr.grouping, expr.without, source->drops_name && !delayed);
  const Fusion fusion{context_, *source, grouping, *folding, grid_.steps};
  GroupSums all;
  const RowSinks sinks{
      .open = [&] { return std::make_unique<FusedSink>(fusion); },
      .hand_on =
          [&](std::unique_ptr<RowSink> sink) { return join(fusion, all, static_cast<FusedSink&>(*sink).sums()); }};
  MAMORI_TRY(const auto streamed, stream_rows(context_, grid_, *source, sinks));
  context_.budget.return_to(before);
  if (streamed == Streamed::NotFloats) return general;
  if (!delayed && all.names.may_collide() && collide(*source->selection, all.series)) return give_up();

  std::vector<std::size_t> order(all.groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return fusion.before(all.groups[a].first_series, all.groups[b].first_series);
  });
  Rows rows;
  for (const auto at : order) {
    const auto& labels = all.table.labels(at);
    Series row{.labels = labels,
               .drop_name = delayed && source->drops_name && labels.has(kMetricName),
               .values = std::vector<double>(grid_.steps)};
    if (!all.groups[at].sum.finish(row.values)) return give_up();
    rows.push_back(std::move(row));
  }
  return std::optional(std::move(rows));
}

}  // namespace mamori::metrics::promql
