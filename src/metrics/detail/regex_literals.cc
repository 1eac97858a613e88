#include "metrics/detail/regex_literals.h"

#include <algorithm>
#include <cctype>

namespace mamori::metrics::detail {

std::optional<std::vector<std::string>> regex_literals(std::string_view expression) {
  if (expression.size() >= 2 && expression.front() == '(' && expression.back() == ')' && !expression.ends_with("\\)")) {
    expression = expression.substr(1, expression.size() - 2);
  }
  std::vector<std::string> texts(1);
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '|') {
      texts.emplace_back();
    } else if (c == '\\') {
      // \. and the like stand for the character; \d, \b and the like do not.
      if (++i == expression.size() || !std::ispunct(static_cast<unsigned char>(expression[i]))) return std::nullopt;
      texts.back() += expression[i];
    } else if (std::string_view(".+*?()[]{}^$").contains(c)) {
      return std::nullopt;
    } else {
      texts.back() += c;
    }
  }
  std::ranges::sort(texts);
  const auto twice = std::ranges::unique(texts);
  texts.erase(twice.begin(), twice.end());
  return texts;
}

}  // namespace mamori::metrics::detail
