#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <bit>
#include <filesystem>

#include "metrics/part.h"

namespace mamori::metrics {
namespace {

rc::Gen<double> any_value() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) { return std::bit_cast<double>(bits); }),
      rc::gen::map(rc::gen::inRange(-1000, 1000), [](int value) { return value / 10.0; }),
      rc::gen::map(rc::gen::inRange(0, 5), [](int value) { return static_cast<double>(value); }),
      rc::gen::element(0.0, -0.0, stale_nan(), 1e22, 5e-324));
}

/// A counter, a sum of decimals, the same value, or anything.
std::vector<double> some_values(std::size_t count) {
  std::vector<double> values;
  const int kind = *rc::gen::inRange(0, 4);
  double value = *any_value();
  for (std::size_t i = 0; i < count; ++i) {
    if (kind == 0) value = *rc::gen::weightedOneOf<double>({{9, rc::gen::just(value + 1)}, {1, rc::gen::just(0.0)}});
    if (kind == 1) value += *rc::gen::inRange(0, 1000) / 1000.0;
    if (kind == 2) value = *any_value();
    values.push_back(value);
  }
  return values;
}

RC_GTEST_PROP(PartProperty, WhatIsReadIsWhatWasWritten, ()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mamori-part-prop-XXXXXX").string();
  RC_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  const std::string path = pattern + "/part";
  std::vector<SeriesData> all;
  const auto series = static_cast<std::size_t>(*rc::gen::inRange(1, 40));
  const bool extreme = *rc::gen::inRange(0, 10) == 0;
  for (std::size_t s = 0; s < series; ++s) {
    SeriesData data{.labels = Labels({{"__name__", "m"}, {"s", std::to_string(s)}}), .samples = {}, .histograms = {}};
    const auto values = some_values(static_cast<std::size_t>(*rc::gen::inRange(1, 60)));
    std::int64_t time = extreme ? std::numeric_limits<std::int64_t>::min() : *rc::gen::inRange(0, 3) * 1000;
    for (const auto value : values) {
      data.samples.push_back({time, value});
      time += extreme ? (1ll << 57) + *rc::gen::inRange(0, 1000) : *rc::gen::element(15'000, 15'000, 15'000, 1, 15'007);
    }
    if (extreme) data.samples.push_back({std::numeric_limits<std::int64_t>::max(), 1});
    all.push_back(std::move(data));
  }
  auto writer = PartWriter::create(path);
  RC_ASSERT(writer.has_value());
  for (std::size_t s = 0; s < series; ++s) RC_ASSERT((*writer)->add(static_cast<SeriesRef>(s * 3), all[s]).has_value());
  RC_ASSERT((*writer)->finish().has_value());
  const auto part = Part::open(path);
  RC_ASSERT(part.has_value());
  const auto cursor = (*part)->cursor();
  for (std::size_t s = 0; s < series; ++s) {
    SeriesData out;
    RC_ASSERT(cursor->read(s, INT64_MIN, INT64_MAX, out).has_value());
    RC_ASSERT(out.samples.size() == all[s].samples.size());
    for (std::size_t i = 0; i < out.samples.size(); ++i) {
      RC_ASSERT(out.samples[i].time_ms == all[s].samples[i].time_ms);
      RC_ASSERT(std::bit_cast<std::uint64_t>(out.samples[i].value) ==
                std::bit_cast<std::uint64_t>(all[s].samples[i].value));
    }
  }
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace mamori::metrics
