// Rules over what only a Markdown file has: diagrams and prose. (Scripts: rules_script.cc.)
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "spec/detail/diagram.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

std::vector<Diagram> diagrams(const Document& document) {
  std::vector<Diagram> found;
  for (const Block& block : document.blocks) {
    if (block.language != "mermaid") continue;
    Diagram diagram = read_diagram(block);
    if (!diagram.nodes.empty()) found.push_back(std::move(diagram));
  }
  return found;
}

bool draws(const std::vector<Diagram>& charts, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(charts, [&](const Diagram& chart) {
    return std::ranges::any_of(chart.nodes, [&](const DiagramNode& node) { return mentions(node.label, words); });
  });
}

void check_gateway_drawn(const Document& document, Findings& findings) {
  const auto charts = diagrams(document);
  if (charts.empty() || draws(charts, {"gateway", "ゲートウェイ"})) return;
  for (const ProseLine& line : document.prose) {
    if (!mentions(line.text, {"api gateway", "apiゲートウェイ", "api ゲートウェイ"})) continue;
    findings.at(
        line.at, "the plan uses an API Gateway, but the diagram has none",
        "drop it (a load balancer with a rate rule does the same; the gateway ends requests after 29 s), or draw "
        "it");
    return;
  }
}

/// "App Server 2" -> "App Server"; "" when the label does not end in a number or a single letter.
std::string stem_of(const std::string& label) {
  static const RE2 kForm(R"((.*[^\s\d#_-])[\s#_-]*(?:\d+|\s[A-Z]))");
  std::string stem;
  return RE2::FullMatch(label, kForm, &stem) ? stem : "";
}

void check_siblings(const Document& document, Findings& findings) {
  for (const Diagram& chart : diagrams(document)) {
    std::map<std::string, std::vector<const DiagramNode*>> families;
    for (const DiagramNode& node : chart.nodes) {
      const std::string stem = stem_of(node.label);
      if (!stem.empty()) families[stem].push_back(&node);
    }
    for (const auto& [stem, members] : families) {
      const DiagramNode* best = nullptr;
      for (const DiagramNode* member : members) {
        if (best == nullptr || chart.targets(member->id).size() > chart.targets(best->id).size()) best = member;
      }
      const auto wanted = chart.targets(best->id);
      for (const DiagramNode* member : members) {
        const auto has = chart.targets(member->id);
        std::string missing;
        for (const std::string& target : wanted) {
          if (std::ranges::binary_search(has, target) || target == member->id) continue;
          const DiagramNode* node = chart.find(target);
          missing += (missing.empty() ? "" : ", ") + (node != nullptr ? node->label : target);
        }
        // Replicas chained one to the other differ on purpose, and have nothing in common.
        const bool alike =
            std::ranges::any_of(has, [&](const std::string& t) { return std::ranges::binary_search(wanted, t); });
        if (missing.empty() || !alike) continue;
        findings.at(member->at,
                    "'" + member->label + "' does not reach " + missing + ", which '" + best->label + "' does",
                    "draw the same edges for every '" + stem + "'");
      }
    }
  }
}

void check_alert_sources(const Document& document, Findings& findings) {
  bool listed = false;
  each_text(document.root["監視・ログ"], [&](const Node& node) { listed |= mentions(node.text, {"prometheus"}); });
  for (const ProseLine& line : document.prose) listed |= mentions(line.text, {"prometheus"});
  if (!listed) return;
  for (const Diagram& chart : diagrams(document)) {
    if (draws({chart}, {"prometheus"})) continue;
    for (const DiagramNode& node : chart.nodes) {
      if (!mentions(node.label, {"alert"})) continue;
      const auto sources = chart.sources(node.id);
      if (sources.size() != 1) continue;
      const DiagramNode* source = chart.find(sources[0]);
      findings.at(node.at,
                  "'" + node.label + "' hears of " + (source != nullptr ? source->label : sources[0]) +
                      " only; Prometheus, which the text chooses, is not in the diagram",
                  "draw Prometheus, and the edge from it to " + node.label);
    }
  }
}

void check_done_but_open(const Document& document, Findings& findings) {
  static const RE2 kBox(R"(\s*[-*+] \[([ xX])\].*)");
  int open = 0, ticked = 0;
  for (const ProseLine& line : document.prose) {
    std::string mark;
    if (line.fenced || !RE2::FullMatch(line.text, kBox, &mark)) continue;
    ++(mark == " " ? open : ticked);
  }
  if (open == 0 || ticked > 0) return;
  static const RE2 kDone(R"((?i)(?:✅|☑|✔).*(?:完了|済|done|completed|finished))");
  for (const ProseLine& line : document.prose) {
    if (!RE2::PartialMatch(line.text, kDone)) continue;
    findings.at(line.at, "this says that work is done, but all " + std::to_string(open) + " boxes are open",
                "tick what is done, or report it as open");
    return;
  }
}

std::optional<double> match_number(const std::string& text, const RE2& form) {
  std::string number;
  return RE2::PartialMatch(text, form, &number) ? read_number(number) : std::nullopt;
}

void check_retries_against_promise(const Document& document, Findings& findings) {
  static const RE2 kPromise(R"((?i)([0-9]+(?:\.[0-9]+)?)\s*(?:秒|s\b|sec|seconds?)[^0-9]{0,12}(?:保証|guarantee))");
  static const RE2 kPromiseFirst(
      R"((?i)(?:保証|guarantee)[^0-9]{0,20}([0-9]+(?:\.[0-9]+)?)\s*(?:秒|s\b|sec|seconds?))");
  static const RE2 kTimeout(R"((?i)([0-9]+)\s*(?:秒|s|sec|seconds?)\s*(?:の)?\s*(?:タイムアウト|time-?out))");
  static const RE2 kTimeoutFirst(R"((?i)(?:タイムアウト|time-?out)[^0-9]{0,10}([0-9]+)\s*(?:秒|s\b|sec|seconds?))");
  static const RE2 kRetries(R"((?i)([0-9]+)\s*(?:回|times|x)?\s*(?:の)?\s*(?:リトライ|再試行|retr))");
  static const RE2 kRetriesFirst(R"((?i)(?:リトライ|再試行|retr\w*)[^0-9]{0,10}([0-9]+)\s*(?:回|times|x|$))");
  const auto either = [](const std::string& text, const RE2& a, const RE2& b) {
    const auto first = match_number(text, a);
    return first ? first : match_number(text, b);
  };
  std::optional<double> promise;
  for (const ProseLine& line : document.prose) {
    const auto found = either(line.text, kPromise, kPromiseFirst);
    if (found && (!promise || *found < *promise)) promise = found;
  }
  if (!promise) return;
  for (const ProseLine& line : document.prose) {
    const auto timeout = either(line.text, kTimeout, kTimeoutFirst);
    const auto retries = either(line.text, kRetries, kRetriesFirst);
    if (!timeout || !retries || *timeout * (*retries + 1) <= *promise) continue;
    findings.at(line.at,
                "a timeout of " + plain(*timeout) + " s with " + plain(*retries) + " retries can take " +
                    plain(*timeout * (*retries + 1)) + " s, but an answer within " + plain(*promise) +
                    " s is guaranteed",
                "make " + plain(*timeout) + " s the deadline of all attempts together, and " + plain(*promise) +
                    " s an objective at p99");
    return;
  }
}

void check_prose_percentiles(const Document& document, Findings& findings) {
  static const RE2 kPercentile(R"(\bp(50|90|95|99)\b)");
  const Node& limits = document.root.at_path("load_testing.acceptance_criteria.response_time");
  for (const ProseLine& line : document.prose) {
    std::string rank;
    if (!RE2::PartialMatch(line.text, kPercentile, &rank)) continue;
    const auto said = find_comparison(line.text);
    const Node& limit = limits["p" + rank];
    const auto accepted = limit_ms_of(limit);
    if (!said || said->unit != Unit::Time || !accepted || said->value == *accepted) continue;
    findings.at(line.at,
                "this wants p" + rank + " " + said->op + " " + plain(said->value) + " ms, the load test accepts " +
                    plain(*accepted) + " ms (line " + std::to_string(limit.at.line) + ")",
                "use one value, or say which requests each is for: API p95 500 ms, checkout p95 2 s");
  }
}

void check_response_against_rto(const Document& document, Findings& findings) {
  const auto rto = shortest_objective(document, "rto");
  if (!rto) return;
  static const RE2 kHeading(R"(\s*(#+)\s*(.*))");
  static const RE2 kFirst(R"((?i)sev(?:erity)?[\s-]*1\b|\bP1\b|critical|重大)");
  bool inside = false;
  for (const ProseLine& line : document.prose) {
    std::string marks, title;
    if (RE2::FullMatch(line.text, kHeading, &marks, &title)) inside = RE2::PartialMatch(title, kFirst);
    if (!inside || !mentions(line.text, {"対応時間", "response", "acknowledg", "初動"})) continue;
    const auto wait = find_duration(line.text);
    if (!wait || *wait <= rto->value) continue;
    findings.at(
        line.at,
        "people answer within " + shown(*wait) + ", but " + rto->name + " must be back within " + shown(rto->value),
        "let automation act first and inform people; acknowledge within " + shown(rto->value));
  }
}

}  // namespace

std::span<const Rule> markdown_rules() {
  static constexpr std::array kRules{
      Rule{"document.gateway-not-drawn", Severity::Warning, 12, "An API Gateway that the diagram does not have",
           "The plan throttles in an API Gateway, the diagram goes from the delivery network to the load balancer. A "
           "gateway would also end requests after 29 s by default, before a payment's deadline of 30 s (API Gateway "
           "quotas). A WAF rate rule before the load balancer does the throttling.",
           check_gateway_drawn},
      Rule{
          "document.sibling-without-edges", Severity::Warning, 13, "One of several alike that reaches less",
          "Servers that share a name and a number do the same work. One that lacks an edge of its siblings cannot pay, "
          "log or be watched when the others are gone.",
          check_siblings},
      Rule{"document.alerts-from-one-source", Severity::Warning, 14, "Alerts fed by something else than chosen",
           "The text chooses Prometheus with Alertmanager, the diagram feeds alerts from one other source. What is not "
           "connected does not alert.",
           check_alert_sources},
      Rule{"document.done-but-open", Severity::Warning, 15, "Done by the text, open by the boxes",
           "A status that contradicts the list of work cannot be trusted in an audit. Report as open what is not "
           "ticked.",
           check_done_but_open},
      Rule{
          "document.retries-exceed-promise", Severity::Error, 16, "Retries that take longer than what is guaranteed",
          "A timeout counts per attempt: 30 s with 3 retries can take two minutes, beyond CloudFront's 30 s and a load "
          "balancer's 60 s. Take 30 s as the total deadline (attempts of 8 s with backoff) and 3 s as a p99 objective.",
          check_retries_against_promise},
      Rule{"document.percentile-differs", Severity::Warning, 18, "One percentile with two limits",
           "A checklist and the load test's acceptance limit the same percentile differently; one of them is not kept.",
           check_prose_percentiles},
      Rule{"document.response-after-rto", Severity::Warning, 32, "People answer after the service must be back",
           "A person who answers within 15 minutes cannot keep an RTO of 5. Automation acts first and people are "
           "informed; an acknowledgement fits within the RTO.",
           check_response_against_rto},
  };
  return kRules;
}

}  // namespace mamori::spec
