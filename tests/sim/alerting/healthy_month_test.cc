// Thirty days in which nothing is wrong: 20 payments a minute by day, 3 an hour at night, 0.3 % technical failures and
// 10 % declines. Nobody may be paged. MAMORI_LONG=1 takes twenty such months.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/random.h"
#include "rules/judge.h"
#include "rules/test_events.h"

namespace mamori::sim {
namespace {

using logs::PaymentStatus;
using namespace rules::test;  // NOLINT(google-build-using-namespace)

const Timestamp kStart{std::chrono::floor<std::chrono::days>(Timestamp{Seconds{1'800'000'000}})};

/// Log-normal about a median of 400 ms; one in a thousand is above 2.2 s.
double healthy_latency_ms(Random& random) {
  const double normal = std::sqrt(-2 * std::log(1 - random.unit())) * std::cos(6.283185307179586 * random.unit());
  return 400 * std::exp(0.55 * normal);
}

std::string page_of(const rules::Evaluation& evaluation) {
  for (const auto& finding : evaluation.findings) {
    if (finding.active && finding.labels.at("severity") == "critical") {
      return finding.labels.at("alertname") + ": " + finding.annotations.at("summary");
    }
  }
  return "";
}

/// The first page of the month, or "".
std::string month(std::uint64_t seed) {
  Random random(seed);
  rules::Judge judge(design_spec());
  Timestamp now = kStart;
  Timestamp looked = now;
  std::uint64_t id = 0;
  std::string page;
  const auto look = [&](Timestamp at) {
    if (page.empty()) page = page_of(judge.evaluate(at));
  };
  while (now < kStart + std::chrono::days{30} && page.empty()) {
    const auto hour = std::chrono::duration_cast<std::chrono::hours>(now - kStart).count() % 24;
    const double per_second = hour < 7 ? 3.0 / 3600 : 20.0 / 60;
    now += Nanos{static_cast<std::int64_t>(-std::log(1 - random.unit()) / per_second * 1e9)};
    for (; looked + Seconds{15} < now; looked += Seconds{15}) look(looked);

    show(judge, checkout(random.unit() < 0.003), now);
    show(judge, webhook(healthy_latency_ms(random) / 2), now);
    const std::string name = "p" + std::to_string(++id);
    const double latency = healthy_latency_ms(random);
    const double dice = random.unit();
    if (dice < 0.003) {
      show(judge, payment(name, PaymentStatus::Failed, "processing_error", latency), now);
    } else if (dice < 0.103) {
      show(judge, payment(name, PaymentStatus::Failed, "insufficient_funds", latency), now);
    } else {
      show(judge, payment(name, PaymentStatus::Succeeded, "", latency), now);
    }
    if (dice < 0.003) look(now);  // the moment in which a page would begin
  }
  return page;
}

TEST(HealthyMonth, PagesNobody) {
  const bool long_run = std::getenv("MAMORI_LONG") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  for (std::uint64_t seed = 1; seed <= (long_run ? 20u : 1u); ++seed) {
    EXPECT_EQ(month(seed), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace mamori::sim
