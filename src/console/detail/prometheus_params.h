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

/// Seconds with a fraction, or a Prometheus duration; milliseconds. Absent: nothing.
Result<std::optional<std::int64_t>> duration_parameter(const net::Params& params, std::string_view name);

/// A whole number, not negative; 0, absent: no limit.
Result<std::size_t> limit_parameter(const net::Params& params, std::string_view name = "limit");

}  // namespace mamori::console
