// Rules over payment_monitoring, its relations to the load test and the objectives, and what is notified.
#include <re2/re2.h>

#include <array>
#include <set>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

bool pages(const Node& metric) {
  const std::string& action = metric["alarm_action"].text;
  return action == "immediate_alert" || action == "critical_alert";
}

bool is_percentage(std::string_view name) {
  return name == "payment_success_rate" || name == "checkout_session_creation_errors";
}

/// The percentile of "p99" or "p99.9".
std::optional<double> percentile_of(std::string_view statistic) {
  if (!statistic.starts_with('p')) return std::nullopt;
  const auto value = read_number(statistic.substr(1));
  return value && *value > 0 && *value <= 100 ? value : std::nullopt;
}

bool is_statistic(std::string_view text) {
  for (const std::string_view known : {"Average", "Sum", "Minimum", "Maximum", "SampleCount"}) {
    if (text == known) return true;
  }
  return percentile_of(text).has_value();
}

template <typename Visit>
void each_metric(const Document& document, Visit visit) {
  for (const Node& item : document.root.at_path("payment_monitoring.metrics").items) {
    if (item.is_map()) visit(item);
  }
}

void check_statistic(const Document& document, Findings& findings) {
  each_metric(document, [&](const Node& item) {
    const Node& statistic = item["statistic"];
    if (!statistic.is_scalar() || is_statistic(statistic.text)) return;
    const std::string near = nearest(statistic.text, {"Average", "Sum", "Minimum", "Maximum", "SampleCount"});
    findings.at(statistic, "'" + statistic.text + "' is no statistic",
                near.empty() ? "use Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99"
                             : "did you mean '" + near + "'?");
  });
}

void check_metric_twice(const Document& document, Findings& findings) {
  std::set<std::string> seen;
  each_metric(document, [&](const Node& item) {
    const Node& name = item["name"];
    if (name.is_scalar() && !seen.insert(name.text).second) {
      findings.at(name, "the metric '" + name.text + "' is given twice", "keep one alarm per indicator");
    }
  });
}

void check_threshold(const Document& document, Findings& findings) {
  each_metric(document, [&](const Node& item) {
    const auto threshold = number_of(item["threshold"]);
    if (!threshold || !is_percentage(item["name"].text) || *threshold <= 100) return;
    findings.at(item["threshold"], item["name"].text + " is a percentage, but its threshold is " + plain(*threshold),
                "give a percentage from 0 to 100");
  });
}

void check_period(const Document& document, Findings& findings) {
  // The log promises: critical within 1 minute, warning within 3.
  constexpr Nanos kPageWithin = Seconds{60};
  constexpr Nanos kWarnWithin = Seconds{180};
  each_metric(document, [&](const Node& item) {
    const auto period = duration_of(item["period"]);
    if (!period) return;
    const bool paging = pages(item);
    if (!paging && item["alarm_action"].text != "warning_alert") return;
    const Nanos within = paging ? kPageWithin : kWarnWithin;
    if (*period <= within) return;
    findings.at(item["period"],
                item["name"].text + " is judged over " + shown(*period) + ", but '" + item["alarm_action"].text +
                    "' is promised within " + shown(within),
                "use a period of at most " + plain(seconds(within)) + " s; mamori slides the window every second");
  });
}

void check_summed_percentage(const Document& document, Findings& findings) {
  each_metric(document, [&](const Node& item) {
    const Node& statistic = item["statistic"];
    if (!is_percentage(item["name"].text) || !is_statistic(statistic.text) || statistic.text == "Average") return;
    findings.at(statistic,
                item["name"].text + " is a percentage (threshold " + item["threshold"].text +
                    "), but its statistic is " + statistic.text + ", which is no rate",
                "use Average: bad events / all events * 100 in the period");
  });
}

void check_single_event_pages(const Document& document, Findings& findings) {
  each_metric(document, [&](const Node& item) {
    const Node& statistic = item["statistic"];
    if (!pages(item) || is_percentage(item["name"].text)) return;
    const auto percentile = percentile_of(statistic.text);
    if (statistic.text != "Maximum" && statistic.text != "Minimum" && percentile != 100) return;
    findings.at(statistic,
                "one slow event decides the " + statistic.text + " of " + item["name"].text + ", and " +
                    item["alarm_action"].text + " pages somebody for it",
                "use p99, which takes a hundredth of the events to move");
  });
}

void check_latency_against_load_test(const Document& document, Findings& findings) {
  const Node& threshold = metric(document, "payment_latency_p99")["threshold"];
  const Node& limit = document.root.at_path("load_testing.acceptance_criteria.response_time.p99");
  const auto alarm_ms = number_of(threshold);
  const auto accepted_ms = limit_ms_of(limit);
  if (!alarm_ms || !accepted_ms || *accepted_ms <= *alarm_ms) return;
  findings.at(limit,
              "a load test passes with p99 up to " + plain(*accepted_ms) +
                  " ms, but payment_latency_p99 alarms above " + plain(*alarm_ms) + " ms",
              "use one value: \"< " + plain(*alarm_ms) + "ms\"");
}

void check_objectives_agree(const Document& document, Findings& findings) {
  // Five times is more than two ways to count the same failures can explain. Availability counts minutes, in which most
  // payments may still succeed: there it takes more.
  constexpr double kFactor = 5, kAvailabilityFactor = 20;
  const Node& success = metric(document, "payment_success_rate")["threshold"];
  const auto success_percent = number_of(success);
  if (!success_percent || *success_percent > 100) return;
  const double allowed = 100 - *success_percent;
  const auto compare = [&](const Node& node, double other, const std::string& what, double factor) {
    if (other < 0 || std::min(allowed, other) * factor > std::max(allowed, other)) return;
    findings.at(node,
                what + " allows " + plain(other) + "% of failures, payment_success_rate " + success.text + " allows " +
                    plain(allowed) + "%",
                "set them to one technical objective, and watch issuers' declines by payment_acceptance_rate instead");
  };
  const Node& rates = document.root.at_path("load_testing.acceptance_criteria.error_rate");
  if (const auto value = percent_of(rates["maximum"])) compare(rates["maximum"], *value, "error_rate.maximum", kFactor);
  if (const auto value = percent_of(rates["payment_errors"])) {
    compare(rates["payment_errors"], *value, "error_rate.payment_errors", kFactor);
  }
  const Node& availability = document.root.at_path("business_continuity.objectives.payment_system.availability");
  if (const auto value = percent_of(availability))
    compare(availability, 100 - *value, "the availability objective", kAvailabilityFactor);
}

void check_error_alert_against_objective(const Document& document, Findings& findings) {
  const auto success = number_of(metric(document, "payment_success_rate")["threshold"]);
  if (!success || *success > 100) return;
  const double allowed = 100 - *success;
  for (const Entry& group : document.root.at_path("payment_monitoring.alerts").entries) {
    for (const Node& item : group.value.items) {
      const auto limit = find_comparison(item.text);
      if (!limit || limit->unit != Unit::Percent || !limit->op.starts_with('>')) continue;
      if (!mentions(item.text, {"error", "fail", "エラー", "失敗"}) || limit->value <= allowed) continue;
      findings.at(item,
                  "errors between " + plain(allowed) + "% and " + plain(limit->value) +
                      "% break the objective of payment_success_rate (" + plain(*success) + "%) without this alert",
                  "alert on the burn rate of the objective, or above " + plain(allowed) + "%");
    }
  }
}

}  // namespace

std::span<const Rule> payment_rules() {
  static constexpr std::array kRules{
      Rule{
          "payment.statistic-unknown", Severity::Error, 0, "A statistic that does not exist",
          "CloudWatch knows Average, Sum, Minimum, Maximum, SampleCount and percentiles (p0.0 to p100). Source: Amazon "
          "CloudWatch User Guide, statistics definitions.",
          check_statistic},
      Rule{"payment.metric-twice", Severity::Error, 0, "An indicator with two alarms",
           "Two alarms of one name would overwrite each other's state.", check_metric_twice},
      Rule{"payment.threshold-range", Severity::Error, 0, "A percentage above 100",
           "payment_success_rate and checkout_session_creation_errors are percentages; a threshold above 100 can never "
           "hold, or never be reached.",
           check_threshold},
      Rule{"payment.period-too-long", Severity::Warning, 20, "The window is longer than the promised alert",
           "The design promises critical alerts within 1 minute and warnings within 3. CloudWatch evaluates an average "
           "at the end of each period, so a period of 300 s alone takes five. Use 15 s samples and short sliding "
           "windows; pair a long and a short window for burn rates (Google SRE Workbook, chapter 5).",
           check_period},
      Rule{"payment.percentage-summed", Severity::Error, 21, "A percentage whose statistic is no average",
           "The sum, minimum or count of samples is no rate: with Sum, '1 %' is reached by the first error. An error "
           "rate is bad events / all events * 100 over the period, which is what Average gives.",
           check_summed_percentage},
      Rule{
          "payment.single-event-pages", Severity::Warning, 22, "One slow event pages somebody",
          "A Maximum (or p100) above the limit needs one event only. The design asks for protection from false alarms: "
          "take p99 over some minutes, or require a number of slow events.",
          check_single_event_pages},
      Rule{"payment.latency-limits-contradict", Severity::Error, 17, "A passing load test would raise the alarm",
           "The load test accepts a p99 that the running system alarms for. Both describe one promise and need one "
           "value.",
           check_latency_against_load_test},
      Rule{"payment.objectives-contradict", Severity::Warning, 19, "Failure objectives far apart",
           "A success rate of 99.5 % allows 0.5 % of failures; 0.01 % is fifty times stricter, and issuers alone "
           "decline several percent. Keep three indicators apart: technical success, issuers' declines (watched, not "
           "promised), and webhook processing. Stripe's approval rates: docs.stripe.com/payments/analytics/glossary.",
           check_objectives_agree},
      Rule{"payment.error-alert-above-objective", Severity::Warning, 23, "Errors break the objective before the alert",
           "Errors between what the objective allows and the alert's limit spend the error budget in silence. Alert on "
           "the burn rate: 14.4 times over 1 h and 5 m, 6 times over 6 h and 30 m (Google SRE Workbook, chapter 5).",
           check_error_alert_against_objective},
  };
  return kRules;
}

}  // namespace mamori::spec
