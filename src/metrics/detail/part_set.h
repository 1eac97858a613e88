// metrics/detail/part_set.h: the parts that a store has, by the names of their files. A name says which flushes a part
// holds the samples of, so that after a crash between writing a merged part and deleting what it was made of, the
// latter are known to be superfluous.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/part.h"

namespace mamori::metrics::detail {

/// "0000002a-0000002f-00000003.part": flushes 42 to 47, without what deletions up to number 3 took. A flush's number is
/// that of the last log segment it wrote out.
struct PartName {
  std::uint32_t first = 0, last = 0, deletions = 0;
  bool operator==(const PartName&) const = default;
  /// All of its samples are in `other` too, or were deleted.
  bool is_within(const PartName& other) const {
    if (*this == other || first < other.first || last > other.last) return false;
    return first > other.first || last < other.last || deletions < other.deletions;
  }
};

std::string to_string(const PartName& name);
std::optional<PartName> parse_part_name(std::string_view file_name);

struct StoredPart {
  PartName name;
  std::shared_ptr<const Part> part;
  bool damaged = false;  // some of it could not be read: it is left alone
};

/// Opens the parts in `dir`, ascending by name; deletes unfinished files and parts that are within others. A damaged
/// part is set aside, with a sentence in `warnings`. Errors: Io; Corrupt for a newer version's.
Result<std::vector<StoredPart>> open_parts(const std::string& dir, std::vector<std::string>& warnings,
                                           std::size_t& damaged);

}  // namespace mamori::metrics::detail
