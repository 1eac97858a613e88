// logs/detail/query_node.h: the tree of a parsed query, and its evaluation. query.cc builds it, query_match.cc walks
// it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "logs/query.h"

namespace mamori::logs {

/// A term whose characters are literal except where `kinds` says '*' or '?'. Lower case.
struct TermPattern {
  std::string text;
  std::string kinds;  // same length: 'l' literal, '*', '?'
  bool has_wildcards() const { return kinds.find_first_not_of('l') != std::string::npos; }
  bool is_star() const { return kinds == "*"; }
};

/// One end of a range, as far as its text can be read.
struct Bound {
  std::string text;
  bool inclusive = true;
  std::optional<double> number;
  std::optional<Timestamp> time;
};

struct Query::Node {
  enum class Kind { All, And, Or, Not, Term, Range, Exists };
  Kind kind = Kind::All;
  std::vector<std::shared_ptr<const Node>> children;  // And, Or: two or more; Not: one
  std::string field;                                  // Term, Range, Exists; "" searches all fields
  TermPattern term;                                   // Term
  std::optional<double> number;                       // Term, if it is a number
  std::optional<Bound> low, high;                     // Range
};

bool node_matches(const Query::Node& node, const Line& line);

}  // namespace mamori::logs
