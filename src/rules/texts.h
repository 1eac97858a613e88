// rules/texts.h: what an alert says to people: name, labels, and annotations in English and Japanese. The texts hold
// numbers and the spec's own words, nothing from a log line: no card number, no person.
#pragma once
#include <string>
#include <string_view>

#include "base/time.h"
#include "rules/finding.h"
#include "rules/indicators.h"
#include "rules/judge.h"
#include "rules/log_condition.h"
#include "spec/spec.h"

namespace mamori::rules {

/// PaymentSuccessRateLow of payment_success_rate, and so on.
std::string_view alert_name(std::string_view indicator);

inline constexpr std::string_view kFastDownAlert = "PaymentsDown";

/// alertname, indicator, severity, page ("true" for critical only).
LabelMap indicator_labels(const IndicatorState& state);
LabelMap fast_down_labels();

/// summary, description, summary_ja; for log alerts condition and action as well.
LabelMap indicator_texts(const IndicatorState& state);
LabelMap fast_down_texts(const FastDown& down);
LabelMap log_alert_texts(const spec::LogAlertSpec& spec, const LogCondition& condition, std::uint64_t lines,
                         Nanos window);

/// At most two decimals, no trailing zeros: 99.5, 3000, 91.23.
std::string short_number(double value);

}  // namespace mamori::rules
