// rules/log_condition.h: reads the condition of a log alert as the design log writes it:
//   [lucene query][ AND count OP N]      OP: > >= < <= =
// "status:failed AND count > 10", "processing_time > 5000". `count` is no field: it is the number of matching lines in
// the period, and stands first or last. Without it one matching line is enough.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori::rules {

struct LogCondition {
  enum class Op { Greater, GreaterEqual, Less, LessEqual, Equal };
  std::string query;  // in the language of logs::Query: "processing_time > 5000" became "processing_time:>5000"
  bool counts = false;
  Op op = Op::GreaterEqual;
  std::uint64_t number = 1;

  bool holds(std::uint64_t lines) const;
};

/// ">", ">=", "<", "<=", "=".
std::string_view to_string(LogCondition::Op op);

/// Errors: InvalidArgument naming the condition, for an empty one and for a count without operator or number.
Result<LogCondition> parse_log_condition(std::string_view text);

/// A name that a person can read: section "payment_logs", query "status:failed", counted ->
/// PaymentLogsStatusFailedCount.
std::string log_alert_name(std::string_view section, const LogCondition& condition);

}  // namespace mamori::rules
