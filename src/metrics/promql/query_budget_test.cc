#include "metrics/promql/query_budget.h"

#include <gtest/gtest.h>

namespace mamori::metrics::promql {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

QueryLimits limits() {
  return {.samples = {1000, "--query-max-samples"},
          .bytes = {100 * kMiB, "X-Mamori-Max-Memory"},
          .timeout = Seconds{60},
          .timeout_option = "--query-timeout",
          .deadline = std::chrono::steady_clock::now() + Seconds{60}};
}

TEST(QueryBudget, NamesTheBudgetItsOptionAndItsValue) {
  QueryBudget budget(limits());
  EXPECT_TRUE(budget.hold(1000, 10 * kMiB));
  const auto samples = budget.hold(1, 0);
  ASSERT_FALSE(samples);
  EXPECT_EQ(samples.error().code, Code::TooLarge);
  EXPECT_EQ(samples.error().message,
            "query processing would load too many samples into memory in query execution: more than 1000, the limit "
            "set by --query-max-samples");
  budget.release(1, 0);
  const auto bytes = budget.hold(0, 91 * kMiB);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Code::TooLarge);
  EXPECT_EQ(bytes.error().message,
            "the query needs more than 100MiB of memory, the limit set by X-Mamori-Max-Memory: ask for fewer series, a "
            "shorter range or larger steps");
}

TEST(QueryBudget, ForgetsWhatWasHeldSinceAMarkButNotThePeak) {
  QueryBudget budget(limits());
  EXPECT_TRUE(budget.hold(100, 1000));
  const auto mark = budget.mark();
  EXPECT_TRUE(budget.hold(800, 5000));
  budget.return_to(mark);
  EXPECT_TRUE(budget.hold(900, 0));
  EXPECT_EQ(budget.samples_peak(), 1000u);
  EXPECT_EQ(budget.bytes_peak(), 6000u);
}

TEST(QueryBudget, EndsAtItsDeadline) {
  auto late = limits();
  late.deadline = std::chrono::steady_clock::now();
  const auto checked = QueryBudget(late).check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::DeadlineExceeded);
  EXPECT_EQ(checked.error().message,
            "query timed out in expression evaluation: it may take 1m, set by --query-timeout");
}

TEST(QueryBudget, TakesMemoryFromTheProcessAndGivesItBack) {
  MemoryGauge gauge(100 * kMiB, [] { return 60 * kMiB; }, std::chrono::hours{1});
  auto with_gauge = limits();
  with_gauge.memory = &gauge;
  {
    QueryBudget small(with_gauge);
    EXPECT_TRUE(small.hold(1, kMiB / 2));
    EXPECT_EQ(gauge.reserved(), 0u);
    QueryBudget large(with_gauge);
    EXPECT_TRUE(large.hold(1, 30 * kMiB));
    EXPECT_GE(gauge.reserved(), 30 * kMiB);
    const auto more = large.hold(1, 30 * kMiB);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Code::Unavailable);
    EXPECT_NE(more.error().message.find("100MiB that --memory-limit gives it"), std::string::npos);
    EXPECT_TRUE(small.hold(1, kMiB / 4));  // who needs little goes on
  }
  EXPECT_EQ(gauge.reserved(), 0u);
}

TEST(QueryBudget, EndsForGoodWhenTheClientIsGone) {
  auto watched = limits();
  int asked = 0;
  watched.client_is_gone = [&] { return ++asked == 2; };
  QueryBudget budget(watched);
  const auto until = std::chrono::steady_clock::now() + Seconds{5};
  while (budget.check() && std::chrono::steady_clock::now() < until) continue;
  const auto checked = budget.check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::Unavailable);
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace mamori::metrics::promql
