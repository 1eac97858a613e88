// ingest/filter_path.h: Elasticsearch's filter_path parameter: which parts of a reply the client wants.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mamori::ingest {

/// "errors,items.*.error,-took": patterns of dotted paths, '*' within a segment, "**" for any number of segments, '-'
/// to leave something out. Immutable.
class FilterPath {
 public:
  explicit FilterPath(std::string_view parameter);
  /// True if the value at `path` (or something above it) is asked for.
  bool wants(std::span<const std::string_view> path) const;

 private:
  using Pattern = std::vector<std::string>;
  std::vector<Pattern> include_, exclude_;
};

}  // namespace mamori::ingest
