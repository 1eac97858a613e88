// Streamed and fused evaluation, spread over threads, against the general path: the same series, the same errors and
// annotations, the same values (sums within rounding).
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "metrics/promql/engine.h"
#include "metrics/promql/memory_store.h"

namespace mamori::metrics::promql {
namespace {

std::string one_of(std::initializer_list<std::string> texts) { return *rc::gen::elementOf(std::vector(texts)); }

std::string selector() {
  return one_of({"requests_total", "level", "requests_total{x=\"1\"}", "{__name__=~\".+\"}",
                 "{__name__=~\"requests_total|level\"}", "level{y!=\"3\"}", "nothing", "{x=~\"1|2\"}"});
}

std::string modifiers() { return one_of({"", "", " offset 40s", " offset -25s", " @ 300", " @ end()"}); }

std::string range() { return "[" + one_of({"15s", "1m", "95s", "5m", "20m"}) + "]" + modifiers(); }

std::string leaf() {
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return selector() + modifiers();
    case 4:
      return one_of({"deriv(" + selector() + range() + ")", "predict_linear(" + selector() + range() + ", 600)",
                     "double_exponential_smoothing(" + selector() + range() + ", 0.5, " + one_of({"0.5", "2"}) + ")"});
    case 5:
      return one_of({"rate", "increase", "delta", "changes", "resets", "sum_over_time"}) + "(" + selector() + "[" +
             one_of({"15s", "1m", "5m"}) + "] " + one_of({"anchored", "smoothed"}) + ")";
    case 1:
      return one_of({"rate", "increase", "delta", "irate", "idelta", "changes", "resets"}) + "(" + selector() +
             range() + ")";
    case 2:
      return "quantile_over_time(" + one_of({"0.3", "1.5", "scalar(level{x=\"1\",y=\"1\"})"}) + ", " + selector() +
             range() + ")";
    default:
      return one_of({"avg", "sum", "min", "max", "count", "present", "first", "last", "stddev", "stdvar", "mad",
                     "ts_of_min", "ts_of_max", "ts_of_first", "ts_of_last"}) +
             "_over_time(" + selector() + range() + ")";
  }
}

std::string query() {
  const auto grouping = one_of({"", " by (x)", " by (x, y)", " by (y, none)", " without (x)", " without (y, z)",
                                " by (__name__)", " by (__type__)"});
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return leaf();
    case 1:
      return "topk(3, " + leaf() + ")";
    case 2:
      return "sum(" + leaf() + ") / on () group_left () count" + grouping + " (" + leaf() + ")";
    case 3:
      return "max_over_time(sum" + grouping + " (" + leaf() + ")[3m:30s])";
    default:
      return one_of({"sum", "avg", "min", "max", "count", "group", "stddev"}) + grouping + " (" + leaf() + ")";
  }
}

/// From one seed: shrinking ten thousand choices one by one would take minutes.
class Data {
 public:
  explicit Data(std::uint32_t seed) : random_(seed) {}

  /// Up to about 100 series, so that there is more than one chunk of them; some end early or begin late.
  void fill(MemoryStore& store) {
    const bool strange = in(0, 4) == 0;  // series that lose their distinction with their names
    const int copies = in(1, 13);
    for (const auto* name : {"requests_total", "level"}) {
      for (const auto* x : {"1", "2"}) {
        for (int y = 0; y < copies; ++y) {
          for (const auto* z : {"", "z"}) {
            std::vector<std::pair<std::string, std::string>> pairs{
                {"__name__", name}, {"x", x}, {"y", std::to_string(y)}, {"z", z}};
            if (!strange) pairs.emplace_back("kind", name);
            if (strange && y == 2) pairs.emplace_back("__type__", in(0, 2) == 0 ? "gauge" : "counter");
            add_series(*store.find_or_create(Labels(pairs)));
          }
        }
      }
    }
    if (!store.write(batch_)) std::abort();
  }

 private:
  int in(int from, int before) { return std::uniform_int_distribution(from, before - 1)(random_); }

  void add_series(SeriesRef series) {
    std::int64_t time = in(0, 10) == 0 ? 300'000 : in(0, 3) * 1000;
    const int samples = in(0, 8) == 0 ? in(0, 10) : 50;
    const bool whole = in(0, 2) == 0, tame = in(0, 3) != 0, regular = in(0, 2) == 0;
    double counter = 0;
    for (int i = 0; i < samples; ++i) {
      time += !regular && in(0, 12) == 0 ? in(1, 90'000) : 15'000;
      counter = in(0, 20) == 0 ? 0 : counter + in(0, 100) / (whole ? 1.0 : 3.0);
      batch_.samples.push_back({series, time, tame ? counter : any_value(whole)});
    }
  }

  double any_value(bool whole) {
    switch (in(0, 40)) {
      case 0:
        return stale_nan();
      case 1:
        return std::nan("");
      case 2:
        return std::array{HUGE_VAL, -HUGE_VAL, -0.0, 1e9}[static_cast<std::size_t>(in(0, 4))];
      default:
        return in(-1000, 10'000) / (whole ? 1.0 : 7.0);
    }
  }

  std::mt19937 random_;
  WriteBatch batch_;
};

void fill(MemoryStore& store) { Data(*rc::gen::arbitrary<std::uint32_t>()).fill(store); }

/// Partial sums are joined in another order than the general path adds, so sums may differ in their last digits.
bool near(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= 1e-12 * std::max(std::fabs(a), std::fabs(b));
}

void expect_same(const Result<QueryResult>& fast, const Result<QueryResult>& plain) {
  RC_ASSERT(fast.has_value() == plain.has_value());
  RC_CLASSIFY(!fast, "refused");
  RC_CLASSIFY(fast && (!fast->vector.empty() || !fast->matrix.empty()), "with results");
  if (!fast) {
    RC_ASSERT(fast.error().message == plain.error().message);
    return;
  }
  RC_ASSERT(fast->warnings == plain->warnings);
  RC_ASSERT(fast->infos == plain->infos);
  RC_ASSERT(fast->stats.samples_per_step == plain->stats.samples_per_step);
  RC_ASSERT(fast->vector.size() == plain->vector.size());
  for (std::size_t i = 0; i < fast->vector.size(); ++i) {
    RC_ASSERT(fast->vector[i].labels == plain->vector[i].labels);
    RC_ASSERT(near(fast->vector[i].sample.value, plain->vector[i].sample.value));
  }
  RC_ASSERT(fast->matrix.size() == plain->matrix.size());
  for (std::size_t i = 0; i < fast->matrix.size(); ++i) {
    const auto &a = fast->matrix[i], &b = plain->matrix[i];
    RC_ASSERT(a.labels == b.labels);
    RC_ASSERT(a.samples.size() == b.samples.size());
    for (std::size_t k = 0; k < a.samples.size(); ++k) {
      RC_ASSERT(a.samples[k].time_ms == b.samples[k].time_ms);
      RC_ASSERT(near(a.samples[k].value, b.samples[k].value));
    }
  }
}

RC_GTEST_PROP(Streaming, AnswersAsTheGeneralPathDoes, ()) {
  MemoryStore store;
  fill(store);
  EngineOptions options{.features = Features::all(), .delayed_name_removal = *rc::gen::arbitrary<bool>()};
  auto plain_options = options;
  plain_options.general_path_only = true;
  const Engine fast(store, options), plain(store, plain_options);
  const auto text = query();
  RC_LOG() << text << "\n";
  const auto time = *rc::gen::inRange(0, 900'000);
  expect_same(fast.instant(text, time), plain.instant(text, time));
  const auto step = *rc::gen::element(1000, 13'000, 15'000, 60'000, 400'000);
  const auto end = time + *rc::gen::inRange(0, 60) * step;
  expect_same(fast.range(text, time, end, step), plain.range(text, time, end, step));
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

RC_GTEST_PROP(Streaming, GivesTheSameBitsEachTime, ()) {
  MemoryStore store;
  fill(store);
  const Engine engine(store, {.features = Features::all()});
  const auto text = query();
  const auto first = engine.range(text, 100'000, 700'000, 20'000),
             second = engine.range(text, 100'000, 700'000, 20'000);
  RC_ASSERT(first.has_value() == second.has_value());
  if (!first) return;
  RC_ASSERT(first->matrix.size() == second->matrix.size());
  for (std::size_t i = 0; i < first->matrix.size(); ++i) {
    const auto &a = first->matrix[i], &b = second->matrix[i];
    RC_ASSERT(a.labels == b.labels);
    RC_ASSERT(a.samples.size() == b.samples.size());
    for (std::size_t k = 0; k < a.samples.size(); ++k) RC_ASSERT(same_bits(a.samples[k].value, b.samples[k].value));
  }
}

}  // namespace
}  // namespace mamori::metrics::promql
