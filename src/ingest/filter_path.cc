#include "ingest/filter_path.h"

#include <algorithm>

#include "base/text.h"

namespace mamori::ingest {
namespace {

// More than a client needs, and little enough for the matching below, which tries every way "**" can stretch.
constexpr std::size_t kPatternsMax = 64, kSegmentsMax = 16;

/// True if `pattern` fits the beginning of `path`: what is asked for comes with all below it.
bool fits(std::span<const std::string> pattern, std::span<const std::string_view> path) {
  if (pattern.empty()) return true;
  if (pattern[0] == "**") {
    for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
      if (fits(pattern.subspan(1), path.subspan(skipped))) return true;
    }
    return false;
  }
  return !path.empty() && glob_matches(pattern[0], path[0]) && fits(pattern.subspan(1), path.subspan(1));
}

}  // namespace

FilterPath::FilterPath(std::string_view parameter) {
  for (auto text : split(parameter, ',')) {
    text = trim(text);
    const bool exclude = text.starts_with('-');
    if (exclude) text.remove_prefix(1);
    if (text.empty()) continue;
    Pattern pattern;
    for (const auto segment : split(text, '.')) pattern.emplace_back(segment);
    auto& patterns = exclude ? exclude_ : include_;
    if (pattern.size() <= kSegmentsMax && patterns.size() < kPatternsMax) patterns.push_back(std::move(pattern));
  }
}

bool FilterPath::wants(std::span<const std::string_view> path) const {
  const auto fits_path = [&](const Pattern& pattern) { return fits(pattern, path); };
  if (std::ranges::any_of(exclude_, fits_path)) return false;
  return include_.empty() || std::ranges::any_of(include_, fits_path);
}

}  // namespace mamori::ingest
