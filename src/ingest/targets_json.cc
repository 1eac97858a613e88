#include "base/json.h"
#include "ingest/scrape.h"

namespace mamori::ingest {
namespace {

void write_labels(JsonWriter& json, std::string_view key, const spec::LabelPairs& labels) {
  json.key(key).begin_object();
  for (const auto& [name, value] : labels) json.field(name, value);
  json.end_object();
}

void write_target(JsonWriter& json, const TargetStatus& target) {
  json.begin_object();
  write_labels(json, "discoveredLabels", target.discovered);
  write_labels(json, "labels", target.labels);
  json.field("scrapePool", target.job).field("scrapeUrl", target.url).field("globalUrl", target.url);
  json.field("lastError", target.last_error);
  json.field("lastScrape",
             target.last_scrape == Timestamp{} ? "0001-01-01T00:00:00Z" : format_rfc3339(target.last_scrape));
  json.field("lastScrapeDuration", target.last_duration_seconds).field("health", target.health);
  json.field("scrapeInterval", format_duration(target.interval));
  json.field("scrapeTimeout", format_duration(target.timeout)).end_object();
}

}  // namespace

std::string targets_json(const std::vector<TargetStatus>& targets, const DroppedTargets& dropped) {
  JsonWriter json;
  json.begin_object().key("activeTargets").begin_array();
  for (const auto& target : targets) write_target(json, target);
  json.end_array().key("droppedTargets").begin_array();
  for (const auto& [job, discovered] : dropped.shown) {
    json.begin_object();
    write_labels(json, "discoveredLabels", discovered);
    json.field("scrapePool", job).end_object();
  }
  json.end_array().key("droppedTargetCounts").begin_object();
  for (const auto& [job, count] : dropped.counts) json.field(job, static_cast<std::int64_t>(count));
  json.end_object().end_object();
  return std::move(json).take();
}

}  // namespace mamori::ingest
