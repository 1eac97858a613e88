// ingest/metadata_table.h: what senders say of a metric: its type, help and unit; for /api/v1/metadata.
// What always holds: at most `families_max` metrics, each text at most kTextBytesMax long. In memory only.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "ingest/exposition.h"

namespace mamori::ingest {

struct MetadataView {
  std::string_view family, type, help, unit;
};

/// Thread-safe.
class MetadataTable {
 public:
  static constexpr std::size_t kTextBytesMax = 1024;

  explicit MetadataTable(std::size_t families_max = 20'000) : families_max_(families_max) {}

  /// The last word on a metric stays. New ones past the bound are left out and counted.
  void set(std::span<const MetadataView> metadata);
  std::map<std::string, MetricMetadata> all() const;
  std::uint64_t refused() const;

 private:
  const std::size_t families_max_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, MetricMetadata, std::less<>> families_;
  std::uint64_t refused_ = 0;
};

/// The name of MetricMetadata.MetricType (1.0) and Metadata.MetricType (2.0), which number alike: "counter", …,
/// "unknown" for any other.
std::string_view metric_type_name(std::uint64_t type);

/// The family of a series' metric: without _bucket, _sum or _count if the type is one whose series have them.
std::string_view metric_family(std::string_view metric, std::string_view type);

}  // namespace mamori::ingest
