// spec/detail/schema.h: what may stand where, declared as data. Checking a node against a shape reports unknown keys
// (with the nearest known one), missing keys, wrong types and wrong units.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "spec/detail/node.h"
#include "spec/detail/rule.h"

namespace mamori::spec {

enum class Type {
  Any,
  Text,
  Flag,        // true, false
  Switch,      // enabled, disabled, true, false
  Integer,     // within min..max
  Number,      // within min..max
  Percent,     // 0..100
  Duration,    // Prometheus, words, or seconds; from min to max seconds when max is given
  Days,        // a number of days, or a duration
  Dollars,     // "$2,500"
  Rate,        // "100 req/s"
  Size,        // "500 GB"
  Comparison,  // "< 500ms"
  Url,         // http or https
  HostPort,    // "127.0.0.1:9100"
  Choice,      // one of `choices`
  List,        // of `parts[0]`
  Map,         // of `fields`
  Keyed,       // a map with keys of the operator's own, all of `parts[0]`; keys match the RE2 `pattern`
  Either,      // a single value of `parts[0]`, or a map of `parts[1]`
  // As Prometheus reads them:
  AnyText,             // any single value, empty too
  YamlFlag,            // true, false, yes, no, on, off
  PrometheusDuration,  // 15s, 1h30m; a bare number only when it is 0
  Bytes,               // 0, 512MB: powers of 1024
};

struct Field;

struct Shape {
  Type type = Type::Any;
  std::vector<Field> fields;
  std::vector<Shape> parts;
  std::vector<std::string> choices;
  double min = 0, max = 0;
  std::string pattern, pattern_words;
  bool any_case = false;     // of a Choice
  bool may_be_null = false;  // "key:" with nothing behind it is as if the key were not there
};

struct Field {
  std::string name;
  Shape shape;
  bool required = false;
  std::string note;    // what it means, for docs/spec-keys.md
  bool active = true;  // false: read and checked, but nothing follows from it yet
};

/// All sections.
const Shape& document_shape();

/// Sections (and parts of active ones) that stand in the document and that nothing follows from yet.
std::vector<std::string> inactive_parts(const Node& root);

void check_shape(const Node& node, const Shape& shape, const std::string& path, Findings& findings);

/// A table of every key, for the documentation.
std::string keys_as_markdown();

}  // namespace mamori::spec
