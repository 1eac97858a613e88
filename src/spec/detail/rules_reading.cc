// Rules that the reader and the schema apply themselves.
#include <array>

#include "spec/detail/rule.h"

namespace mamori::spec {

std::span<const Rule> reading_rules() {
  static constexpr std::array kRules{
      Rule{"yaml.syntax", Severity::Error, 0, "The file is not YAML",
           "The text could not be read as YAML 1.2 (JSON is read as the part of YAML that it is). Nothing of the "
           "document is kept, so mend this one first: other findings may follow from it."},
      Rule{"yaml.too-large", Severity::Error, 0, "The document is too large",
           "No configuration that works is as large. Text beyond 8 MiB, 64 levels, 1,000 keys in a map or 400,000 "
           "values "
           "after aliases are expanded is refused, so that a hostile file cannot exhaust memory."},
      Rule{"spec.empty", Severity::Warning, 0, "Nothing is specified",
           "The file was read, but holds no section, so nothing would be judged."},
      Rule{"spec.defined-twice", Severity::Error, 0, "One value is given twice",
           "Several files are merged: maps are joined, lists appended. A single value that stands twice would have a "
           "winner that depends on the order of files, so it is an error instead."},
      Rule{"spec.unknown-key", Severity::Error, 0, "A key that nothing reads",
           "A misspelt key would be ignored in silence and leave its default in force. Every key is therefore known "
           "or refused; docs/spec-keys.md lists them."},
      Rule{"spec.missing-key", Severity::Error, 0, "A required key is missing",
           "The entry says too little to act upon. docs/spec-keys.md marks the required keys."},
      Rule{"spec.wrong-type", Severity::Error, 0, "A value of the wrong type",
           "The value is of another kind than the key takes, outside its range, or none of the words known there. A "
           "quoted number is text."},
      Rule{"spec.wrong-unit", Severity::Error, 0, "A value without a known unit",
           "Durations are 30s, 5m, \"5 minutes\" or a bare number of seconds (CloudWatch's period); percentages 99.5 "
           "or 0.1%; amounts \"$2,500\"; rates \"100 req/s\"; limits \"< 500ms\" or \"< 70%\"."},
  };
  return kRules;
}

}  // namespace mamori::spec
