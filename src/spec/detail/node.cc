#include "spec/detail/node.h"

#include "base/text.h"

namespace mamori::spec {

const Node& Node::operator[](std::string_view key) const {
  static const Node missing;
  for (const Entry& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  return missing;
}

const Node& Node::at_path(std::string_view dotted) const {
  const Node* node = this;
  for (const std::string_view key : split(dotted, '.')) node = &(*node)[key];
  return *node;
}

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::Scalar:
      return "a single value";
    case Kind::List:
      return "a list";
    case Kind::Map:
      return "a map";
    case Kind::Missing:
    case Kind::Null:
      break;
  }
  return "nothing";
}

}  // namespace mamori::spec
