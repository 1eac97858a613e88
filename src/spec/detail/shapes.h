// spec/detail/shapes.h: the words in which sections.cc and prometheus_shape.cc declare what may stand where.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "spec/detail/schema.h"

namespace mamori::spec {

inline Shape of(Type type) {
  Shape shape;
  shape.type = type;
  return shape;
}
inline Shape text() { return of(Type::Text); }
inline Shape flag() { return of(Type::Flag); }
inline Shape toggle() { return of(Type::Switch); }
inline Shape percent() { return of(Type::Percent); }
inline Shape duration() { return of(Type::Duration); }
/// A window to judge over. A day is far beyond any alert; longer would keep its events in memory for nothing.
inline Shape window() {
  Shape shape = of(Type::Duration);
  shape.min = 1;
  shape.max = 86'400;
  return shape;
}
inline Shape days() { return of(Type::Days); }
inline Shape comparison() { return of(Type::Comparison); }

inline Shape integer(double min, double max) {
  Shape shape = of(Type::Integer);
  shape.min = min;
  shape.max = max;
  return shape;
}
inline Shape number(double min, double max) {
  Shape shape = of(Type::Number);
  shape.min = min;
  shape.max = max;
  return shape;
}
inline Shape choice(std::vector<std::string> choices) {
  Shape shape = of(Type::Choice);
  shape.choices = std::move(choices);
  return shape;
}
inline Shape list(Shape item) {
  Shape shape = of(Type::List);
  shape.parts.push_back(std::move(item));
  return shape;
}
inline Shape map(std::vector<Field> fields) {
  Shape shape = of(Type::Map);
  shape.fields = std::move(fields);
  return shape;
}
/// A map with the operator's own keys. `words` describes them in a diagnostic.
inline Shape keyed(Shape value, std::string pattern = R"([A-Za-z0-9_.-]{1,100})",
                   std::string words = "letters, digits, '_', '-' and '.'") {
  Shape shape = of(Type::Keyed);
  shape.parts.push_back(std::move(value));
  shape.pattern = std::move(pattern);
  shape.pattern_words = std::move(words);
  return shape;
}
inline Shape either(Shape scalar, Shape mapped) {
  Shape shape = of(Type::Either);
  shape.parts.push_back(std::move(scalar));
  shape.parts.push_back(std::move(mapped));
  return shape;
}

inline Field key(std::string name, Shape shape, std::string note = "") {
  return {std::move(name), std::move(shape), false, std::move(note), true};
}
inline Field required(std::string name, Shape shape, std::string note = "") {
  return {std::move(name), std::move(shape), true, std::move(note), true};
}
/// Read and checked; brought to life by a later version.
inline Field later(std::string name, Shape shape, std::string note = "") {
  return {std::move(name), std::move(shape), false, std::move(note), false};
}

}  // namespace mamori::spec
