#include <array>

#include "spec/detail/rule.h"

namespace mamori::spec {

std::span<const Rule> markdown_rules() { return {}; }

}  // namespace mamori::spec
