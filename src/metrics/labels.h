// metrics/labels.h: a series' identity: label names and values, sorted by name, "__name__" among them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mamori::metrics {

inline constexpr std::string_view kMetricName = "__name__";

class Labels {
 public:
  Labels() = default;
  /// Sorts by name; a later duplicate of a name replaces the earlier; empty values are dropped, as Prometheus does.
  explicit Labels(std::vector<std::pair<std::string, std::string>> pairs);
  std::string_view get(std::string_view name) const;  // "" when absent
  bool has(std::string_view name) const;
  Labels with(std::string_view name, std::string_view value) const;
  Labels without(std::string_view name) const;
  std::uint64_t hash() const;
  std::string to_string() const;  // up{job="node"}
  bool empty() const { return pairs_.empty(); }
  std::size_t size() const { return pairs_.size(); }
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }
  bool operator==(const Labels&) const = default;
  auto operator<=>(const Labels&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace mamori::metrics
