// Rules over business_continuity and what it asks of the infrastructure.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

const Node& recovery(const Document& document) {
  return document.root.at_path("business_continuity.disaster_recovery");
}
const Node& replica(const Document& document) {
  return document.root.at_path("infrastructure.database.rds.cross_region_replica");
}

// RDS restores to the last five minutes or so (RDS User Guide, point-in-time recovery).
constexpr Nanos kRestoreLag = Seconds{300};

void check_rpo_reachable(const Document& document, Findings& findings) {
  const auto rpo = shortest_objective(document, "rpo");
  if (!rpo || rpo->value >= kRestoreLag) return;
  // A file with objectives alone says nothing about how they are kept.
  if (!document.root["infrastructure"].exists() &&
      !document.root.at_path("business_continuity.backup_strategy").exists()) {
    return;
  }
  const bool other_region = recovery(document)["secondary_region"].is_scalar();
  const Node& copy = replica(document);
  const std::string promise = "the RPO of " + rpo->name + " is " + shown(rpo->value);
  if (!copy.is_map()) {
    const bool standby = flag_of(document.root.at_path("infrastructure.database.rds.multi_az"));
    if (!other_region && standby) return;
    findings.at(
        *rpo->node, promise + ", but backups and point-in-time recovery reach back to about 5 minutes before now",
        other_region
            ? "add infrastructure.database.rds.cross_region_replica with a lag_alarm of at most " + shown(rpo->value)
            : "add a synchronous standby: multi_az: true");
    return;
  }
  const auto alarm = duration_of(copy["lag_alarm"]);
  if (alarm && *alarm <= rpo->value) return;
  findings.at(alarm ? copy["lag_alarm"] : copy,
              promise + ", but the replica's lag " +
                  (alarm ? "is noticed only beyond " + shown(*alarm) : std::string("is not watched")),
              "set lag_alarm to at most " + shown(rpo->value));
}

void check_replica_exists(const Document& document, Findings& findings) {
  const Node& plan = recovery(document);
  const Node& second = plan["secondary_region"];
  if (!second.is_scalar() || replica(document).is_map() || !document.root["infrastructure"].exists()) return;
  const Node* where = &second;
  for (const Node& step : plan["recovery_procedures"].items) {
    if (mentions(step.text, {"promot", "昇格"})) where = &step;
  }
  findings.at(*where,
              "no replica is defined in " + second.text + " that could be promoted; multi_az stays within one region",
              "add infrastructure.database.rds.cross_region_replica, or an Aurora Global Database");
}

void check_replica_region(const Document& document, Findings& findings) {
  const Node& region = replica(document)["region"];
  const Node& second = recovery(document)["secondary_region"];
  if (!region.is_scalar() || !second.is_scalar() || region.text == second.text) return;
  findings.at(region, "the replica lives in " + region.text + ", but the second region is " + second.text,
              "put it into " + second.text);
}

void check_same_region(const Document& document, Findings& findings) {
  const Node& plan = recovery(document);
  const Node& second = plan["secondary_region"];
  if (second.is_scalar() && second.text == plan["primary_region"].text) {
    findings.at(second, "the second region is the first one", "choose another region");
  }
}

void check_trigger_against_rto(const Document& document, Findings& findings) {
  const auto rto = shortest_objective(document, "rto");
  if (!rto) return;
  for (const Node& trigger : recovery(document)["failover_trigger"].items) {
    const auto wait = trigger.is_map() ? duration_of(trigger["for"]) : find_duration(trigger.text);
    // Detection that takes over half of the RTO leaves no time to act and to verify.
    if (!wait || *wait * 2 <= rto->value) continue;
    findings.at(
        trigger,
        "waiting " + shown(*wait) + " before acting eats the RTO of " + rto->name + " (" + shown(rto->value) + ")",
        "detect within 60 s and act within 3 min");
  }
}

void check_trigger_quorum(const Document& document, Findings& findings) {
  const Node& plan = recovery(document);
  if (plan["failover_type"].text != "automatic") return;
  static const RE2 kMeasure(
      R"((?i)[0-9]+\s*(?:of|/|out of)\s*[0-9]+|quorum|majority|witness|[0-9]+\s*(?:s|sec|min|m)\b|分|秒)");
  for (const Node& trigger : plan["failover_trigger"].items) {
    const bool measured = trigger.is_map() ? trigger["for"].exists() && trigger["observers"].exists()
                                           : RE2::PartialMatch(trigger.text, kMeasure);
    if (measured) continue;
    const std::string text = trigger.is_map() ? trigger["condition"].text : trigger.text;
    findings.at(trigger, "one failed check ('" + text.substr(0, 80) + "') moves everything to another region by itself",
                "say how many observers must agree and for how long: 3 of 3 within 30 s");
  }
}

constexpr double kMonthMinutes = 30 * 24 * 60;

/// The highest usual availability that survives two recoveries a month.
double promise_for(Nanos rto) {
  for (const double percent : {99.999, 99.99, 99.95, 99.9, 99.5, 99.0, 95.0}) {
    if (kMonthMinutes * (100 - percent) / 100 >= 2 * seconds(rto) / 60) return percent;
  }
  return 90;
}

void check_availability_against_rto(const Document& document, Findings& findings) {
  for (const Entry& entry : document.root.at_path("business_continuity.objectives").entries) {
    const Node& node = entry.value["availability"];
    const auto percent = percent_of(node);
    const auto rto = duration_of(entry.value["rto"]);
    if (!percent || !rto || *percent > 100) continue;
    const double budget = kMonthMinutes * (100 - *percent) / 100;
    if (budget >= seconds(*rto) / 60) continue;
    findings.at(node,
                plain(*percent) + "% allows " + plain(std::round(budget * 100) / 100) +
                    " min of downtime in 30 days, less than one recovery of " + shown(*rto),
                "promise " + plain(promise_for(*rto)) + "%, or an RTO of at most " +
                    shown(Seconds{std::max<std::int64_t>(1, static_cast<std::int64_t>(budget * 60 / 2))}));
  }
}

void check_grace_period(const Document& document, Findings& findings) {
  const Node& node = document.root.at_path("infrastructure.compute.application_servers.health_check_grace_period");
  const auto grace = duration_of(node);
  const auto rto = shortest_objective(document, "rto");
  if (!grace || !rto || *grace * 2 <= rto->value) return;
  findings.at(node, "a dead instance stays hidden for " + shown(*grace) + ", against an RTO of " + shown(rto->value),
              "use 60");
}

void check_dns_control_plane(const Document& document, Findings& findings) {
  const Node& plan = recovery(document);
  if (plan["primary_region"].text != "us-east-1") return;
  for (const Node& step : plan["recovery_procedures"].items) {
    if (!mentions(step.text, {"dns", "route 53", "route53"})) continue;
    if (mentions(step.text, {"health check", "health-check", "arc", "routing control"})) continue;
    findings.at(step,
                "changing DNS needs Route 53's control plane, which lives in us-east-1: the region that just failed",
                "make health-check fail-over records or ARC routing controls in advance");
  }
}

struct Country {
  int utc_offset_minutes;
  std::vector<std::string_view> regions;
};

/// Where the users of a country are near. Only countries with regions of their own: others are not judged.
const std::map<std::string, Country, std::less<>>& countries() {
  static const std::map<std::string, Country, std::less<>> kCountries{
      {"JP", {540, {"ap-northeast-1", "ap-northeast-3"}}},
      {"KR", {540, {"ap-northeast-2", "ap-northeast-1", "ap-northeast-3"}}},
      {"SG", {480, {"ap-southeast-1", "ap-southeast-3", "ap-southeast-5"}}},
      {"IN", {330, {"ap-south-1", "ap-south-2"}}},
      {"AU", {600, {"ap-southeast-2", "ap-southeast-4"}}},
      {"DE", {60, {"eu-central-1", "eu-central-2", "eu-west-1", "eu-west-3", "eu-north-1", "eu-south-1"}}},
      {"FR", {60, {"eu-west-3", "eu-central-1", "eu-west-1", "eu-central-2", "eu-south-1", "eu-south-2"}}},
      {"GB", {0, {"eu-west-2", "eu-west-1", "eu-west-3", "eu-central-1"}}},
      {"US", {-300, {"us-east-1", "us-east-2", "us-west-1", "us-west-2"}}},
      {"CA", {-300, {"ca-central-1", "ca-west-1", "us-east-1", "us-east-2"}}},
      {"BR", {-180, {"sa-east-1"}}},
  };
  return kCountries;
}

struct Users {
  std::string country;
  const Country* facts = nullptr;
};

Users users(const Document& document) {
  const Node& node = document.root["users"];
  Users found{node.is_scalar() ? node.text : "JP"};
  const auto known = countries().find(found.country);
  if (known != countries().end()) found.facts = &known->second;
  return found;
}

void check_users(const Document& document, Findings& findings) {
  const Node& node = document.root["users"];
  if (node.is_scalar() && !RE2::FullMatch(node.text, "[A-Z]{2}")) {
    findings.at(node, "'" + node.text.substr(0, 40) + "' is no country code", "write two capital letters, such as JP");
  }
}

void check_backup_window(const Document& document, Findings& findings) {
  const Node& window = document.root.at_path("business_continuity.backup_strategy.database.backup_window");
  if (!window.is_scalar()) return;
  static const RE2 kForm(
      R"(\s*([01]?[0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01]?[0-9]|2[0-3]):([0-5][0-9])\s*(?:UTC|Z)?\s*)");
  int hour = 0, minute = 0, end_hour = 0, end_minute = 0;
  if (!RE2::FullMatch(window.text, kForm, &hour, &minute, &end_hour, &end_minute)) {
    findings.at(window, "'" + window.text.substr(0, 60) + "' is no window in UTC", "write it as \"18:00-19:00 UTC\"");
    return;
  }
  const Users who = users(document);
  if (who.facts == nullptr) return;
  constexpr int kDay = 24 * 60;
  const auto local = [&](int h, int m) { return (h * 60 + m + who.facts->utc_offset_minutes + kDay) % kDay; };
  const auto clock = [](int minutes) {
    const std::string rest = std::to_string(minutes % 60);
    return std::to_string(minutes / 60) + ":" + (rest.size() < 2 ? "0" : "") + rest;
  };
  const int begin = local(hour, minute);
  // People pay from the morning until late in the evening.
  constexpr int kBusyFrom = 7 * 60, kBusyUntil = 23 * 60;
  if (begin < kBusyFrom || begin >= kBusyUntil) return;
  const int quiet = (3 * 60 - who.facts->utc_offset_minutes + kDay) % kDay;
  findings.at(window,
              "the backup window is " + clock(begin) + " to " + clock(local(end_hour, end_minute)) +
                  " where users live (" + who.country + ")",
              "use \"" + clock(quiet) + "-" + clock((quiet + 60) % kDay) + " UTC\", 3 to 4 in the morning there");
}

void check_regions(const Document& document, Findings& findings) {
  const Users who = users(document);
  if (who.facts == nullptr) return;
  for (const std::string_view key : {"primary_region", "secondary_region"}) {
    const Node& region = recovery(document)[key];
    if (!region.is_scalar() || std::ranges::find(who.facts->regions, region.text) != who.facts->regions.end()) continue;
    const std::string first(who.facts->regions.front());
    const std::string other(who.facts->regions.size() > 1 ? who.facts->regions[1] : who.facts->regions[0]);
    findings.at(region,
                std::string(key) + " " + region.text + " is far from users in " + who.country +
                    ": each round trip costs 100 ms or more, and their personal data goes abroad",
                "use " + (key == "primary_region" ? first : other) + ", or set 'users:' to their country");
  }
}

void check_secondary_capacity(const Document& document, Findings& findings) {
  const Node& node = recovery(document)["secondary_capacity"];
  const auto second = number_of(node);
  const Node& peak = document.root.at_path("infrastructure.compute.application_servers.max_capacity");
  const auto max = number_of(peak);
  if (!second || !max || *second >= *max) return;
  findings.at(node, "the second region gets " + node.text + " servers, but the first may run " + peak.text,
              "scale it to the larger of its minimum and what the first region runs now");
}

void check_backup_retention_agrees(const Document& document, Findings& findings) {
  const Node& rds = document.root.at_path("infrastructure.database.rds.backup_retention_period");
  const Node& plan = document.root.at_path("business_continuity.backup_strategy.database.retention_period");
  const auto a = days_of(rds);
  const auto b = days_of(plan);
  if (!a || !b || *a == *b) return;
  findings.at(plan, "backups are kept " + plain(*b) + " days here and " + plain(*a) + " days by the database",
              "use one number");
}

void check_glacier(const Document& document, Findings& findings) {
  const Node& data = document.root.at_path("business_continuity.backup_strategy.application_data");
  const Node& node = data["glacier_transition"];
  const auto days = days_of(node);
  // Three months have up to 92 days.
  if (!days || *days >= 93 || data["glacier_storage_class"].text == "GLACIER_IR") return;
  findings.at(node,
              "after " + plain(*days) +
                  " days logs go to Glacier, which takes hours to read; three months at hand are up "
                  "to 92 days",
              "use 93 or more, or glacier_storage_class: GLACIER_IR");
}

}  // namespace

std::span<const Rule> continuity_rules() {
  static constexpr std::array kRules{
      Rule{"continuity.users-country", Severity::Error, 0, "No country code",
           "`users` is the country of most users as in ISO 3166-1 alpha-2. Regions and backup windows are judged from "
           "there; the default is JP.",
           check_users},
      Rule{"continuity.rpo-unreachable", Severity::Error, 28, "An RPO that backups cannot keep",
           "RDS restores to about five minutes before now. An RPO below that needs a synchronous standby within the "
           "region, and across regions a replica whose lag alarms below the RPO: once the lag is larger, the RPO is "
           "lost "
           "already. Backups are for mistakes. Source: RDS User Guide, point-in-time recovery.",
           check_rpo_reachable},
      Rule{"continuity.no-replica", Severity::Error, 29, "Nothing to promote in the second region",
           "Multi-AZ keeps a standby in another zone of the same region; it cannot be promoted elsewhere. A fail-over "
           "to a second region needs a cross-region read replica or an Aurora Global Database. Source: RDS User Guide, "
           "Multi-AZ and read replicas.",
           check_replica_exists},
      Rule{"continuity.replica-region", Severity::Error, 0, "The replica is elsewhere",
           "The replica that a fail-over promotes must live in the region that takes over.", check_replica_region},
      Rule{"continuity.same-region", Severity::Error, 0, "Both regions are one",
           "A second region protects from the loss of the first only if it is another one.", check_same_region},
      Rule{"continuity.trigger-eats-rto", Severity::Error, 30, "Detection takes the time of the recovery",
           "The RTO counts from the failure. Waiting for more than half of it before acting leaves too little for the "
           "promotion, the traffic and the proof: detect within 60 s, act within 3 min.",
           check_trigger_against_rto},
      Rule{"continuity.trigger-without-quorum", Severity::Warning, 36, "One failed check moves the region",
           "An automatic fail-over on a single observation flaps: a lost probe looks like a lost region. Ask a quorum "
           "of "
           "independent observers for some seconds (orchestrator and Patroni do the same).",
           check_trigger_quorum},
      Rule{"continuity.availability-below-rto", Severity::Error, 31, "Less downtime allowed than one recovery takes",
           "99.99 % are 4.32 minutes in 30 days; one recovery of five minutes breaks it. Promise 99.95 % (21.6 "
           "minutes), "
           "or recover faster.",
           check_availability_against_rto},
      Rule{"continuity.grace-hides-failure", Severity::Warning, 33, "A grace period as long as the recovery",
           "While the grace period runs, a dead instance is not replaced. Keep it near the real start-up time: 60 s.",
           check_grace_period},
      Rule{"continuity.dns-control-plane", Severity::Warning, 34, "DNS is changed through the region that failed",
           "Route 53's control plane is in us-east-1; its data plane is everywhere. Prepare health-check fail-over "
           "records or ARC routing controls, which need no change call. Source: Route 53 Developer Guide, accelerated "
           "recovery (a 60-minute objective).",
           check_dns_control_plane},
      Rule{"continuity.secondary-too-small", Severity::Warning, 37, "The second region is smaller than the first",
           "A fixed number of servers below the first region's peak turns a fail-over into an overload. Scale to the "
           "larger of the minimum and what the first region runs at that moment.",
           check_secondary_capacity},
      Rule{"continuity.backup-at-peak", Severity::Warning, 38, "Backups while people pay",
           "03:00 UTC is noon in Japan. A backup window belongs into the users' night (18:00-19:00 UTC for Japan); "
           "`users` names their country.",
           check_backup_window},
      Rule{"continuity.region-far-from-users", Severity::Warning, 39, "Regions far from the users",
           "Crossing the Pacific costs some 150 ms per round trip, and personal data of people in Japan abroad needs "
           "their consent or equivalent measures (APPI, article 28). ap-northeast-1 and ap-northeast-3 are in Japan.",
           check_regions},
      Rule{"continuity.retention-differs", Severity::Warning, 0, "Two retentions of one backup",
           "The database and the backup plan name different numbers of days.", check_backup_retention_agrees},
      Rule{
          "continuity.glacier-too-early", Severity::Warning, 27, "Logs leave for the archive within three months",
          "PCI DSS 10.5.1 wants the most recent three months at hand, which are up to 92 days, and a read from Glacier "
          "takes hours. Move at 93 days or later, or to Glacier Instant Retrieval.",
          check_glacier},
  };
  return kRules;
}

}  // namespace mamori::spec
