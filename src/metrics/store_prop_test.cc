#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <map>
#include <set>

#include "metrics/detail/histogram_codec.h"
#include "metrics/store_fixture.h"

namespace mamori::metrics {
namespace {

/// A value as text that tells all its bits: "7ff0000000000002" or "h" and a histogram's.
std::string text_of(double value) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)));
  return text;
}
std::string text_of(const Histogram& histogram) {
  std::string bytes = "h";
  detail::put_histogram(bytes, histogram);
  return bytes;
}

/// The obvious store: a map of maps.
using Model = std::map<Labels, std::map<std::int64_t, std::string>>;

constexpr int kSeries = 6;

Labels labels_of(int number) {
  return Labels({{"__name__", "m" + std::to_string(number % 2)}, {"n", std::to_string(number)}});
}

void add(Model& model, const SeriesData& series) {
  auto& samples = model[series.labels];
  for (const auto& sample : series.samples)
    RC_ASSERT(samples.try_emplace(sample.time_ms, text_of(sample.value)).second);
  for (const auto& point : series.histograms)
    RC_ASSERT(samples.try_emplace(point.time_ms, text_of(*point.value)).second);
}

Model within(const Model& model, std::int64_t start_ms, std::int64_t end_ms) {
  Model kept;
  for (const auto& [labels, samples] : model) {
    for (const auto& [time_ms, text] : samples) {
      if (time_ms >= start_ms && time_ms <= end_ms) kept[labels][time_ms] = text;
    }
  }
  return kept;
}

Model contents(const Selection& selection) {
  Model found;
  const auto reader = selection.reader();
  for (std::size_t i = 0; i < selection.size(); ++i) {
    SeriesData data{.labels = selection.labels(i), .samples = {}, .histograms = {}};
    RC_ASSERT(reader->read(i, data).has_value());
    RC_ASSERT(std::ranges::is_sorted(data.samples, {}, &Sample::time_ms));
    RC_ASSERT(std::ranges::is_sorted(data.histograms, {}, &HistogramPoint::time_ms));
    if (!data.samples.empty() || !data.histograms.empty()) add(found, data);
  }
  return found;
}

Model contents(const Store& store, std::int64_t start_ms, std::int64_t end_ms) {
  return contents(*store.open_selection({}, start_ms, end_ms));
}

std::shared_ptr<const Histogram> any_histogram() {
  Histogram histogram;
  histogram.schema = *rc::gen::inRange(-4, 9);
  histogram.reset = *rc::gen::element(Histogram::Reset::Unknown, Histogram::Reset::Reset, Histogram::Reset::Gauge);
  histogram.sum = std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
  for (auto spans = *rc::gen::inRange(0, 3); spans > 0; --spans) {
    const auto length = *rc::gen::inRange(1u, 4u);
    histogram.positive_spans.push_back({*rc::gen::inRange(0, 5), length});
    for (std::uint32_t i = 0; i < length; ++i) histogram.positive.push_back(*rc::gen::inRange(0, 100));
  }
  for (const auto bucket : histogram.positive) histogram.count += bucket;
  return std::make_shared<const Histogram>(histogram);
}

double any_value() {
  if (*rc::gen::inRange(0, 2) == 0) return *rc::gen::inRange(-1000, 1000);
  return std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
}

class Run {
 public:
  Run() {
    options_.wal.fsync = Fsync::Never;
    options_.background = false;
    options_.disk_free_min = 0;
    options_.head_samples_max = *rc::gen::element(5, 40, 10'000);
    options_.out_of_order_window = *rc::gen::element<Nanos>(Nanos{0}, Seconds{1}, std::chrono::hours{5});
    reopen();
  }

  /// Newer samples than all before, many series in one batch.
  void write_in_order() {
    WriteBatch batch;
    auto time_ms = now_ms();
    for (auto left = *rc::gen::inRange(1, 30); left > 0; --left) {
      const auto number = *rc::gen::inRange(0, kSeries);
      time_ms = std::max(time_ms, newest_[number] + 1) + *rc::gen::element(0, 1, 15'000);
      if (time_ms > now_ms() + 500'000) break;
      newest_[number] = time_ms;
      batch.samples.push_back({ref(number), time_ms, any_value()});
      model_[labels_of(number)][time_ms] = text_of(batch.samples.back().value);
    }
    const auto outcome = store_->write(batch);
    RC_ASSERT(outcome.has_value());
    RC_ASSERT(outcome->written == batch.samples.size());
  }

  /// One sample or histogram anywhere.
  void write_anywhere() {
    const auto number = *rc::gen::inRange(0, kSeries);
    const auto time_ms = now_ms() + *rc::gen::inRange(-3000, 100);
    WriteBatch batch;
    std::string text;
    if (*rc::gen::inRange(0, 2) == 0) {
      batch.samples.push_back({ref(number), time_ms, any_value()});
      text = text_of(batch.samples[0].value);
    } else {
      batch.histograms.push_back({ref(number), time_ms, any_histogram()});
      text = text_of(*batch.histograms[0].value);
    }
    const auto outcome = store_->write(batch);
    RC_ASSERT(outcome.has_value());
    RC_ASSERT(outcome->written + outcome->duplicate + outcome->refused() == 1);
    auto& samples = model_[labels_of(number)];
    const auto known = samples.find(time_ms);
    const auto last_ms = samples.empty() ? kFirstMs : samples.rbegin()->first;
    auto& newest_ms = newest_[number];
    if (time_ms > newest_ms) RC_ASSERT(outcome->written == 1);
    if (time_ms <= last_ms && options_.out_of_order_window == Nanos{0}) RC_ASSERT(outcome->written == 0);
    if (outcome->duplicate == 1 && known != samples.end()) RC_ASSERT(known->second == text);
    if (outcome->conflicting == 1 && known != samples.end()) RC_ASSERT(known->second != text);
    if (outcome->written == 1) {
      samples.try_emplace(time_ms, text);  // what was written first stays
      newest_ms = std::max(newest_ms, time_ms);
    }
  }

  void delete_some() {
    const auto number = *rc::gen::inRange(0, kSeries);
    const auto matcher = *rc::gen::element(*Matcher::make("n", MatchOp::Equal, std::to_string(number)),
                                           *Matcher::make("__name__", MatchOp::Equal, "m1"),
                                           *Matcher::make("n", MatchOp::Regex, "[0-3]"));
    const auto start_ms = now_ms() - *rc::gen::element(500, 10'000, 100'000'000);
    const auto end_ms = start_ms + *rc::gen::element(0, 1000, 100'000'000);
    RC_ASSERT(store_->delete_series(std::span(&matcher, 1), start_ms, end_ms).has_value());
    for (auto& [labels, samples] : model_) {
      if (!matcher.matches(labels.get(matcher.name()))) continue;
      std::erase_if(samples, [&](const auto& sample) { return sample.first >= start_ms && sample.first <= end_ms; });
    }
  }

  void pass_time() {
    clock_.advance(Seconds{*rc::gen::element(1, 15, 600, 9000)});
    RC_ASSERT(store_->enforce_retention().has_value());
    refs_.clear();  // series without samples may be forgotten
  }

  void flush() { RC_ASSERT(store_->flush().has_value()); }
  void merge() { RC_ASSERT(store_->merge(/*settle=*/*rc::gen::inRange(0, 3) > 0).has_value()); }
  void clean() { RC_ASSERT(store_->clean_tombstones().has_value()); }

  void reopen() {
    held_.clear();
    store_.reset();
    store_ = opened(folder_.path());
    refs_.clear();
  }

  /// Looked at again at the end: nothing that comes after changes what it shows.
  void hold() { held_.emplace_back(store_->open_selection({}, kFirstMs, kLastMs), within(model_, kFirstMs, kLastMs)); }

  void check_snapshot() {
    const bool skip_head = *rc::gen::inRange(0, 2) == 0;
    const auto path = store_->snapshot(skip_head);
    RC_ASSERT(path.has_value());
    const auto copy = opened(*path);
    const auto found = contents(*copy, kFirstMs, kLastMs);
    if (!skip_head) RC_ASSERT(found == within(model_, kFirstMs, kLastMs));
    for (const auto& [labels, samples] : found) {
      for (const auto& sample : samples) RC_ASSERT(model_[labels].contains(sample.first));
    }
    write_in_order();  // the copy has nothing to do with what comes later
    RC_ASSERT(contents(*copy, kFirstMs, kLastMs) == found);
  }

  void compare() {
    RC_ASSERT(contents(*store_, kFirstMs, kLastMs) == within(model_, kFirstMs, kLastMs));
    const auto start_ms = now_ms() - *rc::gen::element(100, 3000, 20'000'000);
    const auto end_ms = start_ms + *rc::gen::element(0, 100, 3000, 20'000'000);
    const auto expected = within(model_, start_ms, end_ms);
    RC_ASSERT(contents(*store_, start_ms, end_ms) == expected);
    std::vector<Labels> labels;
    std::set<std::string> numbers;
    for (const auto& [one, samples] : expected) {
      labels.push_back(one);
      numbers.emplace(one.get("n"));
    }
    RC_ASSERT(store_->series({}, start_ms, end_ms) == labels);
    const auto values = store_->label_values("n", {}, start_ms, end_ms);
    RC_ASSERT(std::ranges::includes(values, numbers));  // those of series without samples leave with the next retention
    for (const auto& [selection, then] : held_) RC_ASSERT(contents(*selection) == then);
  }

 private:
  std::int64_t now_ms() const { return to_millis(clock_.now()); }

  SeriesRef ref(int number) {
    if (const auto known = refs_.find(number); known != refs_.end()) return known->second;
    const auto found = store_->find_or_create(labels_of(number));
    RC_ASSERT(found.has_value());
    return refs_[number] = *found;
  }

  std::unique_ptr<detail::FileStore> opened(const std::string& path) {
    std::vector<std::string> warnings;
    auto store = open_file_store(path, options_, clock_, warnings);
    if (!store) RC_FAIL(store.error().message);
    if (!warnings.empty()) RC_FAIL(warnings[0]);
    return *std::move(store);
  }

  TestFolder folder_;
  FakeClock clock_{Timestamp{Seconds{1'700'000'000}}};
  StoreOptions options_;
  std::unique_ptr<detail::FileStore> store_;
  std::vector<std::pair<std::unique_ptr<Selection>, Model>> held_;
  std::map<int, SeriesRef> refs_;
  std::map<int, std::int64_t> newest_;  // ever written, deleted ones too
  Model model_;
};

RC_GTEST_PROP(MetricsStore, HoldsWhatAMapWouldHoldWhateverIsDoneToIt, ()) {
  Run run;
  for (int step = *rc::gen::inRange(1, 60); step > 0; --step) {
    switch (*rc::gen::inRange(0, 20)) {
      default:
        run.write_in_order();
        break;
      case 0:
      case 1:
      case 2:
      case 3:
        run.write_anywhere();
        break;
      case 4:
      case 5:
        run.pass_time();
        break;
      case 6:
      case 7:
        run.flush();
        break;
      case 8:
        run.merge();
        break;
      case 9:
      case 10:
        run.delete_some();
        break;
      case 11:
        run.clean();
        break;
      case 12:
        run.reopen();
        break;
      case 13:
        run.hold();
        break;
      case 14:
        run.check_snapshot();
        break;
      case 15:
        run.compare();
        break;
    }
  }
  run.compare();
  run.reopen();
  run.compare();
}

}  // namespace
}  // namespace mamori::metrics
