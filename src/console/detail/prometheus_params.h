// console/detail/prometheus_params.h: reads the parameters of Prometheus' HTTP API as Prometheus reads them.
// Every error is a bad_data whose text Prometheus' clients know.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace mamori::console {

/// Earliest and latest instants that the API understands, in milliseconds: far enough from the ends of the type that
/// adding a window to one never overflows.
inline constexpr std::int64_t kApiTimeMsMax = std::int64_t{1} << 53;

/// Seconds since 1970 with a fraction, or RFC 3339; milliseconds. `fallback` when the parameter is absent.
Result<std::int64_t> time_parameter(const net::Params& params, std::string_view name, std::int64_t fallback);

/// The same, for query_range, where absence is an error too.
Result<std::int64_t> required_time_parameter(const net::Params& params, std::string_view name);

/// Seconds with a fraction, or a Prometheus duration; milliseconds. Absent: nothing. `said`: what stands before an
/// error's text, if not the usual.
Result<std::optional<std::int64_t>> duration_parameter(const net::Params& params, std::string_view name,
                                                       std::string_view said = {});

/// A whole number, not negative; 0, absent: no limit.
Result<std::size_t> limit_parameter(const net::Params& params);

/// The older endpoints' limit: "`name` must be a number" is all they check; absent: nothing.
Result<std::optional<std::int64_t>> number_parameter(const net::Params& params, std::string_view name);

/// "t", "1", "false", …, as Go reads it; absent: false.
Result<bool> bool_parameter(const net::Params& params, std::string_view name);

/// A label's name as it stands in a path: U__ and escapes undone (_2E_ is ".", __ is "_"). What is no such escape is
/// taken as it is. Source: Prometheus' UTF-8 names in URLs.
std::string unescape_label_name(std::string_view name);

}  // namespace mamori::console
