// Conditions of log alerts: whatever is written there, reading it ends, and what was read is read the same again.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "logs/query.h"
#include "rules/log_condition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto condition = mamori::rules::parse_log_condition(text);
  if (!condition) {
    if (condition.error().message.empty()) std::abort();
    return 0;
  }
  for (const char c : mamori::rules::log_alert_name("payment_logs", *condition)) {
    if (!std::isalnum(static_cast<unsigned char>(c))) std::abort();
  }
  // The query has no count left and is in the query language's own words: reading it once more changes nothing.
  if (!condition->query.empty()) {
    const auto again = mamori::rules::parse_log_condition(condition->query);
    if (again && !again->counts && again->query != condition->query) std::abort();
  }
  [[maybe_unused]] const auto query = mamori::logs::Query::parse(condition->query);
  return 0;
}
