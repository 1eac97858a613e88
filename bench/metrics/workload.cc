#include "metrics/workload.h"

#include <fcntl.h>
#include <snappy.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

namespace mamori::bench {
namespace {

constexpr const char* kEndpoints[] = {"/v1/payments", "/v1/payments/{id}/capture", "/v1/refunds", "/v1/checkout"};
constexpr const char* kMethods[] = {"card", "konbini"};
constexpr const char* kProviders[] = {"stripe", "gmo", "paypay"};
constexpr const char* kStatuses[] = {"succeeded", "declined", "failed", "canceled", "pending"};
constexpr double kStatusShare[] = {0.93, 0.04, 0.004, 0.006, 0.02};
constexpr double kBounds[] = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10};
constexpr const char* kGaugeNames[] = {"process_resident_memory_bytes",
                                       "process_open_fds",
                                       "payment_queue_depth",
                                       "db_connections_in_use",
                                       "host_cpu_temperature_celsius",
                                       "host_load1",
                                       "process_cpu_seconds_total",
                                       "payment_amount_jpy_last",
                                       "webhook_backlog",
                                       "build_info"};
constexpr int kBuckets = 12, kCombos = 24, kStatusCount = 5;
constexpr int kGauges = kSeriesPerInstance - kCombos * (kBuckets + 2 + kStatusCount);

using Pairs = std::vector<std::pair<std::string, std::string>>;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_bytes(std::string& out, int field, std::string_view bytes) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

/// TimeSeries.labels, field 1, names ascending.
std::string label_bytes(Pairs pairs) {
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    std::string label;
    put_bytes(label, 1, name);
    put_bytes(label, 2, value);
    put_bytes(out, 1, label);
  }
  return out;
}

void put_series(std::string& out, const std::string& labels, double value, std::int64_t time_ms) {
  char sample[20];
  sample[0] = 0x09;  // value, 64 bits
  std::memcpy(sample + 1, &value, 8);
  std::string time;
  put_varint(time, static_cast<std::uint64_t>(time_ms));
  put_varint(out, 1 << 3 | 2);
  put_varint(out, labels.size() + 2 + 9 + 1 + time.size());
  out += labels;
  put_varint(out, 2 << 3 | 2);
  put_varint(out, 9 + 1 + time.size());
  out.append(sample, 9);
  out += 0x10;  // timestamp
  out += time;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  char shorter[32];
  std::snprintf(shorter, sizeof shorter, "%.6g", value);
  return std::strtod(shorter, nullptr) == value ? shorter : text;
}

/// One instance's process: what it has counted so far.
class Instance {
 public:
  explicit Instance(int index) : random_(static_cast<unsigned>(index) * 7919 + 17) {
    const std::string host = "10.0." + std::to_string(index / 8) + "." + std::to_string(10 + index % 8) + ":9100";
    const Pairs base = {{"cluster", "tokyo-1"}, {"env", "production"}, {"instance", host}, {"job", "payment-api"}};
    const auto add = [&](const std::string& name, Pairs own) {
      own.insert(own.end(), base.begin(), base.end());
      own.emplace_back("__name__", name);
      pairs.push_back(own);
      labels.push_back(label_bytes(own));
    };
    for (int c = 0; c < kCombos; ++c) {
      const Pairs combo = {
          {"endpoint", kEndpoints[c / 6]}, {"method", kMethods[c / 3 % 2]}, {"provider", kProviders[c % 3]}};
      for (int b = 0; b < kBuckets; ++b) {
        auto own = combo;
        own.emplace_back("le", b == kBuckets - 1 ? "+Inf" : number(kBounds[b]));
        add("payment_request_duration_seconds_bucket", own);
      }
      add("payment_request_duration_seconds_sum", combo);
      add("payment_request_duration_seconds_count", combo);
      for (const char* status : kStatuses) {
        auto own = combo;
        own.emplace_back("status", status);
        add("payments_total", own);
      }
      rate_[c] = 0.05 * std::pow(2.0, static_cast<double>((c * 5 + index) % 9));  // payments a second: a few to many
    }
    for (int g = 0; g < kGauges; ++g)
      add(kGaugeNames[g % 10], g < 10 ? Pairs{} : Pairs{{"worker", "w" + std::to_string(g / 10)}});
    values.resize(labels.size());
  }

  void step() {
    std::lognormal_distribution<double> latency(-2.0, 0.9);
    std::uniform_real_distribution<double> unit(0, 1);
    std::size_t at = 0;
    for (int c = 0; c < kCombos; ++c) {
      const int requests = std::poisson_distribution<int>(rate_[c])(random_);
      for (int r = 0; r < requests; ++r) {
        const double seconds = std::round(latency(random_) * 1e6) / 1e6;
        for (int b = 0; b < kBuckets; ++b) {
          if (b == kBuckets - 1 || seconds <= kBounds[b]) ++values[at + static_cast<std::size_t>(b)];
        }
        values[at + kBuckets] += seconds;
        ++values[at + kBuckets + 1];
        double pick = unit(random_);
        int status = 0;
        while (status < kStatusCount - 1 && (pick -= kStatusShare[status]) > 0) ++status;
        ++values[at + kBuckets + 2 + static_cast<std::size_t>(status)];
      }
      at += kBuckets + 2 + kStatusCount;
    }
    std::normal_distribution<double> normal(0, 1);
    for (int g = 0; g < kGauges; ++g, ++at) {
      double& value = values[at];
      switch (g % 10) {
        case 0:
          value = std::max(1e8, (value == 0 ? 4e8 : value) + 4096 * std::round(40 * normal(random_)));
          break;
        case 1:
          value = std::max(10.0, (value == 0 ? 80 : value) + std::round(normal(random_)));
          break;
        case 2:
          value = static_cast<double>(std::poisson_distribution<int>(3)(random_));
          break;
        case 3:
          value = std::clamp((value == 0 ? 20 : value) + std::round(normal(random_)), 0.0, 100.0);
          break;
        case 4:
          value = std::round((55 + 4 * normal(random_)) * 10) / 10;
          break;
        case 5:
          value = std::round(100 * std::abs(1.5 + 0.4 * normal(random_))) / 100;
          break;
        case 6:
          value = std::round((value + 1.5 + 0.5 * unit(random_)) * 100) / 100;
          break;
        case 7:
          value = std::round(100 + 9000 * unit(random_));
          break;
        case 8:
          value = unit(random_) < 0.9 ? 0 : std::round(5 * unit(random_));
          break;
        default:
          value = 1;
      }
    }
  }

  /// Its own phase within the interval, and now and then a few milliseconds late.
  std::int64_t time_of(std::int64_t step_start_ms, int index) {
    const std::int64_t late =
        std::uniform_int_distribution<int>(0, 99)(random_) < 2 ? std::uniform_int_distribution<int>(1, 20)(random_) : 0;
    return step_start_ms - kStepMs + (index * 373) % kStepMs + late;
  }

  std::vector<Pairs> pairs;
  std::vector<std::string> labels;  // the same, as they go over the wire
  std::vector<double> values;

 private:
  std::mt19937_64 random_;
  double rate_[kCombos] = {};
};

}  // namespace

Workload::Workload(const std::string& file, int steps, std::int64_t end_ms)
    : start_ms_(end_ms - static_cast<std::int64_t>(steps) * kStepMs), end_ms_(end_ms), file_(file) {
  std::vector<Instance> instances;
  for (int i = 0; i < kInstances; ++i) instances.emplace_back(i);
  std::FILE* out = std::fopen(file.c_str(), "wb");
  if (out == nullptr) std::perror(file.c_str()), std::exit(2);
  std::string body, packed;
  for (int step = 1; step <= steps; ++step) {
    for (int first = 0; first < kInstances; first += kInstancesPerRequest) {
      body.clear();
      for (int i = first; i < first + kInstancesPerRequest; ++i) {
        auto& instance = instances[static_cast<std::size_t>(i)];
        instance.step();
        const auto time_ms = instance.time_of(start_ms_ + static_cast<std::int64_t>(step) * kStepMs, i);
        for (std::size_t s = 0; s < instance.labels.size(); ++s)
          put_series(body, instance.labels[s], instance.values[s], time_ms);
      }
      snappy::Compress(body.data(), body.size(), &packed);
      if (std::fwrite(packed.data(), 1, packed.size(), out) != packed.size()) std::perror(file.c_str()), std::exit(2);
      requests_.push_back({.offset = bytes_,
                           .bytes = packed.size(),
                           .samples = kInstancesPerRequest * kSeriesPerInstance,
                           .connection = first / kInstancesPerRequest % 2});
      bytes_ += packed.size();
      samples_ += kInstancesPerRequest * kSeriesPerInstance;
    }
  }
  std::fclose(out);
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  void* mapped = ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) std::perror("mmap"), std::exit(2);
  data_ = static_cast<const char*>(mapped);
}

Workload::~Workload() {
  ::munmap(const_cast<char*>(data_), bytes_);
  ::unlink(file_.c_str());
}

std::vector<PlainSeries> plain_series(int instances, int steps) {
  std::vector<PlainSeries> all;
  for (int i = 0; i < instances; ++i) {
    Instance instance(i);
    const auto first = all.size();
    for (const auto& pairs : instance.pairs) all.push_back({pairs, {}});
    for (int step = 1; step <= steps; ++step) {
      instance.step();
      const auto time_ms = instance.time_of(1'700'000'000'000 + static_cast<std::int64_t>(step) * kStepMs, i);
      for (std::size_t s = 0; s < instance.values.size(); ++s)
        all[first + s].samples.emplace_back(time_ms, instance.values[s]);
    }
  }
  return all;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names(std::begin(kGaugeNames), std::end(kGaugeNames));
  names.insert(names.end(), {"payments_total", "payment_request_duration_seconds_bucket",
                             "payment_request_duration_seconds_sum", "payment_request_duration_seconds_count"});
  return names;
}

std::string scrape_page(int series, int turn) {
  std::string page;
  std::mt19937_64 random(static_cast<unsigned>(turn));
  for (int written = 0, family = 0; written < series; ++family) {
    const std::string name = "payment_worker_" + std::to_string(family) + "_seconds_total";
    page += "# HELP " + name + " Seconds that workers spent on one kind of payment.\n# TYPE " + name + " counter\n";
    for (int i = 0; i < 250 && written < series; ++i, ++written) {
      page += name + "{endpoint=\"" + kEndpoints[i % 4] + "\",method=\"" + kMethods[i / 4 % 2] + "\",provider=\"" +
              kProviders[i / 8 % 3] + "\",worker=\"w" + std::to_string(i) + "\"} " +
              number(static_cast<double>(turn) * 15 + static_cast<double>(random() % 100'000) / 1000) + "\n";
    }
  }
  return page;
}

}  // namespace mamori::bench
