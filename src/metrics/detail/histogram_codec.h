// metrics/detail/histogram_codec.h: a native histogram as bytes of a log record. Every bit of every number comes back.
#pragma once
#include <string>

#include "metrics/detail/bytes.h"
#include "metrics/histogram.h"

namespace mamori::metrics::detail {

void put_histogram(std::string& out, const Histogram& histogram);
/// False when the bytes make no sense.
bool take_histogram(ByteReader& reader, Histogram& out);

/// Equal bit by bit: a sum that is NaN equals itself, 0 is not -0.
bool same_histogram(const Histogram& a, const Histogram& b);

/// Of memory, roughly.
std::size_t histogram_bytes(const Histogram& histogram);

}  // namespace mamori::metrics::detail
