#include "console/overview.h"

#include <array>
#include <optional>

#include "alerts/manager.h"
#include "base/json.h"
#include "base/text.h"

namespace mamori::console {
namespace {

void write_optional(JsonWriter& json, const char* name, const std::optional<double>& value) {
  json.key(name);
  if (value) {
    json.number(*value);
  } else {
    json.null();
  }
}

void write_strings(JsonWriter& json, const char* name, const std::vector<std::string>& values) {
  json.key(name).begin_array();
  for (const auto& value : values) json.string(value);
  json.end_array();
}

void write_verdict(JsonWriter& json, const rules::Verdict& verdict) {
  json.key("verdict").begin_object().field("state", std::string(to_string(verdict.state)));
  json.field("since", format_rfc3339(verdict.since)).key("reasons").begin_array();
  for (const auto& reason : verdict.reasons) {
    json.begin_object().field("code", reason.code).field("indicator", reason.indicator).field("alert", reason.alert);
    write_optional(json, "value", reason.value);
    write_optional(json, "threshold", reason.threshold);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_indicators(JsonWriter& json, const std::vector<rules::IndicatorState>& indicators) {
  json.key("indicators").begin_array();
  for (const auto& indicator : indicators) {
    json.begin_object().field("name", indicator.name).field("unit", indicator.unit);
    write_optional(json, "value", indicator.value);
    json.field("op", indicator.op).field("threshold", indicator.threshold);
    json.field("state", std::string(to_string(indicator.state))).field("window_seconds", indicator.window_seconds);
    json.field("events", indicator.events).field("bad", indicator.bad).field("severity", indicator.severity);
    json.field("statistic", indicator.statistic).end_object();
  }
  json.end_array();
}

/// What a widget's title means: its kind on the page, by the words that make it.
struct WidgetKind {
  std::string_view kind;
  std::array<std::string_view, 2> words;  // all must stand in the title, in any case
  bool available;                         // its data can be computed by this version
};

constexpr std::array kWidgetKinds = {
    WidgetKind{"volume", {"volume", ""}, true},
    WidgetKind{"methods", {"success rate", "method"}, true},
    WidgetKind{"countries", {"geographic", ""}, true},
    WidgetKind{"revenue", {"revenue", ""}, true},
    WidgetKind{"failures", {"fail", "reason"}, true},
    WidgetKind{"api_response_times", {"response time", ""}, true},
    WidgetKind{"database", {"database", ""}, false},
    WidgetKind{"cache", {"cache", ""}, false},
    WidgetKind{"errors_by_endpoint", {"error", "endpoint"}, true},
    WidgetKind{"resources", {"resource", ""}, true},
};

const WidgetKind* kind_of(std::string_view title) {
  const auto lower = to_lower(title);
  for (const auto& kind : kWidgetKinds) {
    if (lower.find(kind.words[0]) != std::string::npos && lower.find(kind.words[1]) != std::string::npos) return &kind;
  }
  return nullptr;
}

std::vector<spec::DashboardSpec> default_dashboards() {
  return {{"Payment Performance Dashboard",
           {"Real-time transaction volume", "Success rate by payment method", "Geographic distribution of payments",
            "Revenue per minute", "Failed payment reasons breakdown"}},
          {"Technical Metrics Dashboard",
           {"API response times", "Database query performance", "Cache hit rates", "Error rates by endpoint",
            "Infrastructure resource utilization"}}};
}

}  // namespace

std::string overview_json(const OverviewInput& input) {
  JsonWriter json;
  json.begin_object().field("now", format_rfc3339(input.evaluation.at)).field("version", input.version);
  json.field("environment", input.environment).field("configured", !input.config.files.empty());
  json.key("config").begin_object();
  write_strings(json, "files", input.config.files);
  json.field("last_reload_successful", input.config.last_reload_successful);
  json.field("last_reload_error", input.config.last_reload_error).end_object();
  write_verdict(json, input.evaluation.verdict);
  write_indicators(json, input.evaluation.indicators);
  json.key("acceptance").begin_object();
  write_optional(json, "value", input.evaluation.acceptance.value);
  json.field("events", input.evaluation.acceptance.events).end_object();
  json.key("alerts").raw(alerts::overview_json(input.alerts));
  json.key("streams").begin_array();
  for (const auto& stream : input.streams) {
    json.begin_object().field("stream", stream.stream).field("lines", stream.lines);
    json.field("first", format_rfc3339(stream.first)).field("last", format_rfc3339(stream.last)).end_object();
  }
  json.end_array().key("scrape_targets").begin_array();
  for (const auto& target : input.targets) {
    json.begin_object().field("job", target.job).field("instance", target.instance).field("health", target.health);
    json.field("last_error", target.last_error);
    json.field("last_scrape", target.last_scrape == Timestamp{} ? "" : format_rfc3339(target.last_scrape)).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::string dashboards_json(const std::vector<spec::DashboardSpec>& dashboards) {
  JsonWriter json;
  json.begin_object().key("dashboards").begin_array();
  for (const auto& dashboard : dashboards.empty() ? default_dashboards() : dashboards) {
    json.begin_object().field("name", dashboard.name).key("widgets").begin_array();
    for (const auto& title : dashboard.widgets) {
      const auto* kind = kind_of(title);
      json.begin_object().field("title", title);
      json.field("kind", kind == nullptr ? std::string("unknown") : std::string(kind->kind));
      json.field("available", kind != nullptr && kind->available).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace mamori::console
