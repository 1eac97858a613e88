// ingest/otlp_attribute.h: reads a KeyValue message of OTLP: a key with a value of any kind, which becomes text.
#pragma once
#include <string_view>

#include "ingest/otlp.h"

namespace mamori::ingest {

/// Appends it. False if it is malformed, nested deeper than kOtlpDepthMax, or one more than kOtlpListMax.
bool read_otlp_attribute(std::string_view message, OtlpAttributes& attributes);

}  // namespace mamori::ingest
