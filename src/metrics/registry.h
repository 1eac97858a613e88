// metrics/registry.h: mamori's own metrics, shown at /metrics and scraped by itself.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/labels.h"

namespace mamori::metrics {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Thread-safe. A returned reference lives as long as the registry.
class Registry {
 public:
  /// The same name and labels give the same object. `labels` without __name__.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Read when the page is asked for; `type` is "gauge", "counter", or for NAME_sum and NAME_count "summary": their
  /// `help` is the same.
  void callback(const std::string& name, const std::string& help, const std::string& type, const Labels& labels,
                std::function<double()> read);
  /// The same for series that come and go: all of the name, each time.
  using Readings = std::vector<std::pair<Labels, double>>;
  void callback_all(const std::string& name, const std::string& help, const std::string& type,
                    std::function<Readings()> read);
  /// Prometheus text format 0.0.4.
  std::string expose() const;

 private:
  struct Entry {
    Labels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::function<double()> read;
    std::function<Readings()> read_all;
  };
  struct Family {
    std::string help, type;
    std::vector<Entry> entries;
  };
  Family& family(const std::string& name, const std::string& help, const std::string& type);
  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace mamori::metrics
