#include "metrics/promql/row_stream.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "base/worker_pool.h"

namespace mamori::metrics::promql {
namespace {

// A chunk's first series may lie in the middle of a block that has to be decoded from its start, and each chunk's
// groups are merged into the others': large chunks are cheaper, but the last one must not keep a processor waiting for
// long.
constexpr std::size_t kChunkSeriesMin = 16, kChunkSeriesUsual = 1024;
constexpr std::size_t kChunksMin = 4, kChunksMax = 32;

// About a tenth of a millisecond's work between two looks at the clock.
constexpr std::size_t kWorkBetweenChecks = 100'000;
// As the store gives it, and the columns of the series before.
constexpr std::size_t kBytesPerSample = 2 * sizeof(Sample);

std::size_t chunk_series(std::size_t series) {
  const auto usual = std::clamp((series + kChunksMin - 1) / kChunksMin, kChunkSeriesMin, kChunkSeriesUsual);
  return std::max(usual, (series + kChunksMax - 1) / kChunksMax);
}

/// What a thread needs for chunk after chunk.
struct Worker {
  Worker(const RowSource& source) : reader(source.selection->reader()), columns(source.markers), maker(source.make()) {}
  std::unique_ptr<SeriesReader> reader;
  SeriesColumns read;
  SampleColumns columns;
  std::unique_ptr<RowMaker> maker;
  std::uint64_t samples_read = 0, samples_reserved = 0;
  std::size_t work = 0;
  bool any = false;
  std::string last_name;
  std::set<std::string> not_counters;
  std::map<std::string, std::size_t> unreadable;  // why, and the first series of which it is said
};

class Stream {
 public:
  Stream(QueryContext& context, const RowSource& source, const RowSinks& sinks)
      : context_(context),
        source_(source),
        sinks_(sinks),
        series_(source.selection->size()),
        chunk_(chunk_series(series_)),
        chunks_((series_ + chunk_ - 1) / chunk_) {}

  Result<Streamed> run(std::size_t steps) {
    WorkerPool::shared().run(chunks_, [this](std::size_t chunk) { do_chunk(chunk); });
    std::vector<std::uint64_t> counts(steps);
    bool any = false;
    for (auto& worker : idle_) {
      context_.stats.samples_read += worker->samples_read;
      context_.budget.release(worker->samples_reserved, worker->samples_reserved * kBytesPerSample);
      worker->maker->add_counts(counts);
      any = any || worker->any;
      for (const auto& name : worker->not_counters) {
        context_.info(*source_.expects_counters,
                      "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + quote(name));
      }
      for (const auto& [why, series] : worker->unreadable) {
        context_.left_out(source_.selection->labels(series), {Code::Corrupt, why});
      }
    }
    if (failure_) return std::move(failure_->second);
    if (not_floats_) return Streamed::NotFloats;
    context_.count_samples(counts);
    if (any && source_.if_any) MAMORI_TRY_VOID(source_.if_any());
    return Streamed::Whole;
  }

 private:
  void do_chunk(std::size_t chunk) {
    if (stop_) return;
    auto worker = take_worker();
    auto sink = sinks_.open();
    if (auto done = read_chunk(*worker, *sink, chunk); !done) fail(chunk, std::move(done).error());
    const std::lock_guard guard(mutex_);
    idle_.push_back(std::move(worker));
    if (stop_) return;
    finished_.emplace(chunk, std::move(sink));
    for (auto at = finished_.find(next_); at != finished_.end(); at = finished_.find(++next_)) {
      auto handed = sinks_.hand_on(std::move(at->second));
      finished_.erase(at);
      if (!handed) {
        if (!failure_) failure_.emplace(chunk, std::move(handed).error());
        stop_ = true;
        return;
      }
    }
  }

  Result<void> read_chunk(Worker& worker, RowSink& sink, std::size_t chunk) {
    const auto end = std::min(series_, (chunk + 1) * chunk_);
    for (auto i = chunk * chunk_; i < end && !stop_; ++i) MAMORI_TRY_VOID(read_series(worker, sink, i));
    sink.finish();
    return {};
  }

  Result<void> read_series(Worker& worker, RowSink& sink, std::size_t i) {
    if (const auto read = worker.reader->read_columns(i, worker.read); !read) {
      worker.unreadable.emplace(read.error().message, i);
      return {};
    }
    if (!worker.read.histograms.empty()) {
      not_floats_ = stop_ = true;
      return {};
    }
    const auto samples = worker.read.values.size();
    worker.samples_read += samples;
    if (samples > worker.samples_reserved) {
      const auto more = samples - std::exchange(worker.samples_reserved, samples);
      MAMORI_TRY_VOID(context_.budget.hold(more, more * kBytesPerSample));
    }
    worker.columns.take(worker.read);
    worker.any = worker.any || !worker.columns.empty();
    const auto row = sink.next_row();
    worker.work += samples + row.size();
    if (worker.work > kWorkBetweenChecks) {
      worker.work = 0;
      MAMORI_TRY_VOID(context_.check_deadline());
    }
    const auto present = worker.maker->make(worker.columns, row);
    if (present == 0) return context_.check_deadline();  // the maker gives up when there is no time left
    if (source_.expects_counters) see_name(worker, i);
    return sink.take(i, present);
  }

  void see_name(Worker& worker, std::size_t i) const {
    const auto name = source_.selection->labels(i).get(kMetricName);
    if (name == worker.last_name) return;
    worker.last_name = name;
    if (!name.empty() && !looks_like_counter(name)) worker.not_counters.emplace(name);
  }

  void fail(std::size_t chunk, Error error) {
    const std::lock_guard guard(mutex_);
    if (!failure_ || chunk < failure_->first) failure_.emplace(chunk, std::move(error));
    stop_ = true;
  }

  std::unique_ptr<Worker> take_worker() {
    {
      const std::lock_guard guard(mutex_);
      if (!idle_.empty()) {
        auto worker = std::move(idle_.back());
        idle_.pop_back();
        return worker;
      }
    }
    auto worker = std::make_unique<Worker>(source_);
    worker->maker->ask([this] { return !stop_ && context_.check_deadline().has_value(); });
    return worker;
  }

  QueryContext& context_;
  const RowSource& source_;
  const RowSinks& sinks_;
  const std::size_t series_, chunk_, chunks_;
  std::atomic<bool> stop_{false}, not_floats_{false};
  std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Worker>> idle_;
  std::map<std::size_t, std::unique_ptr<RowSink>> finished_;  // by chunk, those that wait for an earlier one
  std::size_t next_ = 0;
  std::optional<std::pair<std::size_t, Error>> failure_;
};

}  // namespace

Result<Streamed> stream_rows(QueryContext& context, const Grid& grid, const RowSource& source, const RowSinks& sinks) {
  return Stream(context, source, sinks).run(grid.steps);
}

bool looks_like_counter(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") || name.ends_with("_bucket");
}

void NameWatch::see(const Labels& labels) {
  if (differ_) return;
  if (!any_) first_ = labels;
  differ_ = labels.get(kMetricName) != first_.get(kMetricName) || labels.has("__type__") || labels.has("__unit__");
  any_ = true;
}

void NameWatch::join(const NameWatch& other) {
  if (other.any_) see(other.first_);
  differ_ = differ_ || other.differ_;
}

}  // namespace mamori::metrics::promql
