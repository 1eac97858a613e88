// metrics/promql/tree_json.h: a query's tree for other programs: as the JSON that Prometheus 3's parse_query answers,
// and the selectors in it.
#pragma once
#include <string>
#include <vector>

#include "metrics/promql/ast.h"

namespace mamori::metrics::promql {

/// Field names, their order and the words for types as Prometheus' user interface expects them.
std::string tree_json(const Expr& expr);

/// The matchers of each selector, in the order written.
std::vector<std::vector<Matcher>> selectors_of(const Expr& expr);

}  // namespace mamori::metrics::promql
