// rules/detail/template_time.h: the methods of Go's time.Time and time.Duration that templates may call.
#pragma once
#include <span>
#include <string>

#include "rules/detail/template_value.h"

namespace mamori::rules {

/// Format, Unix, UnixMilli, UnixNano, Year, Month, Day, Hour, Minute, Second, Nanosecond, Weekday, YearDay, UTC,
/// String, IsZero; in UTC. Errors: InvalidArgument.
Result<TemplateValue> template_time_method(Timestamp time, const std::string& name,
                                           std::span<const TemplateValue> args);

/// Hours, Minutes, Seconds, Milliseconds, Microseconds, Nanoseconds, String.
Result<TemplateValue> template_duration_method(Nanos duration, const std::string& name,
                                               std::span<const TemplateValue> args);

}  // namespace mamori::rules
