// spec/detail/rule.h: the form of the one table of rules, and how a rule reports what it finds.
// Invariant: every diagnostic of this room carries the id of a row of that table, so `--explain` knows them all.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/detail/node.h"
#include "spec/spec.h"

namespace mamori::spec {

class Findings;

struct Rule {
  std::string_view id;  // "infra.cidr-invalid"
  Severity severity = Severity::Error;
  int mistake = 0;               // number in the table of the design log's mistakes; 0: none
  std::string_view title;        // one line
  std::string_view explanation;  // why, with the source
  /// Looks at the merged document and reports. Null for rules that the reader and the schema apply themselves.
  void (*check)(const Document& document, Findings& findings) = nullptr;
};

/// Every rule, in the order of the document's sections.
std::span<const Rule> all_rules();
/// The rule called `id`, or null.
const Rule* find_rule(std::string_view id);

// The parts of the table, one per file.
std::span<const Rule> reading_rules();
std::span<const Rule> payment_rules();
std::span<const Rule> scrape_rules();
std::span<const Rule> rule_file_rules();
std::span<const Rule> log_rules();
std::span<const Rule> infrastructure_rules();
std::span<const Rule> security_rules();
std::span<const Rule> continuity_rules();
std::span<const Rule> load_rules();
std::span<const Rule> cdn_rules();
std::span<const Rule> cost_rules();
std::span<const Rule> markdown_rules();
std::span<const Rule> script_rules();

/// Collects diagnostics; fills in the id, severity and mistake of the rule that is running.
class Findings {
 public:
  explicit Findings(const std::vector<std::string>& files) : files_(files) {}

  void run(const Rule& rule, const Document& document);

  /// A finding of the running rule at a value, at its key, or at a position.
  void at(const Node& node, std::string message, std::string fix);
  void at_key(const Node& node, std::string message, std::string fix);
  void at(Position position, std::string message, std::string fix);

  /// A finding of the rule `id`, for the reader and the schema.
  void report(std::string_view id, Position position, std::string message, std::string fix);

  std::vector<Diagnostic> take();  // sorted by file (in the order given), line, column
  bool has_errors() const;

 private:
  void add(const Rule& rule, Position position, std::string message, std::string fix);

  const std::vector<std::string>& files_;
  const Rule* running_ = nullptr;
  std::vector<std::pair<Position, Diagnostic>> found_;
};

}  // namespace mamori::spec
