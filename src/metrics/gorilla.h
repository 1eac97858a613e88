// metrics/gorilla.h: packs a run of samples of one series: time as delta of deltas, value as XOR with the one before.
// Always holds: decoding gives back every bit, NaN payloads included.
// Source: Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015, section 4.1; times
// are milliseconds here, so the classes of deltas are wider, as Prometheus' are.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/store.h"

namespace mamori::metrics {

class GorillaEncoder {
 public:
  /// REQUIRES: times ascend.
  void append(const Sample& sample);
  std::size_t count() const { return count_; }
  /// The packed bytes; the last one is filled with zero bits. The encoder goes on after it.
  const std::string& bytes() const { return bytes_; }

 private:
  void write_bits(std::uint64_t value, int count);
  void write_time(std::int64_t time_ms);
  void write_value(double value);

  std::string bytes_;
  int free_bits_ = 0;  // in the last byte
  std::size_t count_ = 0;
  std::int64_t time_ms_ = 0, delta_ = 0;
  std::uint64_t value_bits_ = 0;
  int leading_ = -1, trailing_ = 0;  // of the XOR block in force; -1: none yet
};

/// Appends `count` samples to `out`. Errors: Corrupt if the bytes end too early or times do not fit.
Result<void> gorilla_decode(std::string_view bytes, std::size_t count, std::vector<Sample>& out);

}  // namespace mamori::metrics
