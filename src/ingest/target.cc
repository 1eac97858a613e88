#include "ingest/target.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "net/http.h"

namespace mamori::ingest {
namespace {

constexpr std::string_view kAddress = "__address__", kScheme = "__scheme__", kPath = "__metrics_path__",
                           kInterval = "__scrape_interval__", kTimeout = "__scrape_timeout__", kParam = "__param_",
                           kMeta = "__meta_", kHidden = "__", kInstance = "instance", kJob = "job";

LabelSet discovered_labels(const spec::ScrapeConfig& job, const std::string& address, const spec::LabelPairs& labels) {
  LabelSet set;
  set.set(kAddress, address);
  for (const auto& [name, value] : labels) set.set_if_absent(name, value);
  set.set_if_absent(kJob, job.job_name);
  set.set_if_absent(kInterval, format_duration(job.scrape_interval));
  set.set_if_absent(kTimeout, format_duration(job.scrape_timeout));
  set.set_if_absent(kPath, job.metrics_path);
  set.set_if_absent(kScheme, job.scheme);
  for (const auto& [name, values] : job.params) {
    if (!values.empty()) set.set(std::string(kParam) + name, values[0]);
  }
  return set;
}

/// As Go encodes a form: a space is a plus.
std::string form_encode(const std::string& text) {
  std::string encoded = net::percent_encode(text);
  for (auto at = encoded.find("%20"); at != std::string::npos; at = encoded.find("%20", at))
    encoded.replace(at, 3, "+");
  return encoded;
}

/// The job's params; a label __param_NAME takes the place of the first value.
std::string query_of(const spec::ScrapeConfig& job, const LabelSet& labels) {
  std::map<std::string, std::vector<std::string>> params(job.params.begin(), job.params.end());
  for (const auto& [name, value] : labels) {
    if (!name.starts_with(kParam)) continue;
    auto& values = params[name.substr(kParam.size())];
    if (values.empty()) values.emplace_back();
    values[0] = value;
  }
  std::string query;
  for (const auto& [name, values] : params) {
    for (const auto& value : values) {
      query += (query.empty() ? "?" : "&") + form_encode(name) + "=" + form_encode(value);
    }
  }
  return query;
}

Result<Nanos> time_of(const LabelSet& labels, std::string_view name, std::string_view what) {
  const auto time = parse_duration(labels.get(name));
  if (!time || *time <= Nanos{0}) {
    return invalid_argument("the " + std::string(what) + " \"" + std::string(labels.get(name)) +
                            "\" is no duration above 0");
  }
  return *time;
}

/// Of labels that relabelling has kept. Errors: InvalidArgument when it cannot be scraped.
Result<ScrapeTarget> to_target(const spec::ScrapeConfig& job, LabelSet labels) {
  const std::string address(labels.get(kAddress));
  if (address.empty()) return invalid_argument("no address");
  if (address.find('/') != std::string::npos) return invalid_argument("\"" + address + "\" is not a valid hostname");
  const std::string scheme(labels.get(kScheme));
  if (scheme != "http" && scheme != "https") return invalid_argument("the scheme \"" + scheme + "\" is not known");
  ScrapeTarget target;
  MAMORI_TRY(target.interval, time_of(labels, kInterval, "scrape interval"));
  MAMORI_TRY(target.timeout, time_of(labels, kTimeout, "scrape timeout"));
  if (target.timeout > target.interval) {
    return invalid_argument("scrape timeout cannot be greater than scrape interval (" +
                            std::string(labels.get(kTimeout)) + " > " + std::string(labels.get(kInterval)) + ")");
  }
  std::string path(labels.get(kPath));
  if (!path.starts_with('/')) path.insert(0, "/");
  target.url = scheme + "://" + address + path;
  const auto query = query_of(job, labels);
  if (!query.empty()) target.url += path.find('?') == std::string::npos ? query : "&" + query.substr(1);
  labels.set_if_absent(kInstance, address);
  labels.erase_if([](std::string_view name) { return name.starts_with(kHidden); });
  target.labels = labels.pairs();
  return target;
}

}  // namespace

JobTargets make_targets(const spec::ScrapeConfig& job, const Relabeler& relabeler,
                        std::span<const spec::TargetGroup> groups) {
  JobTargets targets;
  std::set<std::pair<std::string, spec::LabelPairs>> seen;
  for (const auto& group : groups) {
    for (const auto& address : group.targets) {
      const auto found = discovered_labels(job, address, group.labels);
      auto labels = found;
      if (!relabeler.apply(labels) || labels.size() == 0) {
        ++targets.dropped_count;
        const auto kept_max = job.limits.dropped_targets;
        if (kept_max == 0 || targets.dropped.size() < kept_max) targets.dropped.push_back(found.pairs());
        continue;
      }
      labels.erase_if([](std::string_view name) { return name.starts_with(kMeta); });
      auto target = to_target(job, std::move(labels));
      if (!target) {
        targets.problems.push_back("target \"" + address + "\": " + target.error().message);
        continue;
      }
      if (!seen.emplace(target->url, target->labels).second) continue;
      target->discovered = found.pairs();
      targets.active.push_back(*std::move(target));
    }
  }
  return targets;
}

}  // namespace mamori::ingest
