// metrics/detail/catalogue.h: the file that says which series an id means, for all series that have samples in parts.
// Only added to, in checksummed batches; written anew, without the dead, when most of them are.
// What always holds: when append() has returned, the series are read back; a damaged batch hides none before it.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

using SeriesLabels = std::pair<SeriesRef, Labels>;

struct CatalogueContents {
  std::vector<SeriesLabels> series;  // as written; an id may stand there twice, with equal labels
  SeriesRef next_id = 0;             // no id from here on was ever in the file
};

/// Not thread-safe.
class Catalogue {
 public:
  /// Makes the file when there is none. What is damaged is set aside beside it, with a sentence in `warnings`.
  /// Errors: Io, Unavailable; Corrupt for a file of a newer version.
  static Result<std::unique_ptr<Catalogue>> open(std::string path, CatalogueContents& contents,
                                                 std::vector<std::string>& warnings);

  /// Durable on return. Errors: Unavailable, Io: nothing was added.
  Result<void> append(std::span<const SeriesLabels> series, SeriesRef next_id);
  /// These and no others. Errors: as append: the file is what it was.
  Result<void> rewrite(std::span<const SeriesLabels> series, SeriesRef next_id);

  std::size_t entries() const { return entries_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  Catalogue(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}
  Result<void> write_at_end(std::string_view bytes);

  const std::string path_;
  File file_;
  std::uint64_t bytes_ = 0;
  std::size_t entries_ = 0;
};

/// What a catalogue file holds up to its first damage. Returns the bytes that are good; 0: not even its first ones.
std::size_t read_catalogue(std::string_view bytes, CatalogueContents& contents);

}  // namespace mamori::metrics::detail
