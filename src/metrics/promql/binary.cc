// Binary operators between scalars and vectors. Which series meet is decided once for all steps; at each step only
// those that have a value then take part, so a match may be unique at one step and ambiguous at another.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/histogram_binary.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {
namespace {

/// Arithmetic's result, or of a comparison 1 and 0.
double apply(Op op, double a, double b) {
  switch (op) {
    case Op::Add:
      return a + b;
    case Op::Sub:
      return a - b;
    case Op::Mul:
      return a * b;
    case Op::Div:
      return a / b;
    case Op::Mod:
      return std::fmod(a, b);
    case Op::Pow:
      return std::pow(a, b);
    case Op::Atan2:
      return std::atan2(a, b);
    case Op::Eq:
      return a == b;
    case Op::Ne:
      return a != b;
    case Op::Lt:
      return a < b;
    case Op::Le:
      return a <= b;
    case Op::Gt:
      return a > b;
    case Op::Ge:
      return a >= b;
    default:
      return kNaN;
  }
}

bool drops_name(const BinaryExpr& expr) { return expr.return_bool || !(is_comparison(expr.op) || is_trim(expr.op)); }

bool listed(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The labels by which two series meet.
Labels match_labels(const Labels& labels, const VectorMatching& matching) {
  std::vector<Labels::Pair> kept;
  for (const auto& [name, value] : labels) {
    const bool keep =
        matching.on ? listed(matching.labels, name) : !listed(matching.labels, name) && name != kMetricName;
    if (keep) kept.emplace_back(name, value);
  }
  return Labels::from_sorted(kept);
}

std::string braces_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ", ";
    out += (is_plain_name(name, false) ? std::string(name) : quote(name)) + "=" + quote(value);
  }
  return "{" + out + "}";
}

// Prometheus applies fill_left to the "many" side even when group_right has exchanged the sides; so does this.
struct Side {
  std::vector<std::size_t> many, one;  // rows
};

class Matching {
 public:
  Matching(QueryContext& context, const BinaryExpr& expr, const Rows& many, const Rows& one, std::size_t steps,
           bool swapped)
      : context_(context),
        expr_(expr),
        matching_(expr.matching),
        many_(many),
        one_(one),
        steps_(steps),
        swapped_(swapped) {
    for (std::size_t i = 0; i < many.size(); ++i) side(many[i].labels).many.push_back(i);
    for (std::size_t i = 0; i < one.size(); ++i) side(one[i].labels).one.push_back(i);
  }

  Result<Rows> run(bool keep_dropped_names) {
    keep_dropped_names_ = keep_dropped_names;
    for (const auto& side : sides_) {
      for (std::size_t i = 0; i < steps_; ++i) MAMORI_TRY_VOID(step(side, i));
    }
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

  Side& side(const Labels& labels) {
    auto key = match_labels(labels, matching_);
    const auto [at, fresh] = index_.try_emplace(std::move(key), sides_.size());
    if (fresh) sides_.emplace_back();
    return sides_[at->second];
  }

  Result<void> step(const Side& side, std::size_t i) {
    std::size_t one = kNoRow;
    for (const auto row : side.one) {
      if (!one_[row].has(i)) continue;
      if (one != kNoRow) {
        // Where the other side has nothing at all, nothing is matched, so nothing is ambiguous.
        const bool fills = matching_.fill_left || matching_.fill_right;
        if (!fills && std::ranges::none_of(many_, [i](const auto& series) { return series.has(i); })) return {};
        return duplicate(one, row);
      }
      one = row;
    }
    bool any = false, matched = false;
    for (const auto row : side.many) {
      if (!many_[row].has(i)) continue;
      any = true;
      if (one == kNoRow && !matching_.fill_right) continue;
      MAMORI_TRY_VOID(combine(row, one, i, matched));
    }
    if (!any && one != kNoRow && matching_.fill_left) return combine(kNoRow, one, i, matched);
    return {};
  }

  Error duplicate(std::size_t a, std::size_t b) const {
    return evaluation_error("found duplicate series for the match group " +
                            braces_text(match_labels(one_[a].labels, matching_)) + " on the " +
                            (swapped_ ? "left" : "right") + " hand-side of the operation: [" +
                            braces_text(one_[b].labels) + ", " + braces_text(one_[a].labels) +
                            "];many-to-many matching not allowed: matching labels must be unique on one side");
  }

  Result<void> combine(std::size_t many, std::size_t one, std::size_t i, bool& matched) {
    const bool of_histograms =
        (many != kNoRow && many_[many].histogram(i)) || (one != kNoRow && one_[one].histogram(i));
    if (of_histograms || is_trim(expr_.op)) return combine_any(many, one, i, matched);
    const double of_many = many == kNoRow ? *matching_.fill_left : many_[many].values[i];
    const double of_one = one == kNoRow ? *matching_.fill_right : one_[one].values[i];
    const double left = swapped_ ? of_one : of_many, right = swapped_ ? of_many : of_one;
    double value = apply(expr_.op, left, right);
    if (is_comparison(expr_.op) && !expr_.return_bool) {
      if (value == 0) return {};
      value = left;
    }
    MAMORI_TRY(auto* row, row_to_fill(many, one, i, matched));
    row->values[i] = value;
    return {};
  }

  Result<void> combine_any(std::size_t many, std::size_t one, std::size_t i, bool& matched) {
    const auto operand = [i](const Rows& rows, std::size_t row, const std::optional<double>& fill) {
      if (row == kNoRow) return Operand{.value = *fill};
      if (!rows[row].histogram(i)) return Operand{.value = rows[row].values[i]};
      return Operand{.histogram = rows[row].histograms[i]};
    };
    auto left = operand(many_, many, matching_.fill_left), right = operand(one_, one, matching_.fill_right);
    if (swapped_) std::swap(left, right);
    auto value = combine_operands(context_, expr_, left, right);
    if (!value) return {};
    MAMORI_TRY(auto* row, row_to_fill(many, one, i, matched));
    put(*row, i, std::move(value));
    return {};
  }

  /// The row whose step `i` is to be filled by a pair.
  Result<Series*> row_to_fill(std::size_t many, std::size_t one, std::size_t i, bool& matched) {
    const bool one_to_one = matching_.cardinality == Cardinality::OneToOne;
    if (one_to_one && std::exchange(matched, true)) {
      return evaluation_error(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
    }
    auto& row = out_[row_of(many, one)];
    if (row.has(i)) {
      return evaluation_error("multiple matches for labels: grouping labels must ensure unique matches");
    }
    return &row;
  }

  std::size_t row_of(std::size_t many, std::size_t one) {
    const auto key = (static_cast<std::uint64_t>(many) << 32) ^ (one & 0xFFFFFFFF);
    if (const auto at = pairs_.find(key); at != pairs_.end()) return at->second;
    auto labels = result_labels(many, one);
    const auto [at, fresh] = rows_.try_emplace(labels, out_.size());
    if (fresh) {
      out_.push_back({.labels = std::move(labels), .values = std::vector<double>(steps_, none())});
    }
    auto& row = out_[at->second];
    row.drop_name |= keep_dropped_names_ && drops_name(expr_);
    if (many != kNoRow) row.drop_name |= many_[many].drop_name;
    pairs_.emplace(key, at->second);
    return at->second;
  }

  Labels result_labels(std::size_t many, std::size_t one) const {
    const auto base = many == kNoRow ? match_labels(one_[one].labels, matching_) : many_[many].labels;
    const auto other = one == kNoRow ? match_labels(many_[many].labels, matching_) : one_[one].labels;
    const bool one_to_one = matching_.cardinality == Cardinality::OneToOne;
    std::vector<std::pair<std::string, std::string>> kept;
    for (const auto& [name, value] : base) {
      if (is_metadata_label(name) && drops_name(expr_) && !keep_dropped_names_) continue;
      if (one_to_one && matching_.on != listed(matching_.labels, name)) continue;
      if (listed(matching_.include, name)) continue;
      kept.emplace_back(name, value);
    }
    for (const auto& name : matching_.include) kept.emplace_back(name, other.get(name));
    return Labels(std::move(kept));
  }

  QueryContext& context_;
  const BinaryExpr& expr_;
  const VectorMatching& matching_;
  const Rows &many_, &one_;
  std::size_t steps_;
  bool swapped_;
  bool keep_dropped_names_ = false;
  std::unordered_map<Labels, std::size_t, LabelsHash> index_;
  std::vector<Side> sides_;
  std::unordered_map<std::uint64_t, std::size_t> pairs_;
  std::unordered_map<Labels, std::size_t, LabelsHash> rows_;
  Rows out_;
};

}  // namespace

Result<Value> Evaluator::binary(const BinaryExpr& expr) {
  MAMORI_TRY(auto left, evaluate_with(Buckets::Kept, *expr.left));
  MAMORI_TRY_VOID(context_.hold(left.rows.size() * grid_.steps));
  MAMORI_TRY(auto right, evaluate_with(Buckets::Kept, *expr.right));
  if (left.type == ValueType::Scalar && right.type == ValueType::Scalar) {
    for (std::size_t i = 0; i < grid_.steps; ++i) left.scalar[i] = apply(expr.op, left.scalar[i], right.scalar[i]);
    return left;
  }
  Value out;
  if (right.type == ValueType::Scalar) {
    MAMORI_TRY(out.rows, vector_scalar(expr, std::move(left.rows), right.scalar, false));
  } else if (left.type == ValueType::Scalar) {
    MAMORI_TRY(out.rows, vector_scalar(expr, std::move(right.rows), left.scalar, true));
  } else if (is_set_operator(expr.op)) {
    MAMORI_TRY(out.rows, set_operation(expr, std::move(left.rows), std::move(right.rows)));
  } else {
    MAMORI_TRY(out.rows, vector_vector(expr, std::move(left.rows), std::move(right.rows)));
  }
  drop_empty(out.rows);
  return out;
}

Result<Rows> Evaluator::vector_scalar(const BinaryExpr& expr, Rows rows, const std::vector<double>& other,
                                      bool scalar_left) {
  const bool filters = is_comparison(expr.op) && !expr.return_bool;
  for (auto& row : rows) {
    if (drops_name(expr)) drop_name(row);
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      double& value = row.values[i];
      if (row.histogram(i) || (is_trim(expr.op) && !is_none(value))) {
        const Operand scalar{.value = other[i]};
        const Operand sample = row.histogram(i) ? Operand{.histogram = row.histograms[i]} : Operand{.value = value};
        put(row, i, combine_operands(context_, expr, scalar_left ? scalar : sample, scalar_left ? sample : scalar));
        continue;
      }
      if (is_none(value)) continue;
      const double result = scalar_left ? apply(expr.op, other[i], value) : apply(expr.op, value, other[i]);
      if (!filters) {
        value = result;
      } else if (result == 0) {
        value = none();
      }
    }
  }
  MAMORI_TRY_VOID(join_equal(rows));
  return rows;
}

Result<Rows> Evaluator::vector_vector(const BinaryExpr& expr, Rows left, Rows right) {
  const bool swapped = expr.matching.cardinality == Cardinality::OneToMany;
  Matching matching(context_, expr, swapped ? right : left, swapped ? left : right, grid_.steps, swapped);
  return matching.run(context_.options.delayed_name_removal);
}

Result<Rows> Evaluator::set_operation(const BinaryExpr& expr, Rows left, Rows right) {
  // Where each matching group has a value on the side that decides: right for `and` and `unless`, left for `or`.
  std::unordered_map<Labels, std::vector<bool>, LabelsHash> present;
  for (const auto& row : expr.op == Op::Or ? left : right) {
    auto& steps = present[match_labels(row.labels, expr.matching)];
    steps.resize(grid_.steps);
    for (std::size_t i = 0; i < grid_.steps; ++i) steps[i] = steps[i] || row.has(i);
  }
  const auto keep_where = [&](Rows& rows, bool want) {
    for (auto& row : rows) {
      const auto at = present.find(match_labels(row.labels, expr.matching));
      for (std::size_t i = 0; i < grid_.steps; ++i) {
        const bool there = at != present.end() && at->second[i];
        if (there != want) row.clear(i);
      }
    }
  };
  if (expr.op != Op::Or) {
    keep_where(left, expr.op == Op::And);
    return left;
  }
  keep_where(right, false);
  drop_empty(right);
  for (auto& row : right) left.push_back(std::move(row));
  // Equal label sets from both sides are one series, unless they overlap: then the sides were not told apart.
  MAMORI_TRY_VOID(join_equal(left));
  return left;
}

}  // namespace mamori::metrics::promql
