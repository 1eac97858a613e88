// metrics/promql/row_stream.h: the rows of a selector or of a function over a range selector, series after series,
// never all samples at once; spread over the processors in chunks of series.
// Always holds: which series form a chunk, and in which order chunks are handed on, depends on the selection alone, so
// that sums come out the same whatever the threads' timing.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/row_maker.h"

namespace mamori::metrics::promql {

/// Where rows come from.
struct RowSource {
  std::unique_ptr<Selection> selection;
  SampleColumns::Markers markers = SampleColumns::Markers::Keep;
  std::function<std::unique_ptr<RowMaker>()> make;  // called by many threads
  bool drops_name = false;                          // a function that changes what the values mean
  std::optional<Span> expects_counters;             // place of the range, for the hint that a name is not a counter's
  std::function<Result<void>()> if_any;             // judges the parameters, if any series has samples at all
};

/// Takes the rows of one chunk; used by one thread.
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// Where the next row is to be written.
  virtual std::span<double> next_row() = 0;
  /// The row is written: that of series `i`, with a value at `present` > 0 steps. Errors: the budget's.
  virtual Result<void> take(std::size_t i, std::size_t present) = 0;
  /// The chunk has no more rows; still on the thread that made them.
  virtual void finish() {}
};

struct RowSinks {
  std::function<std::unique_ptr<RowSink>()> open;                 // for a chunk; called by many threads
  std::function<Result<void>(std::unique_ptr<RowSink>)> hand_on;  // in order of the chunks, one at a time
};

enum class Streamed {
  Whole,
  NotFloats,  // a series has histograms: the sinks may have seen only a part
};

/// Errors: the budget's; the store's are warnings, the series is left out.
Result<Streamed> stream_rows(QueryContext& context, const Grid& grid, const RowSource& source, const RowSinks& sinks);

/// Whether a metric's name is one that a counter would have.
bool looks_like_counter(std::string_view name);

/// Tells whether series may become equal when their metadata labels are dropped: fed with all that have values.
class NameWatch {
 public:
  void see(const Labels& labels);
  void join(const NameWatch& other);
  bool may_collide() const { return differ_; }

 private:
  bool any_ = false, differ_ = false;
  Labels first_;
};

}  // namespace mamori::metrics::promql
