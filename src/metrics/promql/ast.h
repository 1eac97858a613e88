// metrics/promql/ast.h: a PromQL expression as a tree, as written (positions kept for messages) and printable.
// Always holds: print(parse(x)) parses to the same tree again.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/store.h"

namespace mamori::metrics::promql {

enum class ValueType { Scalar, String, Vector, Matrix };
/// As the documentation calls them: "scalar", "string", "instant vector", "range vector".
std::string_view documented_name(ValueType type);

/// Byte offsets into the query, end exclusive.
struct Span {
  int begin = 0, end = 0;
};
/// "3:7": line and column, from 1, of a byte offset.
std::string line_and_column(std::string_view query, int offset);

enum class Kind { Number, String, Selector, Range, Subquery, Unary, Binary, Aggregate, Call, Paren };

struct Expr {
  Expr(Kind k, Span s) : kind(k), span(s) {}
  virtual ~Expr() = default;
  Kind kind;
  Span span;
  int depth = 1;  // of the tree below; bounded by the parser, so that recursion is
};
using ExprPtr = std::unique_ptr<Expr>;

struct NumberExpr : Expr {
  NumberExpr(Span s, double v) : Expr(Kind::Number, s), value(v) {}
  double value;
  bool is_duration = false;  // written as 5m: prints so
};

struct StringExpr : Expr {
  StringExpr(Span s, std::string v) : Expr(Kind::String, s), value(std::move(v)) {}
  std::string value;
};

/// A length of time in a range, subquery or offset: known at once, or an expression of step() and range().
struct Length {
  std::int64_t ms = 0;
  ExprPtr expr;
};

enum class AtEdge { None, Start, End };

/// `offset` and `@` of a selector or a subquery.
struct Modifiers {
  Length offset;
  bool has_offset = false;
  std::optional<std::int64_t> at_ms;
  AtEdge at_edge = AtEdge::None;
  bool has_at() const { return at_ms.has_value() || at_edge != AtEdge::None; }
};

struct SelectorExpr : Expr {
  explicit SelectorExpr(Span s) : Expr(Kind::Selector, s) {}
  std::string name;               // as written before the braces, or ""
  std::vector<Matcher> matchers;  // __name__ included
  Modifiers modifiers;
  bool anchored = false, smoothed = false;
};

struct RangeExpr : Expr {
  RangeExpr(Span s, std::unique_ptr<SelectorExpr> sel) : Expr(Kind::Range, s), selector(std::move(sel)) {}
  std::unique_ptr<SelectorExpr> selector;
  Length range;
};

struct SubqueryExpr : Expr {
  SubqueryExpr(Span s, ExprPtr e) : Expr(Kind::Subquery, s), inner(std::move(e)) {}
  ExprPtr inner;
  Length range;
  Length step;
  bool has_step = false;
  Modifiers modifiers;
};

struct UnaryExpr : Expr {
  UnaryExpr(Span s, bool minus, ExprPtr e) : Expr(Kind::Unary, s), negative(minus), inner(std::move(e)) {}
  bool negative;
  ExprPtr inner;
};

/// TrimUpper is </, which keeps a histogram's observations below a value; TrimLower is >/.
enum class Op { Add, Sub, Mul, Div, Mod, Pow, Atan2, TrimUpper, TrimLower, Eq, Ne, Lt, Le, Gt, Ge, And, Or, Unless };
std::string_view to_string(Op op);
bool is_trim(Op op);
std::string_view to_string(MatchOp op);  // "=~"
bool is_comparison(Op op);
bool is_set_operator(Op op);

enum class Cardinality { OneToOne, ManyToOne, OneToMany, ManyToMany };

struct VectorMatching {
  Cardinality cardinality = Cardinality::OneToOne;
  std::vector<std::string> labels;
  bool on = false;                   // labels of on(...), else of ignoring(...)
  std::vector<std::string> include;  // group_left(...) or group_right(...)
  std::optional<double> fill_left, fill_right;
};

struct BinaryExpr : Expr {
  BinaryExpr(Span s, Op o, ExprPtr l, ExprPtr r)
      : Expr(Kind::Binary, s), op(o), left(std::move(l)), right(std::move(r)) {}
  Op op;
  ExprPtr left, right;
  bool return_bool = false;
  bool has_matching = false;  // on, ignoring, group_*, or fill_* was written
  VectorMatching matching;
};

struct AggregateExpr : Expr {
  explicit AggregateExpr(Span s) : Expr(Kind::Aggregate, s) {}
  std::string op;  // "sum", "topk", ...
  ExprPtr param, inner;
  std::vector<std::string> grouping;
  bool without = false;
};

struct Signature;  // signatures.h

struct CallExpr : Expr {
  explicit CallExpr(Span s) : Expr(Kind::Call, s) {}
  const Signature* function = nullptr;
  std::string name;
  std::vector<ExprPtr> args;
};

struct ParenExpr : Expr {
  ParenExpr(Span s, ExprPtr e) : Expr(Kind::Paren, s), inner(std::move(e)) {}
  ExprPtr inner;
};

ValueType type_of(const Expr& expr);
/// Without the parentheses around it.
const Expr& unwrap(const Expr& expr);

/// One line, in Prometheus' form: sum by (job) (rate(x[5m])).
std::string print(const Expr& expr);
/// As /api/v1/format_query answers: what passes 100 columns is broken into indented lines.
std::string pretty(const Expr& expr);

/// A Go-quoted string: "a\"b".
std::string quote(std::string_view text);
/// Letters, digits and '_' (and ':' if `colon`), not starting with a digit.
bool is_plain_name(std::string_view name, bool colon);
/// Shortest form that reads back: 1.5, NaN, +Inf, 1e+21 (as strconv 'f' does not; as 'g' with -1 does).
std::string format_float(double value);

}  // namespace mamori::metrics::promql
