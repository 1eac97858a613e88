#include "console/rules_view.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "console/detail/prometheus_json.h"
#include "metrics/promql/parser.h"

namespace mamori::console {
namespace {

using metrics::Matcher;
using rules::GroupStatus;
using rules::RuleAlert;
using rules::RuleKind;
using rules::RuleStatus;

double seconds(Nanos duration) { return std::chrono::duration<double>(duration).count(); }

/// Go's zero time stands for "never".
std::string moment(Timestamp time) { return time == Timestamp{} ? "0001-01-01T00:00:00Z" : format_rfc3339(time); }

/// As strconv's 'e' with the fewest digits: 1e+00.
std::string scientific(double value) {
  if (value != value) return "NaN";
  if (value > std::numeric_limits<double>::max()) return "+Inf";
  if (value < std::numeric_limits<double>::lowest()) return "-Inf";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  return {buffer, end};
}

void write_pairs(JsonWriter& json, std::string_view key, const rules::TextPairs& pairs) {
  json.key(key).begin_object();
  for (const auto& [name, value] : pairs) json.field(name, value);
  json.end_object();
}

void write_alert(JsonWriter& json, const RuleAlert& alert) {
  json.begin_object();
  std::string labels;
  append_api_labels(labels, alert.labels);
  json.key("labels").raw(labels);
  write_pairs(json, "annotations", alert.annotations);
  json.field("state", std::string(to_string(alert.state))).field("activeAt", format_rfc3339(alert.active_at));
  if (alert.keep_firing_since) json.field("keepFiringSince", format_rfc3339(*alert.keep_firing_since));
  json.field("value", scientific(alert.value)).end_object();
}

rules::RuleAlertState worst_state(const RuleStatus& status) {
  auto worst = rules::RuleAlertState::Inactive;
  for (const auto& alert : status.alerts) worst = std::max(worst, alert.state);
  return worst;
}

/// What a request leaves of the groups.
class View {
 public:
  static Result<View> of(const net::Params& params) {
    View view;
    const auto type = to_lower(params.get_or("type", ""));
    if (!type.empty() && type != "alert" && type != "record")
      return invalid_argument("invalid parameter \"type\": not supported value " + metrics::promql::quote(type));
    if (type == "alert") view.kind_ = RuleKind::Alerting;
    if (type == "record") view.kind_ = RuleKind::Recording;
    view.names_ = params.all("rule_name[]");
    view.groups_ = params.all("rule_group[]");
    view.files_ = params.all("file[]");
    for (const auto selector : params.all("match[]")) {
      auto matchers = metrics::promql::parse_selector(selector);
      if (!matchers) return invalid_argument("invalid parameter \"match[]\": " + matchers.error().message);
      view.any_of_.push_back(*std::move(matchers));
    }
    MAMORI_TRY(view.exclude_alerts_, flag(params.get_or("exclude_alerts", "")));
    MAMORI_TRY_VOID(view.read_page(params));
    return view;
  }

  Result<std::string> json(std::span<const GroupStatus> groups) const {
    std::vector<const GroupStatus*> shown;
    for (const auto& group : groups) {
      if (wants(group)) shown.push_back(&group);
    }
    auto begin = shown.begin();
    if (!token_.empty()) {
      begin = std::ranges::find_if(shown, [&](const auto* group) { return token_of(*group) == token_; });
      if (begin == shown.end())
        return invalid_argument("invalid parameter \"group_next_token\": invalid group_next_token '" + token_ +
                                "'. were rule groups changed?");
    }
    JsonWriter json;
    json.begin_object().key("groups").begin_array();
    std::size_t count = 0;
    std::string next;
    for (auto at = begin; at != shown.end(); ++at) {
      if (limit_ > 0 && count == limit_) {
        next = token_of(**at);
        break;
      }
      write_group(json, **at);
      ++count;
    }
    json.end_array();
    if (!next.empty()) json.field("groupNextToken", next);
    json.end_object();
    return std::move(json).take();
  }

 private:
  using Texts = std::vector<std::string_view>;

  static Result<bool> flag(std::string_view text) {
    if (text.empty()) return false;
    for (const auto word : {"1", "t", "T", "TRUE", "true", "True"}) {
      if (text == word) return true;
    }
    for (const auto word : {"0", "f", "F", "FALSE", "false", "False"}) {
      if (text == word) return false;
    }
    return invalid_argument("invalid parameter \"exclude_alerts\": error converting exclude_alerts: " +
                            metrics::promql::quote(text) + " is neither true nor false");
  }

  Result<void> read_page(const net::Params& params) {
    const auto limit = params.get_or("group_limit", "");
    token_ = params.get_or("group_next_token", "");
    if (limit.empty()) {
      if (!token_.empty())
        return invalid_argument(
            "invalid parameter \"group_limit\": group_limit needs to be present in order to paginate over the groups");
      return {};
    }
    const auto [end, failure] = std::from_chars(limit.data(), limit.data() + limit.size(), limit_);
    if (failure != std::errc{} || end != limit.data() + limit.size())
      return invalid_argument("invalid parameter \"group_limit\": group_limit needs to be a valid number");
    if (limit_ == 0)
      return invalid_argument("invalid parameter \"group_limit\": group_limit needs to be greater than 0");
    return {};
  }

  /// Which group a page begins with; a group that moves keeps its token.
  static std::string token_of(const GroupStatus& group) {
    std::uint64_t hash = 14695981039346656037ull;
    for (const char c : group.definition->key()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    char buffer[17] = "";
    std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(hash));
    return buffer;
  }

  static bool among(const Texts& wanted, std::string_view text) {
    return wanted.empty() || std::ranges::find(wanted, text) != wanted.end();
  }

  bool wants(const GroupStatus& group) const {
    if (!among(groups_, group.definition->name) || !among(files_, group.definition->file)) return false;
    return std::ranges::any_of(group.rules, [this](const auto& rule) { return wants(rule); });
  }

  bool wants(const RuleStatus& status) const {
    const auto& rule = *status.rule;
    if ((kind_ && rule.kind != *kind_) || !among(names_, rule.name)) return false;
    if (any_of_.empty()) return true;
    const metrics::Labels labels(rule.labels);
    return std::ranges::any_of(any_of_, [&](const auto& all_of) {
      return std::ranges::all_of(all_of, [&](const Matcher& m) { return m.matches(labels.get(m.name())); });
    });
  }

  void write_group(JsonWriter& json, const GroupStatus& group) const {
    json.begin_object().field("name", group.definition->name).field("file", group.definition->file);
    json.key("rules").begin_array();
    for (const auto& rule : group.rules) {
      if (wants(rule)) write_rule(json, rule);
    }
    json.end_array().field("interval", seconds(group.definition->interval));
    json.field("limit", std::max<std::int64_t>(group.definition->limit, 0));
    json.field("evaluationTime", seconds(group.evaluation_time)).field("lastEvaluation", moment(group.last_evaluation));
    json.end_object();
  }

  void write_rule(JsonWriter& json, const RuleStatus& status) const {
    const auto& rule = *status.rule;
    const bool alerting = rule.kind == RuleKind::Alerting;
    json.begin_object();
    if (alerting) json.field("state", std::string(to_string(worst_state(status))));
    json.field("name", rule.name).field("query", rule.shown_query());
    if (alerting) {
      json.field("duration", seconds(rule.hold)).field("keepFiringFor", seconds(rule.keep_firing_for));
      write_pairs(json, "labels", rule.labels);
      write_pairs(json, "annotations", rule.annotations);
      json.key("alerts").begin_array();
      if (!exclude_alerts_) {
        for (const auto& alert : status.alerts) write_alert(json, alert);
      }
      json.end_array();
    } else if (!rule.labels.empty()) {
      write_pairs(json, "labels", rule.labels);
    }
    json.field("health", std::string(to_string(status.health)));
    if (!status.last_error.empty()) json.field("lastError", status.last_error);
    json.field("evaluationTime", seconds(status.evaluation_time));
    json.field("lastEvaluation", moment(status.last_evaluation));
    json.field("type", alerting ? "alerting" : "recording").end_object();
  }

  std::optional<RuleKind> kind_;
  Texts names_, groups_, files_;
  std::vector<std::vector<Matcher>> any_of_;
  bool exclude_alerts_ = false;
  std::size_t limit_ = 0;
  std::string token_;
};

}  // namespace

Result<std::string> rules_json(const net::Params& params, std::span<const GroupStatus> groups) {
  MAMORI_TRY(const auto view, View::of(params));
  return view.json(groups);
}

void append_rule_alerts(std::string& json, std::span<const GroupStatus> groups) {
  MAMORI_ASSERT(json.ends_with("]}"));
  json.resize(json.size() - 2);
  bool first = json.ends_with('[');
  for (const auto& group : groups) {
    for (const auto& rule : group.rules) {
      for (const auto& alert : rule.alerts) {
        JsonWriter one;
        write_alert(one, alert);
        if (!first) json += ',';
        first = false;
        json += one.text();
      }
    }
  }
  json += "]}";
}

}  // namespace mamori::console
