// rules/detail/template_functions.h: the functions that a template may call: Go's own and Prometheus'.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "rules/detail/template_value.h"
#include "rules/template.h"

namespace mamori::rules {

/// What functions need besides their arguments.
struct TemplateCall {
  const TemplateData& data;
  const TemplateBounds& bounds;
  std::size_t& queries;  // made so far in this expansion
};

struct TemplateFunction {
  std::string_view name;
  std::size_t args_min = 0, args_max = 0;  // any number: kManyArgs
  Result<TemplateValue> (*call)(const TemplateCall& call, std::span<const TemplateValue> args);
};
inline constexpr std::size_t kManyArgs = 1'000'000;

/// Null when there is none. `and` and `or`, which do not evaluate all their arguments, are here for their names only.
const TemplateFunction* find_template_function(std::string_view name);

// The parts of the table, one per file.
std::span<const TemplateFunction> go_template_functions();
std::span<const TemplateFunction> number_template_functions();
std::span<const TemplateFunction> text_template_functions();
std::span<const TemplateFunction> sample_template_functions();

/// As Go's url.QueryEscape.
std::string query_escaped(std::string_view text);

/// "wrong type for value; expected string; got float64"
Error wrong_template_type(std::string_view expected, const TemplateValue& got);

}  // namespace mamori::rules
