#include "spec/detail/typed.h"

#include "spec/detail/facts.h"

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

StaticTarget read_targets(const Node& node) {
  StaticTarget target{.targets = texts(node["targets"]), .labels = {}};
  for (const Entry& label : node["labels"].entries) target.labels.emplace_back(label.key, label.value.text);
  return target;
}

void read_scrapes(const Document& document, Spec& spec) {
  const Node& global = document.root["global"];
  for (const Node& item : document.root["scrape_configs"].items) {
    if (!item["job_name"].is_scalar()) continue;
    ScrapeJobSpec job;
    job.job_name = item["job_name"].text;
    job.scheme = text_or(item["scheme"], job.scheme);
    job.metrics_path = text_or(item["metrics_path"], job.metrics_path);
    job.scrape_interval = duration_of(global["scrape_interval"]).value_or(job.scrape_interval);
    job.scrape_interval = duration_of(item["scrape_interval"]).value_or(job.scrape_interval);
    job.scrape_timeout = duration_of(global["scrape_timeout"]).value_or(job.scrape_timeout);
    job.scrape_timeout = duration_of(item["scrape_timeout"]).value_or(job.scrape_timeout);
    // A default must not contradict an interval that is shorter.
    job.scrape_timeout = std::min(job.scrape_timeout, job.scrape_interval);
    job.honor_labels = flag_of(item["honor_labels"], job.honor_labels);
    job.honor_timestamps = flag_of(item["honor_timestamps"], job.honor_timestamps);
    for (const Entry& param : item["params"].entries) {
      for (const std::string& value : texts(param.value)) job.params.emplace_back(param.key, value);
    }
    for (const Node& config : item["static_configs"].items) job.static_configs.push_back(read_targets(config));
    spec.scrape_jobs.push_back(std::move(job));
  }
}

}  // namespace

Spec to_spec(const Document& document) {
  Spec spec;
  read_monitoring(document.root["payment_monitoring"], spec);
  read_logs(document.root["log_analysis"], spec);
  read_scrapes(document, spec);
  for (const Node& item : document.root["notify"].items) {
    if (item["webhook"].is_scalar()) spec.notify.push_back({item["webhook"].text});
  }
  spec.environment_label = text_or(document.root["environment"], "");
  return spec;
}

}  // namespace mamori::spec
