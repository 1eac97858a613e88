// base/size.h: amounts of bytes as text: "512MiB", "2GB", "1048576".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori {

/// A whole number and a unit: none or B, KiB, MiB, GiB, TiB (powers of 1024), KB, MB, GB, TB (here too, as Prometheus
/// has it; k for K). Errors: InvalidArgument.
Result<std::uint64_t> parse_size(std::string_view text);

/// The largest binary unit that leaves a whole number: 1610612736 -> "1536MiB".
std::string format_size(std::uint64_t bytes);

}  // namespace mamori
