#include "spec/prometheus_config.h"

#include <glob.h>

#include <algorithm>
#include <set>

#include "spec/detail/prometheus_typed.h"
#include "spec/detail/reader.h"
#include "spec/detail/schema.h"
#include "spec/detail/shapes.h"

namespace mamori::spec {

namespace {

// Written by tools, so larger than what is written by hand: some 50,000 targets.
constexpr std::size_t kGroupsBytesMax = 16u << 20;
constexpr std::size_t kGroupsNodesMax = 1'000'000;

Shape target_groups_shape() {
  Shape group = map({key("targets", list(of(Type::AnyText))), key("labels", keyed(of(Type::AnyText), "", ""))});
  for (Field& field : group.fields) field.shape.may_be_null = true;
  group.fields[1].shape.parts[0].may_be_null = true;
  return list(std::move(group));
}

}  // namespace

std::vector<std::string> match_files(const std::vector<std::string>& globs) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  for (const std::string& pattern : globs) {
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
      for (std::size_t i = 0; i < found.gl_pathc; ++i) {
        if (seen.insert(found.gl_pathv[i]).second) files.emplace_back(found.gl_pathv[i]);
      }
    }
    ::globfree(&found);
  }
  return files;
}

Result<std::vector<TargetGroup>> read_target_groups(const std::string& name, std::string_view yaml) {
  const std::vector<std::string> files{name};
  Findings findings(files);
  ReadBudget budget{.nodes = kGroupsNodesMax, .text_bytes_max = kGroupsBytesMax};
  const Node root = read_document(yaml, {0, 1, 1}, budget, findings);
  static const Shape kShape = target_groups_shape();
  if (!findings.has_errors() && root.kind != Kind::Missing) check_shape(root, kShape, "groups", findings);
  for (const Diagnostic& found : findings.take()) {
    if (found.severity != Severity::Error) continue;
    const bool too_large = found.id == "yaml.too-large";
    return Error{too_large ? Code::TooLarge : Code::InvalidArgument, found.file + ":" + std::to_string(found.line) +
                                                                         ":" + std::to_string(found.column) + ": " +
                                                                         found.message + ": " + found.fix};
  }
  return to_target_groups(root);
}

}  // namespace mamori::spec
