// What a relabelling step must be to mean anything, as Prometheus' own configuration check has it.
#include <re2/re2.h>

#include "spec/detail/prometheus_typed.h"
#include "spec/detail/rule.h"

namespace mamori::spec {

namespace {

bool set(const Node& node) { return node.is_scalar() && !node.text.empty(); }

void check_regex(const Node& regex, Findings& findings) {
  if (!regex.is_scalar()) return;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(anchored(regex.text), options);
  if (!compiled.ok()) {
    findings.at(regex, "the regex does not compile: " + compiled.error(),
                "write it in RE2's syntax, which knows no look-ahead and no back-references");
  }
}

bool is_default(std::string_view key, const Node& value) {
  if (value.is_list()) return value.items.empty();
  if (!value.is_scalar()) return true;
  if (key == "separator") return value.text == ";";
  if (key == "regex") return value.text == "(.*)";
  if (key == "replacement") return value.text == "$1";
  return value.text.empty() || value.text == "0";
}

/// The keys that an action takes no notice of, so that giving one is a misunderstanding.
void refuse(const Node& step, std::initializer_list<const char*> keys, const std::string& action, Findings& findings) {
  for (const char* key : keys) {
    if (!step[key].exists() || is_default(key, step[key])) continue;
    findings.at_key(step[key], "'" + std::string(key) + "' means nothing to the action " + action, "remove it");
  }
}

void check_step(const Node& step, Findings& findings) {
  if (!step.is_map()) return;
  check_regex(step["regex"], findings);
  const std::string name = set(step["action"]) ? step["action"].text : "replace";
  const auto action = relabel_action(name);
  if (!action) return;  // the schema has said so
  switch (*action) {
    case RelabelAction::HashMod:
      if (!set(step["modulus"]) || step["modulus"].text == "0") {
        findings.at(step, "hashmod without a modulus", "add modulus: the number of shards");
      }
      [[fallthrough]];
    case RelabelAction::Replace:
    case RelabelAction::Lowercase:
    case RelabelAction::Uppercase:
    case RelabelAction::KeepEqual:
    case RelabelAction::DropEqual:
      if (!set(step["target_label"])) findings.at(step, name + " without a target_label", "add target_label");
      break;
    default:
      break;
  }
  if (*action == RelabelAction::Lowercase || *action == RelabelAction::Uppercase) {
    refuse(step, {"replacement"}, name, findings);
  }
  if (*action == RelabelAction::KeepEqual || *action == RelabelAction::DropEqual) {
    refuse(step, {"regex", "modulus", "separator", "replacement"}, name, findings);
  }
  if (*action == RelabelAction::LabelDrop || *action == RelabelAction::LabelKeep) {
    refuse(step, {"source_labels", "target_label", "modulus", "separator", "replacement"}, name, findings);
  }
}

}  // namespace

void check_relabeling(const Document& document, Findings& findings) {
  for (const Node& job : document.root["scrape_configs"].items) {
    for (const Node& step : job["relabel_configs"].items) check_step(step, findings);
    for (const Node& step : job["metric_relabel_configs"].items) check_step(step, findings);
  }
}

}  // namespace mamori::spec
