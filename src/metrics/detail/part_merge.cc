#include "metrics/detail/part_merge.h"

#include <algorithm>
#include <limits>

namespace mamori::metrics::detail {
namespace {

constexpr auto kFirstMs = std::numeric_limits<std::int64_t>::min();
constexpr auto kLastMs = std::numeric_limits<std::int64_t>::max();

struct Input {
  const StoredPart* stored;
  std::unique_ptr<PartCursor> cursor;
  std::size_t next = 0;  // of its series
  bool is_at(SeriesRef id) const {
    const auto ids = stored->part->series();
    return next < ids.size() && ids[next] == id;
  }
};

}  // namespace

Result<void> LazyPartWriter::add(SeriesRef id, const SeriesData& data) {
  if (data.samples.empty() && data.histograms.empty()) return {};
  if (!writer_) {
    MAMORI_TRY(writer_, PartWriter::create(path_));
  }
  return writer_->add(id, data);
}

Result<std::shared_ptr<const Part>> LazyPartWriter::finish() {
  if (!writer_) return std::shared_ptr<const Part>();
  MAMORI_TRY_VOID(writer_->finish());
  writer_.reset();
  return Part::open(path_);
}

Result<std::shared_ptr<const Part>> merge_parts(const MergeRequest& request) {
  std::vector<Input> inputs;
  for (const auto& stored : request.parts) inputs.push_back({&stored, stored.part->cursor()});
  LazyPartWriter writer(request.path);
  SourceMerge merge;
  SeriesData data;
  for (;;) {
    MAMORI_TRY_VOID(request.pause());
    auto id = ~SeriesRef{0};
    for (const auto& input : inputs) {
      const auto ids = input.stored->part->series();
      if (input.next < ids.size()) id = std::min(id, ids[input.next]);
    }
    if (id == ~SeriesRef{0}) return writer.finish();
    merge.begin(data);
    for (auto& input : inputs) {
      if (!input.is_at(id)) continue;
      MAMORI_TRY_VOID(input.cursor->read(input.next++, kFirstMs, kLastMs, data));
      request.tombstones.apply(id, input.stored->name.deletions, data, merge.samples_from(), merge.histograms_from());
      merge.end_source(/*ascending=*/true);
    }
    merge.finish();
    data.labels = request.labels_of(id);
    if (data.labels.empty()) {
      return Error{Code::Corrupt, "the labels of series " + std::to_string(id) + ", which " +
                                      request.parts.front().part->path() + " or a newer part has, are not known"};
    }
    MAMORI_TRY_VOID(writer.add(id, data));
  }
}

}  // namespace mamori::metrics::detail
