#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <limits>

#include "metrics/gorilla.h"

namespace mamori::metrics {
namespace {

void expect_round_trip(const std::vector<Sample>& samples) {
  GorillaEncoder encoder;
  for (const auto& sample : samples) encoder.append(sample);
  std::vector<Sample> back;
  RC_ASSERT(gorilla_decode(encoder.bytes(), samples.size(), back).has_value());
  RC_ASSERT(back.size() == samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    RC_ASSERT(back[i].time_ms == samples[i].time_ms);
    RC_ASSERT(std::bit_cast<std::uint64_t>(back[i].value) == std::bit_cast<std::uint64_t>(samples[i].value));
  }
}

RC_GTEST_PROP(Gorilla, GivesBackEveryBitOfAnyValueAndTime, ()) {
  std::vector<Sample> samples;
  for (const auto bits : *rc::gen::arbitrary<std::vector<std::uint64_t>>()) {
    samples.push_back({*rc::gen::arbitrary<std::int64_t>(), std::bit_cast<double>(bits)});
  }
  expect_round_trip(samples);
}

RC_GTEST_PROP(Gorilla, GivesBackScrapesWithGapsResetsAndMarkers, ()) {
  std::vector<Sample> samples;
  std::int64_t time = 1'700'000'000'000;
  double value = 0;
  const auto count = *rc::gen::inRange(0, 300);
  for (int i = 0; i < count; ++i) {
    time += *rc::gen::weightedOneOf<std::int64_t>(
        {{8, rc::gen::just<std::int64_t>(15'000)}, {2, rc::gen::inRange<std::int64_t>(1, 100'000'000)}});
    value = *rc::gen::weightedOneOf<double>(
        {{8, rc::gen::map(rc::gen::inRange(0, 50), [=](int by) { return value + by; })},
         {1, rc::gen::just(0.0)},
         {1, rc::gen::element(stale_nan(), std::numeric_limits<double>::infinity(), -0.0)}});
    samples.push_back({time, value});
  }
  expect_round_trip(samples);
}

RC_GTEST_PROP(Gorilla, NeverReadsBeyondDamagedBytes, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  std::vector<Sample> out;
  const auto count = *rc::gen::inRange<std::size_t>(0, 1000);
  if (gorilla_decode(bytes, count, out)) RC_ASSERT(out.size() == count);
}

}  // namespace
}  // namespace mamori::metrics
