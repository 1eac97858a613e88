// Rules over the shell scripts of a Markdown file: what they define, call, wait for and act upon.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/script.h"

namespace mamori::spec {

namespace {

template <typename Visit>
void each_script(const Document& document, Visit visit) {
  for (const Block& block : document.blocks) {
    if (is_shell_language(block.language)) visit(read_script(block));
  }
}

/// Every statement of the script, inside functions or not.
template <typename Visit>
void each_statement(const Script& script, Visit visit) {
  for (const ScriptFunction& function : script.functions) {
    for (const Statement& statement : function.statements) visit(statement);
  }
  for (const Statement& statement : script.statements) visit(statement);
}

/// Own functions are written in snake_case; commands of the system are not, but for PostgreSQL's.
bool looks_like_own_function(const std::string& word) {
  static const RE2 kForm("[a-z][a-z0-9]*(?:_[a-z0-9]+)+");
  return RE2::FullMatch(word, kForm) && !word.starts_with("pg_");
}

void check_script_runs(const Document& document, Findings& findings) {
  each_script(document, [&](const Script& script) {
    for (const ScriptFunction& function : script.functions) {
      if (!function.statements.empty()) continue;
      findings.at(function.at,
                  "the function '" + function.name + "' has no command in it: bash refuses the whole script",
                  "write what it should do (a lone ':' is the least)");
    }
    std::set<std::string> said;
    each_statement(script, [&](const Statement& statement) {
      for (const std::string& word : commands_in(statement.text)) {
        if (!looks_like_own_function(word) || script.defines(word) || !said.insert(word).second) continue;
        findings.at(statement.at, "'" + word + "' is called, but not defined", "define it, or call what exists");
      }
    });
  });
}

/// A loop without an end of its own: `while true` whose function knows no clock, counter or deadline.
void check_endless(const ScriptFunction& function, Findings& findings) {
  static const RE2 kLoop(R"(^(?:while\s+(?:true|:|\[\[?\s*1\s*\]\]?)|until\s+false)\s*(?:;.*)?$)");
  static const RE2 kBound(R"(SECONDS|(?i)timeout|deadline|attempt|tries|retries|count|\(\()");
  const auto bounded = std::ranges::any_of(
      function.statements, [](const Statement& statement) { return RE2::PartialMatch(statement.text, kBound); });
  if (bounded) return;
  for (const Statement& statement : function.statements) {
    if (!RE2::FullMatch(statement.text, kLoop)) continue;
    findings.at(statement.at, "this loop waits for ever when the recovery does not come",
                "give it a deadline, and say what happens then");
  }
}

void check_script_safe(const Document& document, Findings& findings) {
  each_script(document, [&](const Script& script) {
    std::set<std::string> called;
    bool promotes = false, fences = false;
    Position promotion;
    each_statement(script, [&](const Statement& statement) {
      for (const std::string& word : commands_in(statement.text)) called.insert(word);
      if (!promotes && mentions(statement.text, {"promote", "failover-db", "failover-global"})) {
        promotes = true;
        promotion = statement.at;
      }
      fences |=
          mentions(statement.text, {"fence", "stop-db", "revoke", "isolate", "stonith", "read_only", "read-only"});
    });
    for (const ScriptFunction& function : script.functions) {
      if (!called.contains(function.name)) {
        findings.at(function.at, "the function '" + function.name + "' is never called", "call it, or drop it");
      }
      check_endless(function, findings);
    }
    if (promotes && !fences) {
      findings.at(promotion, "a new primary is promoted while the old one may still accept writes",
                  "fence the old primary first: two writers lose payments");
    }
  });
}

void check_promotes_replica(const Document& document, Findings& findings) {
  if (document.root.at_path("infrastructure.database.rds.cross_region_replica").is_map()) return;
  each_script(document, [&](const Script& script) {
    each_statement(script, [&](const Statement& statement) {
      if (!mentions(statement.text, {"promote-read-replica", "failover-global-cluster"})) return;
      findings.at(statement.at, "the script promotes a replica, but no section defines one",
                  "add infrastructure.database.rds.cross_region_replica; a Multi-AZ standby cannot be promoted so");
    });
  });
}

void check_scales_service(const Document& document, Findings& findings) {
  const Node& compute = document.root.at_path("infrastructure.compute");
  if (!compute["ecs_cluster"]["default_capacity_provider"].text.starts_with("FARGATE")) return;
  each_script(document, [&](const Script& script) {
    each_statement(script, [&](const Statement& statement) {
      if (!mentions(statement.text, {"aws autoscaling "})) return;
      findings.at(statement.at, "the script scales an Auto Scaling group, but the tasks run on Fargate, which has none",
                  "use aws ecs update-service --desired-count");
    });
  });
}

void check_changes_dns(const Document& document, Findings& findings) {
  const Node& primary = document.root.at_path("business_continuity.disaster_recovery.primary_region");
  each_script(document, [&](const Script& script) {
    each_statement(script, [&](const Statement& statement) {
      if (!mentions(statement.text, {"route53 change-resource-record-sets"})) return;
      const bool same = primary.text == "us-east-1";
      findings.at(statement.at,
                  std::string("this call needs Route 53's control plane, which lives in us-east-1") +
                      (same ? ": the region that just failed" : ""),
                  "make health-check fail-over records or ARC routing controls in advance");
    });
  });
}

void check_desired_capacity(const Document& document, Findings& findings) {
  static const RE2 kDesired(R"(--desired-(?:capacity|count)[ =]([0-9]{1,9})\b)");
  const Node& peak = document.root.at_path("infrastructure.compute.application_servers.max_capacity");
  const auto max = number_of(peak);
  if (!max) return;
  each_script(document, [&](const Script& script) {
    each_statement(script, [&](const Statement& statement) {
      int desired = 0;
      if (!RE2::PartialMatch(statement.text, kDesired, &desired) || desired >= *max) return;
      findings.at(statement.at,
                  "the second region gets " + std::to_string(desired) + " servers, but the first may run " + peak.text,
                  "take the larger of " + std::to_string(desired) + " and what the first region runs now");
    });
  });
}

}  // namespace

std::span<const Rule> script_rules() {
  static constexpr std::array kRules{
      Rule{"document.script-broken", Severity::Error, 35, "A recovery script that cannot run",
           "bash refuses a function whose body holds comments only (`bash -n` shows it), and a call of what is not "
           "defined fails in the middle of the recovery. mamori's own recovery replaces such a script.",
           check_script_runs},
      Rule{"document.script-unsafe", Severity::Warning, 35, "A recovery script that does harm, or nothing",
           "A function that nobody calls, a loop without a deadline, and a promotion without fencing the old primary: "
           "the last means two writers, whose payments cannot be joined again.",
           check_script_safe},
      Rule{"document.promotes-nothing", Severity::Error, 29, "A script promotes what no section defines",
           "`aws rds promote-read-replica` works on a read replica, not on a Multi-AZ standby nor on Aurora. Source: "
           "RDS API reference, PromoteReadReplica.",
           check_promotes_replica},
      Rule{"document.scales-group-of-fargate", Severity::Error, 10,
           "A script scales a group that Fargate does not have",
           "Fargate's tasks are scaled through their service: Application Auto Scaling, or ecs update-service.",
           check_scales_service},
      Rule{"document.dns-change-in-recovery", Severity::Warning, 34, "The recovery depends on DNS's control plane",
           "Changing records is a control-plane call, served from us-east-1, and takes up to 60 s to be in sync. Use "
           "what the data plane decides: health-check fail-over records, ARC routing controls.",
           check_changes_dns},
      Rule{"document.desired-below-peak", Severity::Warning, 37, "The second region starts below the first one's peak",
           "A fixed number of servers turns a fail-over at peak into an overload.", check_desired_capacity},
  };
  return kRules;
}

}  // namespace mamori::spec
