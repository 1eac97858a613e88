// FileStore's writes: find_or_create and write. Each sample is judged by its series' state alone; only one that is not
// newer than the series' last costs a look at what is stored.
#include <algorithm>

#include "base/log.h"
#include "metrics/detail/file_store.h"
#include "metrics/detail/histogram_codec.h"

namespace mamori::metrics::detail {
namespace {

constexpr std::uint32_t kLateMax = 4096;  // of one series in a head: each late sample is compared with all of them
constexpr std::size_t kLookAhead = 8;     // samples whose series' state is fetched before it is needed
constexpr std::size_t kAcceptedKept = 64 * 1024;
constexpr Nanos kRoomWait = Seconds{10};

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }
std::uint64_t bits_of(const RefHistogram&) { return 0; }

bool is_same(const SeriesData& stored, double value) {
  return !stored.samples.empty() && bits_of(stored.samples.front().value) == bits_of(value);
}
bool is_same(const SeriesData& stored, const RefHistogram& value) {
  return !stored.histograms.empty() && same_histogram(*stored.histograms.front().value, *value.value);
}

std::uint32_t to_seconds(Timestamp time) { return static_cast<std::uint32_t>(to_millis(time) / 1000); }

Error too_large(std::string what, const char* option) {
  return {Code::TooLarge, std::move(what) + " (" + option + " of mamori serve)"};
}

}  // namespace

Result<SeriesRef> FileStore::find_or_create(const Labels& labels) {
  if (labels.empty()) return invalid_argument("a series needs at least one label");
  const std::lock_guard writer(write_mutex_);
  // Only a holder of write_mutex_ changes the index, so it may be read here.
  const auto known = index_.find(labels);
  if (!known) return create(labels);
  states_.at(*known).touched_s = to_seconds(clock_.now());  // not forgotten before its sample can come
  return *known;
}

Result<void> FileStore::check_labels(const Labels& labels) {
  const auto over = [](std::size_t value, std::size_t bound) { return bound != 0 && value > bound; };
  const auto refuse = [&](std::string what, const char* option) {
    counters_.labels.fetch_add(1, std::memory_order_relaxed);
    return too_large("series " + labels.to_string().substr(0, 200) + ": " + std::move(what), option);
  };
  if (over(labels.size(), options_.labels_per_series_max)) {
    return refuse(std::to_string(labels.size()) + " labels are more than the " +
                      std::to_string(options_.labels_per_series_max) + " that a series may have",
                  "--labels-per-series-max");
  }
  for (const auto& [name, value] : labels) {
    if (over(name.size(), options_.label_name_bytes_max)) {
      return refuse("a label name of " + std::to_string(name.size()) + " bytes is longer than the " +
                        std::to_string(options_.label_name_bytes_max) + " that one may have",
                    "--label-name-bytes-max");
    }
    if (over(value.size(), options_.label_value_bytes_max)) {
      return refuse("the value of label " + std::string(name) + " has " + std::to_string(value.size()) +
                        " bytes, more than the " + std::to_string(options_.label_value_bytes_max) +
                        " that one may have",
                    "--label-value-bytes-max");
    }
  }
  return {};
}

Result<SeriesRef> FileStore::create(const Labels& labels) {
  MAMORI_TRY_VOID(check_labels(labels));
  const auto most = std::min<std::uint64_t>(options_.series_max == 0 ? ~std::uint64_t{0} : options_.series_max,
                                            std::numeric_limits<SeriesRef>::max() - 1);
  if (index_.size() >= most || next_id_ == std::numeric_limits<SeriesRef>::max()) {
    counters_.series_max.fetch_add(1, std::memory_order_relaxed);
    return too_large("there are " + std::to_string(index_.size()) + " series already, as many as may be: a new one, " +
                         labels.to_string().substr(0, 200) + ", is refused",
                     "--series-max");
  }
  const auto now = clock_.now();
  if (const auto minute = to_millis(now) / 60'000; minute != minute_) {
    minute_ = minute;
    created_in_minute_ = 0;
  }
  if (options_.new_series_per_minute_max != 0 && created_in_minute_ >= options_.new_series_per_minute_max) {
    counters_.new_series.fetch_add(1, std::memory_order_relaxed);
    return too_large(std::to_string(created_in_minute_) + " new series came within this minute, as many as may: " +
                         labels.to_string().substr(0, 200) + " is refused; does a label hold an id of each request?",
                     "--new-series-per-minute-max");
  }
  ++created_in_minute_;
  const auto id = next_id_++;
  auto& state = states_.at(id);
  state = {.touched_s = to_seconds(now), .alive = true};
  const std::unique_lock guard(mutex_);
  index_.add(id, labels);
  counters_.series_created.fetch_add(1, std::memory_order_relaxed);
  return id;
}

Result<AppendOutcome> FileStore::write(const WriteBatch& batch) {
  std::unique_lock writer(write_mutex_);
  if (auto room = wait_for_room(writer); !room) {
    counters_.writes_unavailable.fetch_add(1, std::memory_order_relaxed);
    return std::move(room).error();
  }
  const auto ahead_ms = options_.ahead_max == Nanos{0} ? std::numeric_limits<std::int64_t>::max()
                                                       : to_millis(clock_.now() + options_.ahead_max);
  AppendOutcome outcome;
  accepted_.clear();
  record_.begin(batch.samples.size());
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    if (i + kLookAhead < batch.samples.size()) __builtin_prefetch(states_.find(batch.samples[i + kLookAhead].series));
    const auto& sample = batch.samples[i];
    take(sample.series, sample.time_ms, sample.value, ahead_ms, outcome);
  }
  for (const auto& histogram : batch.histograms) {
    take(histogram.series, histogram.time_ms, histogram, ahead_ms, outcome);
  }
  if (!accepted_.empty()) {
    if (auto logged = wal_->append(record_.finish()); !logged) {
      take_back();
      counters_.writes_unavailable.fetch_add(1, std::memory_order_relaxed);
      return std::move(logged).error();
    }
    put_into_head();
    outcome.written = accepted_.size();
    counters_.samples_appended.fetch_add(accepted_.size(), std::memory_order_relaxed);
    if (accepted_.size() > kAcceptedKept) std::vector<Accepted>().swap(accepted_);
  }
  freeze_if_full();
  return outcome;
}

template <typename Value>
void FileStore::take(SeriesRef id, std::int64_t time_ms, const Value& value, std::int64_t ahead_ms,
                     AppendOutcome& outcome) {
  constexpr bool kIsHistogram = std::is_same_v<Value, RefHistogram>;
  auto* state = states_.find(id);
  auto verdict = Verdict::InOrder;
  if (state == nullptr || !state->alive) {
    verdict = Verdict::Unknown;
  } else if (time_ms > ahead_ms) {
    verdict = Verdict::TooFarAhead;
  } else if (time_ms <= state->last_ms || (!state->parts_known && time_ms <= parts_end_ms_)) {
    verdict = judge_slowly(id, *state, time_ms, value);
  }
  if (verdict != Verdict::InOrder && verdict != Verdict::Late) return count(verdict, id, time_ms, outcome);
  auto& accepted = accepted_.emplace_back(
      Accepted{.id = id, .late = verdict == Verdict::Late, .time_ms = time_ms, .state = state, .before = *state});
  if (!state->logged) {
    record_.define(id, index_.labels(id));
    state->logged = true;
  }
  if constexpr (kIsHistogram) {
    accepted.histogram = &value;
    record_.add(id, time_ms, *value.value);
  } else {
    accepted.value = value;
    record_.add(id, time_ms, value);
  }
  if (accepted.late) return;
  state->last_ms = time_ms;
  state->last_is_histogram = kIsHistogram;
  // Of a histogram, where it stands among those of this write.
  state->last_bits = kIsHistogram ? accepted_.size() - 1 : bits_of(value);
  state->parts_known = true;  // it is newer than all they had
}

template <typename Value>
FileStore::Verdict FileStore::judge_slowly(SeriesRef id, SeriesState& state, std::int64_t time_ms, const Value& value) {
  constexpr bool kIsHistogram = std::is_same_v<Value, RefHistogram>;
  if (!state.parts_known) learn_last_from_parts(id, state);
  if (time_ms > state.last_ms) return Verdict::InOrder;
  if (time_ms == state.last_ms && (!kIsHistogram || !state.last_is_histogram)) {
    if constexpr (!kIsHistogram) {
      if (!state.last_is_histogram && state.last_bits == bits_of(value)) return Verdict::Duplicate;
    }
    return Verdict::Conflicting;
  }
  if (const auto stored = stored_at(id, time_ms)) {
    return is_same(*stored, value) ? Verdict::Duplicate : Verdict::Conflicting;
  }
  if (time_ms == state.last_ms) return Verdict::Conflicting;  // with what it is in conflict was deleted meanwhile
  const auto window_ms = std::chrono::duration_cast<Millis>(options_.out_of_order_window).count();
  return window_ms > 0 && time_ms >= newest_ms_ - window_ms ? Verdict::Late : Verdict::OutOfOrder;
}

/// After a start the newest sample of a series is not known without reading parts: that is done only for a series that
/// is sent something older than what any part holds.
void FileStore::learn_last_from_parts(SeriesRef id, SeriesState& state) {
  state.parts_known = true;
  SeriesData data;
  for (const auto& [name, part, damaged] : parts()) {
    const auto index = part->find(id);
    if (!index || part->info().end_ms <= state.last_ms) continue;
    data.samples.clear();
    data.histograms.clear();
    const auto after_ms = state.last_ms == kNever ? kNever : state.last_ms + 1;
    if (const auto read = part->cursor()->read(*index, after_ms, part->info().end_ms, data); !read) {
      log_error("a series' newest sample cannot be read", {{"error", read.error().message}});
      continue;
    }
    if (!data.samples.empty() && data.samples.back().time_ms > state.last_ms) {
      state.last_ms = data.samples.back().time_ms;
      state.last_bits = bits_of(data.samples.back().value);
      state.last_is_histogram = false;
    }
    if (!data.histograms.empty() && data.histograms.back().time_ms > state.last_ms) {
      state.last_ms = data.histograms.back().time_ms;
      state.last_is_histogram = true;
    }
  }
}

/// Looks at the heads; for the series' last also at what this write has taken so far, and at the parts.
std::optional<SeriesData> FileStore::stored_at(SeriesRef id, std::int64_t time_ms) const {
  const auto& state = *states_.find(id);
  if (state.last_ms == time_ms && state.last_is_histogram && state.last_bits < accepted_.size()) {
    const auto& last = accepted_[state.last_bits];
    if (last.id == id && last.time_ms == time_ms && last.histogram != nullptr)
      return SeriesData{.labels = {}, .samples = {}, .histograms = {{time_ms, last.histogram->value}}};
  }
  if (auto stored = active_->at(id, time_ms)) return stored;
  for (const auto& frozen : frozen()) {
    if (auto stored = frozen.head->at(id, time_ms)) return stored;
  }
  if (state.last_ms != time_ms) return std::nullopt;
  SeriesData data;
  for (const auto& [name, part, damaged] : parts()) {
    const auto index = part->find(id);
    if (!index || part->info().end_ms < time_ms) continue;
    if (!part->cursor()->read(*index, time_ms, time_ms, data)) continue;
    if (!data.samples.empty() || !data.histograms.empty()) return data;
  }
  return std::nullopt;
}

void FileStore::count(Verdict verdict, SeriesRef id, std::int64_t time_ms, AppendOutcome& outcome) {
  const auto add = [](std::size_t& here, std::atomic<std::uint64_t>& in_all) {
    ++here;
    in_all.fetch_add(1, std::memory_order_relaxed);
  };
  switch (verdict) {
    case Verdict::InOrder:
    case Verdict::Late:
      return;
    case Verdict::Duplicate:
      return add(outcome.duplicate, counters_.duplicates);
    case Verdict::Conflicting:
      add(outcome.conflicting, counters_.conflicting);
      break;
    case Verdict::OutOfOrder:
      add(outcome.out_of_order, counters_.out_of_order);
      break;
    case Verdict::TooFarAhead:
      add(outcome.too_far_ahead, counters_.too_far_ahead);
      break;
    case Verdict::Unknown:
      add(outcome.unknown_series, counters_.unknown);
      break;
  }
  if (outcome.first_refused.empty()) outcome.first_refused = refusal(verdict, id, time_ms);
}

std::string FileStore::refusal(Verdict verdict, SeriesRef id, std::int64_t time_ms) const {
  if (verdict == Verdict::Unknown) return "series " + std::to_string(id) + " is not known (any more)";
  const auto text = [](std::int64_t ms) { return std::to_string(ms) + " ms"; };
  const auto what = index_.labels(id).to_string() + " at " + text(time_ms) + ": ";
  if (verdict == Verdict::TooFarAhead) {
    return what + "more than " + format_duration(options_.ahead_max) + " ahead of our clock (--ahead-max)";
  }
  if (verdict == Verdict::Conflicting) return what + "there is another value at this time already";
  return what + "out of order, the series has newer samples up to " + text(states_.find(id)->last_ms) +
         "; what is older than the store's newest, " + text(newest_ms_) + ", by up to " +
         format_duration(options_.out_of_order_window) + " is taken (--out-of-order-window)";
}

void FileStore::take_back() {
  for (auto accepted = accepted_.rbegin(); accepted != accepted_.rend(); ++accepted)
    *accepted->state = accepted->before;
}

void FileStore::put_into_head() {
  const std::unique_lock guard(mutex_);
  auto& head = *active_;
  for (const auto& accepted : accepted_) {
    newest_ms_ = std::max(newest_ms_, accepted.time_ms);
    if (!accepted.before.logged) head.note_defined(accepted.id);
    if (accepted.histogram != nullptr) {
      const HistogramPoint point{accepted.time_ms, accepted.histogram->value};
      accepted.late ? head.add_late(accepted.id, point) : head.add(accepted.id, point);
    } else {
      const Sample sample{accepted.time_ms, accepted.value};
      accepted.late ? head.add_late(accepted.id, sample) : head.add(accepted.id, sample);
    }
    if (accepted.late) counters_.out_of_order_taken.fetch_add(1, std::memory_order_relaxed);
  }
}

bool FileStore::is_full(unsigned times) const {
  // Histograms are counted by what they take: as many bytes as so many samples.
  const auto bytes_max = std::max<std::uint64_t>(options_.head_samples_max * sizeof(Sample) * 2, 1u << 20);
  return active_->samples() >= options_.head_samples_max * times || active_->sample_bytes() >= bytes_max * times ||
         (times == 1 && active_->longest_late() >= kLateMax);
}

void FileStore::freeze_if_full() {
  const auto age_ms = to_millis(clock_.now()) - head_since_ms_;
  const bool is_old = age_ms >= std::chrono::duration_cast<Millis>(options_.head_age_max).count();
  if (active_->samples() == 0 || !(is_old || is_full(1))) return;
  if (options_.background && !frozen().empty()) return;  // the head before is still being written out: this one grows
  if (const auto frozen = freeze(); !frozen) {
    // The log still takes samples, or refuses them itself; the next write tries again.
    log_warn("the log's segment could not be turned", {{"error", frozen.error().message}});
  }
}

/// So that memory is bounded when parts are written more slowly than samples come, or cannot be written at all.
Result<void> FileStore::wait_for_room(std::unique_lock<std::mutex>& writer) {
  if (!options_.background) return {};
  const auto has_room = [&] { return closing_ || !is_full(2) || frozen().empty(); };
  if (has_room() || room_wake_.wait_for(writer, kRoomWait, has_room)) return {};
  return Error{Code::Unavailable, "memory holds " + std::to_string(active_->samples()) +
                                      " samples that cannot be written out to " + dir_ +
                                      "/parts: is the disk full or failing? The log names the reason"};
}

Result<void> FileStore::freeze() {
  auto fresh = std::make_shared<Head>();
  MAMORI_TRY(const auto next, wal_->rotate());
  {
    const std::unique_lock guard(mutex_);
    frozen_.push_back({.head = active_, .last_segment = next - 1, .deletions = tombstones_->newest()});
    active_ = std::move(fresh);
  }
  head_since_ms_ = to_millis(clock_.now());
  {
    const std::lock_guard guard(work_mutex_);
    flush_wanted_ = true;
  }
  work_wake_.notify_one();
  return {};
}

}  // namespace mamori::metrics::detail
