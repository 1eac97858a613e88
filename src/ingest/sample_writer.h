// ingest/sample_writer.h: stored series as other programs read them: OpenMetrics text, or remote write messages.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "metrics/store.h"

namespace mamori::ingest {

/// Appends the samples as OpenMetrics 1.0 lines with timestamps. Staleness markers and native histograms, which the
/// text cannot say, are left out; returns how many histograms that were. The caller puts series of one metric together,
/// a `# TYPE NAME unknown` line before them (openmetrics_head) and "# EOF\n" at the end.
std::size_t write_openmetrics(const metrics::SeriesData& series, std::string& out);
void write_openmetrics_head(std::string_view metric, std::string& out);

/// One WriteRequest of remote write 1.0, not yet compressed.
std::string remote_write_message(std::span<const metrics::SeriesData> series);

}  // namespace mamori::ingest
