#include "spec/detail/typed.h"

#include "spec/detail/facts.h"
#include "spec/detail/prometheus_typed.h"

namespace mamori::spec {

namespace {

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> out;
  for (const Node& item : list.items) {
    if (item.is_scalar()) out.push_back(item.text);
  }
  return out;
}

std::string text_or(const Node& node, std::string otherwise) { return node.is_scalar() ? node.text : otherwise; }

void read_monitoring(const Node& section, Spec& spec) {
  for (const Node& item : section["metrics"].items) {
    IndicatorSpec indicator;
    indicator.name = item["name"].text;
    const auto threshold = number_of(item["threshold"]);
    if (indicator.name.empty() || !threshold) continue;
    indicator.threshold = *threshold;
    indicator.period = duration_of(item["period"]).value_or(indicator.period);
    indicator.statistic = item["statistic"].text;
    indicator.alarm_action = item["alarm_action"].text;
    spec.indicators.push_back(std::move(indicator));
  }
  for (const Node& item : section["dashboards"].items) {
    spec.dashboards.push_back({item["name"].text, texts(item["widgets"])});
  }
}

void read_logs(const Node& sections, Spec& spec) {
  for (const Entry& entry : sections.entries) {
    const Node& section = entry.value;
    if (!section["pattern"].is_scalar()) continue;
    LogStreamSpec stream;
    stream.section = entry.key;
    stream.pattern = section["pattern"].text;
    stream.fields = texts(section["fields"]);
    const auto days = number_of(section["retention_days"]);
    if (days && *days >= 1 && *days <= 36'500) stream.retention_days = static_cast<int>(*days);
    for (const Node& alert : section["alerts"].items) {
      if (!alert["condition"].is_scalar()) continue;
      LogAlertSpec found;
      found.section = stream.section;
      found.pattern = stream.pattern;
      found.condition = alert["condition"].text;
      found.period = duration_of(alert["period"]).value_or(found.period);
      found.action = alert["action"].text;
      spec.log_alerts.push_back(std::move(found));
    }
    spec.log_streams.push_back(std::move(stream));
  }
}

}  // namespace

Spec to_spec(const Document& document) {
  Spec spec;
  read_monitoring(document.root["payment_monitoring"], spec);
  read_logs(document.root["log_analysis"], spec);
  spec.prometheus = to_prometheus_config(document);
  for (const Node& item : document.root["notify"].items) {
    if (item["webhook"].is_scalar()) spec.notify.push_back({item["webhook"].text});
  }
  spec.environment_label = text_or(document.root["environment"], "");
  return spec;
}

}  // namespace mamori::spec
