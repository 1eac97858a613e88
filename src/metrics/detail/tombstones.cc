#include "metrics/detail/tombstones.h"

#include <algorithm>

#include "base/file.h"
#include "base/wal.h"

namespace mamori::metrics::detail {
namespace {

constexpr std::string_view kMagic = "MAMODEL1";

bool parse(std::string_view bytes, std::vector<Deletion>& deletions, std::uint32_t& newest) {
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + 4) return false;
  const auto checked = bytes.substr(0, bytes.size() - 4);
  if (ByteReader(bytes.substr(checked.size())).raw<std::uint32_t>() != crc32c(checked)) return false;
  ByteReader reader(checked.substr(kMagic.size()));
  newest = static_cast<std::uint32_t>(reader.varint());
  deletions.resize(reader.count(18));
  std::uint32_t before = 0;
  for (auto& deletion : deletions) {
    if (!take_deletion(reader, deletion) || deletion.number <= before || deletion.number > newest) return false;
    before = deletion.number;
  }
  return reader.done();
}

}  // namespace

Tombstones::Tombstones(std::vector<Deletion> deletions, std::uint32_t newest)
    : deletions_(std::move(deletions)), newest_(newest) {
  for (const auto& deletion : deletions_) {
    newest_ = std::max(newest_, deletion.number);
    for (const auto id : deletion.ids) ranges_.push_back({id, deletion.number, deletion.start_ms, deletion.end_ms});
  }
  std::ranges::sort(ranges_,
                    [](const Range& a, const Range& b) { return a.id != b.id ? a.id < b.id : a.number < b.number; });
}

Tombstones Tombstones::with(Deletion deletion) const {
  auto deletions = deletions_;
  deletions.push_back(std::move(deletion));
  return Tombstones(std::move(deletions), newest_);
}

void Tombstones::apply(SeriesRef id, std::uint32_t after, SeriesData& data, std::size_t samples_from,
                       std::size_t histograms_from) const {
  const auto begin = std::ranges::lower_bound(ranges_, id, {}, &Range::id);
  for (auto range = begin; range != ranges_.end() && range->id == id; ++range) {
    if (range->number <= after) continue;
    const auto drop = [&](auto& points, std::size_t from) {
      const auto gone = std::remove_if(
          points.begin() + static_cast<std::ptrdiff_t>(from), points.end(),
          [&](const auto& point) { return point.time_ms >= range->start_ms && point.time_ms <= range->end_ms; });
      points.erase(gone, points.end());
    };
    drop(data.samples, samples_from);
    drop(data.histograms, histograms_from);
  }
}

Result<Tombstones> read_tombstones(const std::string& path, std::vector<std::string>& warnings) {
  MAMORI_TRY(const auto bytes, read_if_there(path));
  if (!bytes) return Tombstones();
  std::vector<Deletion> deletions;
  std::uint32_t newest = 0;
  if (parse(*bytes, deletions, newest)) return Tombstones(std::move(deletions), newest);
  if (is_newer_version(*bytes, kMagic)) {
    return Error{Code::Corrupt, path + " was written by a newer version of mamori; start that one"};
  }
  warnings.push_back(set_aside(path, {Code::Corrupt, "its checksum or form is wrong"}) +
                     "; samples that were deleted but not yet cleaned may be seen again: delete them once more");
  return Tombstones();
}

Result<void> write_tombstones(const std::string& path, const Tombstones& tombstones) {
  std::string bytes(kMagic);
  put_varint(bytes, tombstones.newest());
  put_varint(bytes, tombstones.deletions().size());
  for (const auto& deletion : tombstones.deletions()) put_deletion(bytes, deletion);
  put_raw(bytes, crc32c(bytes));
  return write_atomically(path, bytes);
}

}  // namespace mamori::metrics::detail
