// ingest/prometheus_chunk.h: reads the chunks of Prometheus' storage: floats (XOR), native histograms with whole and
// with floating counts. Hostile bytes give an error, never more samples than a chunk can have.
// Source: Prometheus repository, tsdb/docs/format/chunks.md and the chunkenc package's description of its layouts.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "metrics/store.h"

namespace mamori::ingest {

enum class PrometheusChunk : std::uint8_t { Xor = 1, Histogram = 2, FloatHistogram = 3 };

/// Appends the chunk's samples or histograms to `out`. A histogram whose sum is the staleness marker becomes a sample
/// that is one. Errors: Corrupt.
Result<void> read_prometheus_chunk(PrometheusChunk encoding, std::string_view data, metrics::SeriesData& out);

}  // namespace mamori::ingest
