#include "spec/detail/rule.h"

#include <algorithm>
#include <stdexcept>

namespace mamori::spec {

namespace {

// A document of nothing but mistakes must not flood a terminal or a page.
constexpr std::size_t kFindingsMax = 1000;

std::vector<Rule> join_rules() {
  std::vector<Rule> rules;
  for (const auto part : {reading_rules(), payment_rules(), scrape_rules(), rule_file_rules(), log_rules(),
                          infrastructure_rules(), security_rules(), continuity_rules(), load_rules(), cdn_rules(),
                          cost_rules(), markdown_rules(), script_rules()}) {
    rules.insert(rules.end(), part.begin(), part.end());
  }
  return rules;
}

}  // namespace

std::span<const Rule> all_rules() {
  static const std::vector<Rule> rules = join_rules();
  return rules;
}

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found = std::ranges::find(rules, id, &Rule::id);
  return found == rules.end() ? nullptr : &*found;
}

void Findings::run(const Rule& rule, const Document& document) {
  if (rule.check == nullptr) return;
  running_ = &rule;
  rule.check(document, *this);
  running_ = nullptr;
}

void Findings::at(const Node& node, std::string message, std::string fix) {
  at(node.at, std::move(message), std::move(fix));
}

void Findings::at_key(const Node& node, std::string message, std::string fix) {
  at(node.key_at, std::move(message), std::move(fix));
}

void Findings::at(Position position, std::string message, std::string fix) {
  if (running_ == nullptr) throw std::logic_error("Findings::at outside of a rule");
  add(*running_, position, std::move(message), std::move(fix));
}

void Findings::report(std::string_view id, Position position, std::string message, std::string fix) {
  const Rule* rule = find_rule(id);
  if (rule == nullptr) throw std::logic_error("no rule is called " + std::string(id));
  add(*rule, position, std::move(message), std::move(fix));
}

void Findings::add(const Rule& rule, Position position, std::string message, std::string fix) {
  if (found_.size() >= kFindingsMax) return;
  Diagnostic diagnostic;
  const auto file = static_cast<std::size_t>(position.file);
  diagnostic.file = file < files_.size() ? files_[file] : "";
  diagnostic.line = position.line;
  diagnostic.column = position.column;
  diagnostic.id = rule.id;
  diagnostic.severity = rule.severity;
  diagnostic.message = std::move(message);
  diagnostic.fix = std::move(fix);
  if (rule.mistake != 0) diagnostic.mistake = rule.mistake;
  found_.emplace_back(position, std::move(diagnostic));
}

std::vector<Diagnostic> Findings::take() {
  std::ranges::stable_sort(found_, {}, &std::pair<Position, Diagnostic>::first);
  std::vector<Diagnostic> diagnostics;
  for (auto& [position, diagnostic] : found_) diagnostics.push_back(std::move(diagnostic));
  found_.clear();
  return diagnostics;
}

bool Findings::has_errors() const {
  return std::ranges::any_of(found_, [](const auto& f) { return f.second.severity == Severity::Error; });
}

}  // namespace mamori::spec
