#include "ingest/metadata_table.h"

#include <algorithm>
#include <array>

namespace mamori::ingest {
namespace {

/// Changes `text` only if it differs: most words on a metric repeat the last one.
void assign(std::string& text, std::string_view value) {
  // Never cut inside a UTF-8 character.
  if (value.size() > MetadataTable::kTextBytesMax) {
    std::size_t end = MetadataTable::kTextBytesMax;
    while (end > 0 && (value[end] & 0xC0) == 0x80) --end;
    value = value.substr(0, end);
  }
  if (text != value) text = value;
}

}  // namespace

void MetadataTable::set(std::span<const MetadataView> metadata) {
  if (metadata.empty()) return;
  const std::lock_guard guard(mutex_);
  for (const auto& one : metadata) {
    auto at = families_.find(one.family);
    if (at == families_.end()) {
      if (one.family.empty() || one.family.size() > kTextBytesMax || families_.size() >= families_max_) {
        ++refused_;
        continue;
      }
      at = families_.try_emplace(std::string(one.family)).first;
    }
    assign(at->second.type, one.type);
    assign(at->second.help, one.help);
    assign(at->second.unit, one.unit);
  }
}

std::map<std::string, MetricMetadata> MetadataTable::all() const {
  const std::lock_guard guard(mutex_);
  return {families_.begin(), families_.end()};
}

std::uint64_t MetadataTable::refused() const {
  const std::lock_guard guard(mutex_);
  return refused_;
}

std::string_view metric_type_name(std::uint64_t type) {
  constexpr std::array<std::string_view, 8> kNames = {"unknown",        "counter", "gauge", "histogram",
                                                      "gaugehistogram", "summary", "info",  "stateset"};
  return kNames[type < kNames.size() ? type : 0];
}

std::string_view metric_family(std::string_view metric, std::string_view type) {
  if (type != "histogram" && type != "gaugehistogram" && type != "summary") return metric;
  for (const std::string_view suffix : {"_bucket", "_sum", "_count", "_gsum", "_gcount"}) {
    if (metric.ends_with(suffix) && metric.size() > suffix.size())
      return metric.substr(0, metric.size() - suffix.size());
  }
  return metric;
}

}  // namespace mamori::ingest
