// spec/detail/rule_values.h: what files of rules and files of tests of rules have in common: shapes as Go's YAML takes
// them, and values with their places.
#pragma once
#include <utility>

#include "spec/detail/node.h"
#include "spec/detail/shapes.h"
#include "spec/rule_file.h"

namespace mamori::spec {

/// "key:" with nothing behind it is as if the key were not there.
inline Shape optional(Shape shape) {
  shape.may_be_null = true;
  return shape;
}

inline Shape labels_shape() { return optional(keyed(optional(of(Type::AnyText)), "", "")); }

inline PlacedText placed(const Node& node) {
  if (node.kind == Kind::Missing || node.kind == Kind::Null) return {"", {node.key_at.line, node.key_at.column}};
  return {node.is_scalar() ? node.text : "", {node.at.line, node.at.column}};
}

inline Nanos duration_or(const Node& node, Nanos otherwise) {
  if (!node.is_scalar()) return otherwise;
  const auto duration = parse_duration(node.text);
  return duration ? *duration : otherwise;
}

}  // namespace mamori::spec
