#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "metrics/promql/engine.h"
#include "metrics/promql/memory_store.h"
#include "metrics/promql/parser.h"

namespace mamori::metrics::promql {
namespace {

/// A random, well-typed instant vector expression.
std::string vector_expression(int depth) {
  const auto leaf = [] {
    return *rc::gen::element<std::string>("a", "b", "a{x=\"1\"}", "{__name__=~\"a|b\",x!=\"2\"}", "a offset 30s",
                                          "b @ 60", "vector(1)", "rate(a[1m])", "max_over_time(b[90s])");
  };
  if (depth == 0) return leaf();
  const auto inner = [&] { return vector_expression(depth - 1); };
  switch (*rc::gen::inRange(0, 9)) {
    case 0:
      return "sum by (x) (" + inner() + ")";
    case 1:
      return "topk(2, " + inner() + ")";
    case 2:
      return "-" + inner();
    case 3:
      return inner() + " " + *rc::gen::element<std::string>("+", "-", "*", "/", "> bool", "==", "and", "or", "unless") +
             " on (x) " + inner();
    case 4:
      // In parentheses: "a > 2 / on (x) b" would divide the 2, and on() is for vectors only.
      return "(" + inner() + " " + *rc::gen::element<std::string>("^", "%", ">", "<=") + " 2)";
    case 5:
      return "(" + inner() + ")";
    case 6:
      return "avg_over_time((" + inner() + ")[1m:15s])";
    case 7:
      return "abs(" + inner() + ")";
    default:
      return "max without (y) (" + inner() + ")";
  }
}

void fill(MemoryStore& store) {
  std::vector<SeriesSample> samples;
  for (const auto* name : {"a", "b"}) {
    for (const auto* x : {"1", "2"}) {
      const Labels labels({{std::string(kMetricName), name}, {"x", x}});
      std::int64_t time = 0;
      for (int i = 0; i < 12; ++i) {
        time += *rc::gen::inRange(1, 40) * 1000;
        const double value = *rc::gen::inRange(0, 8) == 0 ? stale_nan() : *rc::gen::inRange(-50, 50);
        samples.push_back({labels, {time, value}});
      }
    }
  }
  RC_ASSERT(store.append(samples).has_value());
}

RC_GTEST_PROP(Print, ParsesToTheSameTextAgain, ()) {
  const auto query = vector_expression(*rc::gen::inRange(0, 4));
  const auto first = parse(query, Features::all());
  RC_ASSERT(first.has_value());
  const auto text = print(**first);
  const auto second = parse(text, Features::all());
  RC_ASSERT(second.has_value());
  RC_ASSERT(print(**second) == text);
  const auto third = parse(pretty(**first), Features::all());
  RC_ASSERT(third.has_value());
  RC_ASSERT(print(**third) == text);
}

RC_GTEST_PROP(Engine, AnswersARangeAsItAnswersEachOfItsMoments, ()) {
  MemoryStore store;
  fill(store);
  const auto query = vector_expression(*rc::gen::inRange(0, 3));
  const Engine engine(store);
  constexpr std::int64_t kStart = 20'000, kEnd = 260'000, kStep = 17'000;
  const auto range = engine.range(query, kStart, kEnd, kStep);
  for (auto time = kStart; time <= kEnd; time += kStep) {
    auto instant = engine.instant(query, time);
    if (!range) continue;  // refused at some moment, not at all
    RC_ASSERT(instant.has_value());
    std::vector<VectorSample> at;
    for (const auto& series : range->matrix) {
      for (const auto& sample : series.samples) {
        if (sample.time_ms == time) at.push_back({series.labels, sample});
      }
    }
    std::ranges::sort(instant->vector, {}, &VectorSample::labels);
    RC_ASSERT(at.size() == instant->vector.size());
    for (std::size_t i = 0; i < at.size(); ++i) {
      RC_ASSERT(at[i].labels == instant->vector[i].labels);
      const double a = at[i].sample.value, b = instant->vector[i].sample.value;
      RC_ASSERT(a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) < 1e-9 * std::fabs(a));
    }
  }
}

}  // namespace
}  // namespace mamori::metrics::promql
