#include "logs/detail/merge.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/log.h"
#include "base/text.h"

namespace mamori::logs::detail {
namespace {

bool in_range(Timestamp time, const ScanRange& range) { return time >= range.start && time < range.end; }

class BatchRun final : public Run {
 public:
  BatchRun(std::vector<std::shared_ptr<const Batch>> batches, const ScanRange& range) : batches_(std::move(batches)) {
    std::map<std::string_view, bool> wanted;  // by stream, so that each name is compared once
    for (const auto& batch : batches_) {
      if (batch->last < range.start || batch->first >= range.end) continue;
      for (const auto& entry : batch->entries) {
        if (!in_range(entry.time, range)) continue;
        const std::string& stream = batch->streams[entry.stream];
        const auto [at, fresh] = wanted.try_emplace(stream, false);
        if (fresh) at->second = glob_matches(range.stream_pattern, stream);
        if (at->second) refs_.push_back({{entry.time, entry.seq}, batch.get(), &entry});
      }
    }
    std::ranges::sort(refs_, {}, &Ref::position);
    if (range.newest_first) std::ranges::reverse(refs_);
  }
  bool more() const override { return at_ < refs_.size(); }
  Position position() const override { return refs_[at_].position; }
  bool loaded() const override { return true; }
  void load(ScanCost&) override {}
  Line line() const override {
    const Ref& ref = refs_[at_];
    return {ref.batch->streams[ref.entry->stream], ref.position.time, ref.batch->json(*ref.entry)};
  }
  void advance() override { ++at_; }

 private:
  struct Ref {
    Position position;
    const Batch* batch;
    const Entry* entry;
  };
  std::vector<std::shared_ptr<const Batch>> batches_;
  std::vector<Ref> refs_;
  std::size_t at_ = 0;
};

class PartRun final : public Run {
 public:
  PartRun(std::shared_ptr<const Part> part, const ScanRange& range) : part_(std::move(part)), range_(range) {
    const auto& blocks = part_->index().blocks;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].last >= range.start && blocks[i].first < range.end) left_.push_back(i);
    }
    if (!range.newest_first) std::ranges::reverse(left_);  // the next block is the last of left_
  }
  bool more() const override { return at_ < lines_.size() || !left_.empty(); }
  bool loaded() const override { return at_ < lines_.size(); }
  Position position() const override {
    if (loaded()) return {lines_[at_].time, lines_[at_].seq};
    const BlockInfo& next = part_->index().blocks[left_.back()];
    if (range_.newest_first) return {next.last, std::numeric_limits<std::uint64_t>::max()};
    return {next.first, 0};
  }
  void load(ScanCost& cost) override {
    const std::size_t next = left_.back();
    left_.pop_back();
    at_ = 0;
    lines_.clear();
    auto block = part_->read(next);
    if (!block) {
      if (block.error().code == Code::NotFound) return;  // dropped by retention meanwhile
      ++cost.damaged_blocks;
      if (part_->complain_once()) {
        log_error("part of the logs cannot be read and is left out of answers",
                  {{"error", block.error().message}, {"remedy", "restore the file from a backup, or remove it"}});
      }
      return;
    }
    bytes_ = std::move(block->bytes);
    lines_ = std::move(block->lines);
    std::erase_if(lines_, [&](const PartLine& line) { return !in_range(line.time, range_); });
    if (range_.newest_first) std::ranges::reverse(lines_);
  }
  Line line() const override { return {part_->index().stream, lines_[at_].time, lines_[at_].json}; }
  void advance() override { ++at_; }

 private:
  std::shared_ptr<const Part> part_;
  ScanRange range_;
  std::vector<std::size_t> left_;
  std::string bytes_;
  std::vector<PartLine> lines_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<Run> run_of_batches(std::vector<std::shared_ptr<const Batch>> batches, const ScanRange& range) {
  return std::make_unique<BatchRun>(std::move(batches), range);
}

std::unique_ptr<Run> run_of_part(std::shared_ptr<const Part> part, const ScanRange& range) {
  return std::make_unique<PartRun>(std::move(part), range);
}

ScanCost merge(std::vector<std::unique_ptr<Run>> runs, bool newest_first,
               const std::function<bool(const Line&)>& visit) {
  ScanCost cost;
  std::erase_if(runs, [](const auto& run) { return !run->more(); });
  // The heap's top is the run to take from next.
  const auto later = [&](const std::unique_ptr<Run>& a, const std::unique_ptr<Run>& b) {
    return newest_first ? a->position() < b->position() : a->position() > b->position();
  };
  std::ranges::make_heap(runs, later);
  while (!runs.empty()) {
    std::ranges::pop_heap(runs, later);
    Run& run = *runs.back();
    if (!run.loaded()) {
      run.load(cost);
    } else {
      const Line line = run.line();
      ++cost.lines;
      cost.bytes += line.json.size();
      if (!visit(line)) return cost;
      run.advance();
    }
    if (run.more()) {
      std::ranges::push_heap(runs, later);
    } else {
      runs.pop_back();
    }
  }
  return cost;
}

}  // namespace mamori::logs::detail
