// metrics/promql/xxhash.h: XXH64 with seed 0. limit_ratio() must choose the same series as Prometheus does, and that
// chooses by this hash of the labels.
// Source: Yann Collet, xxHash fast digest algorithm, specification 0.1.1.
#pragma once
#include <cstdint>
#include <string_view>

namespace mamori::metrics::promql {

std::uint64_t xxhash64(std::string_view bytes);

}  // namespace mamori::metrics::promql
