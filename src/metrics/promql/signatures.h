// metrics/promql/signatures.h: names, parameters and results of PromQL's functions; what each computes is elsewhere.
// Source: Prometheus 3 documentation, "Query functions".
#pragma once
#include <string_view>
#include <vector>

#include "metrics/promql/ast.h"

namespace mamori::metrics::promql {

struct Signature {
  std::string_view name;
  std::vector<ValueType> params;
  int optional = 0;  // how many more (or fewer written) of the last parameter's type; -1: any number
  ValueType result = ValueType::Vector;
  bool experimental = false;
};

/// nullptr if there is none of that name.
const Signature* find_function(std::string_view name);
const std::vector<Signature>& all_functions();

/// An aggregation operator's name in lower case, or false.
bool is_aggregation(std::string_view lower);
bool aggregation_takes_parameter(std::string_view op);
bool is_experimental_aggregation(std::string_view op);

}  // namespace mamori::metrics::promql
