// metrics/detail/regex_literals.h: the texts that a regular expression such as "web-1|web-2" stands for.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mamori::metrics::detail {

/// Distinct, when the expression matches nothing but a list of texts; nothing when it has any other operator.
std::optional<std::vector<std::string>> regex_literals(std::string_view expression);

}  // namespace mamori::metrics::detail
