#include "rules/payment_window.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "rules/sample_window.h"
#include "rules/statistics.h"

namespace mamori::rules {
namespace {

constexpr SecondIndex kNow = 1'800'000'000;

struct Line {
  std::string id;
  std::int64_t millis_before_now;
  Outcome outcome;
};

std::vector<Line> any_lines() {
  const auto line = rc::gen::map(
      rc::gen::tuple(rc::gen::inRange(0, 30), rc::gen::inRange(0, 3'590'000), rc::gen::inRange(0, 4)), [](auto t) {
        const auto [id, before, outcome] = t;
        // Bunched, so that ties and the edges of short windows occur.
        return Line{id == 0 ? "" : "p" + std::to_string(id), id % 3 == 0 ? before : before % 5000,
                    static_cast<Outcome>(outcome)};
      });
  return *rc::gen::container<std::vector<Line>>(line);
}

Timestamp time_of(const Line& line) { return Timestamp{Seconds{kNow}} - Millis{line.millis_before_now}; }

/// Every payment's latest outcome by time, of equals the one that came later; computed the slow way.
std::vector<std::pair<Timestamp, Outcome>> naive_latest(const std::vector<Line>& lines) {
  std::map<std::string, std::pair<Timestamp, Outcome>> by_id;
  std::vector<std::pair<Timestamp, Outcome>> all;
  for (const Line& line : lines) {
    const auto outcome = std::pair{time_of(line), line.outcome};
    if (line.id.empty()) {
      all.push_back(outcome);
      continue;
    }
    const auto [at, is_new] = by_id.try_emplace(line.id, outcome);
    if (!is_new && outcome.first >= at->second.first) at->second = outcome;
  }
  for (const auto& [id, outcome] : by_id) all.push_back(outcome);
  return all;
}

RC_GTEST_PROP(PaymentWindow, EqualsTheNaiveCountInAnyOrderOfArrival, ()) {
  const auto lines = any_lines();
  const SecondIndex width = *rc::gen::inRange<SecondIndex>(1, 3600);
  PaymentWindow window;
  for (const Line& line : lines) window.add(line.id, time_of(line), line.outcome);

  OutcomeCounts want;
  for (const auto& [time, outcome] : naive_latest(lines)) {
    if (second_of(time) <= kNow - width) continue;
    if (outcome == Outcome::Succeeded) ++want.succeeded;
    if (outcome == Outcome::Declined) ++want.declined;
    if (outcome == Outcome::Technical) ++want.technical;
    if (outcome == Outcome::Canceled) ++want.canceled;
  }
  RC_ASSERT(window.counts(kNow, width) == want);
}

RC_GTEST_PROP(PaymentWindow, TheLatestAreThoseOfTheNaiveSort, ()) {
  const auto lines = any_lines();
  PaymentWindow window;
  for (const Line& line : lines) window.add(line.id, time_of(line), line.outcome);
  auto naive = naive_latest(lines);
  std::ranges::sort(naive, std::greater{}, [](const auto& entry) { return entry.first; });
  const std::size_t n = std::min<std::size_t>(20, naive.size());
  const auto latest = window.latest(20, kNow, 3600);
  RC_ASSERT(latest.size() == n);
  // Payments of the same instant may stand in either order; with different instants the order is given.
  for (std::size_t i = 0; i < n; ++i) {
    const bool tied = (i > 0 && naive[i - 1].first == naive[i].first) ||
                      (i + 1 < naive.size() && naive[i + 1].first == naive[i].first);
    if (!tied) RC_ASSERT(latest[i] == naive[i].second);
  }
}

RC_GTEST_PROP(SampleWindow, PercentilesAreThoseOfTheSortedValues, ()) {
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000)));
  const double percent = *rc::gen::inRange(1, 1001) / 10.0;
  SampleWindow window;
  for (std::size_t i = 0; i < values.size(); ++i) {
    window.add(Timestamp{Seconds{kNow}} - Seconds{i * 37 % 300}, values[i]);
  }
  auto sorted = values;
  std::ranges::sort(sorted);
  RC_ASSERT(window.percentile(kNow, 300, percent) == sorted[nearest_rank(sorted.size(), percent)]);
  RC_ASSERT(window.summary(kNow, 300).count == values.size());
  RC_ASSERT(window.count_above(kNow, 300, 500) ==
            static_cast<std::uint64_t>(std::ranges::count_if(values, [](int v) { return v > 500; })));
}

}  // namespace
}  // namespace mamori::rules
