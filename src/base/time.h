// base/time.h: instants, durations and their text forms. UTC nanoseconds inside, RFC 3339 outside.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori {

using Nanos = std::chrono::nanoseconds;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// An instant in UTC, as nanoseconds since 1970; covers the years 1678 to 2261.
using Timestamp = std::chrono::sys_time<Nanos>;

inline Timestamp timestamp_from_millis(std::int64_t millis) { return Timestamp{Millis{millis}}; }
inline std::int64_t to_millis(Timestamp t) { return std::chrono::floor<Millis>(t.time_since_epoch()).count(); }
inline double to_seconds(Timestamp t) { return static_cast<double>(t.time_since_epoch().count()) * 1e-9; }

/// RFC 3339 in UTC with milliseconds: "2026-01-31T23:59:59.123Z".
std::string format_rfc3339(Timestamp t);

/// Accepts RFC 3339 with any fraction (digits past the ninth are dropped) and any offset; 'T' may be a space.
/// Errors: InvalidArgument naming the text.
Result<Timestamp> parse_rfc3339(std::string_view text);

/// RFC 3339, or a number: seconds with a fraction (Prometheus' API) if below 1e11, else epoch milliseconds.
Result<Timestamp> parse_time(std::string_view text);

/// A Prometheus duration: "15s", "1h30m", "250ms", "5m", "90d", "1w", "1y"; never negative.
/// Errors: InvalidArgument naming the text and the units known.
Result<Nanos> parse_duration(std::string_view text);

/// The shortest Prometheus form: 90s -> "1m30s", 0 -> "0s".
std::string format_duration(Nanos duration);

}  // namespace mamori
