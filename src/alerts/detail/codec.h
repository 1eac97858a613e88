// alerts/detail/codec.h: an alert as JSON in our own state file, and back. Times are integers, nanoseconds since 1970,
// so that a start survives a restart to the last digit. The parser's header is heavy: only .cc files include this.
#pragma once
#include <simdjson.h>

#include "alerts/alert.h"
#include "base/json.h"
#include "base/result.h"

namespace mamori::alerts::detail {

void write_labels(JsonWriter& json, const rules::LabelMap& labels);
void write_alert(JsonWriter& json, const Alert& alert);

/// Errors: Corrupt naming the member.
Result<Alert> read_alert(simdjson::dom::element element);
Result<std::string> read_string(simdjson::dom::element object, std::string_view member);
Result<simdjson::dom::array> read_array(simdjson::dom::element object, std::string_view member);

}  // namespace mamori::alerts::detail
