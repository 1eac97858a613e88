// bench/metrics/workload.h: what a payment service of 40 instances tells a monitoring system in six hours, the same for
// all who are measured: 500 series an instance, a sample every 15 s, 2 % of the scrapes a little late.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mamori::bench {

inline constexpr int kInstances = 40, kSeriesPerInstance = 500, kStepMs = 15'000;
inline constexpr int kInstancesPerRequest = 4;  // 2,000 samples

struct Request {
  std::size_t offset = 0, bytes = 0;  // of the body in the file
  std::uint32_t samples = 0;
  int connection = 0;  // requests of one series go over one connection, in order
};

/// Remote write 1.0 bodies, snappy, one after another in a mapped file.
class Workload {
 public:
  /// `steps`: scrapes of each instance; the last one lies at `end_ms`.
  Workload(const std::string& file, int steps, std::int64_t end_ms);
  ~Workload();
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  std::span<const Request> requests() const { return requests_; }
  std::string_view body(const Request& request) const { return {data_ + request.offset, request.bytes}; }
  std::uint64_t samples() const { return samples_; }
  std::int64_t start_ms() const { return start_ms_; }
  std::int64_t end_ms() const { return end_ms_; }

 private:
  std::vector<Request> requests_;
  std::uint64_t samples_ = 0;
  std::int64_t start_ms_ = 0, end_ms_ = 0;
  const char* data_ = nullptr;
  std::size_t bytes_ = 0;
  std::string file_;
};

std::vector<std::string> metric_names();

/// The same series as they are stored, for benchmarks without a server.
struct PlainSeries {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::int64_t, double>> samples;  // milliseconds, value
};
std::vector<PlainSeries> plain_series(int instances, int steps);

/// A text page of `series` series for the scrape, as an exporter shows it; `turn` changes the values.
std::string scrape_page(int series, int turn);

}  // namespace mamori::bench
