#include "app/query_engine.h"

#include <algorithm>
#include <map>
#include <memory>

#include "metrics/promql/value.h"

#include "metrics/promql/tree_json.h"

namespace mamori::app {
namespace {

namespace promql = metrics::promql;
using console::QueryAnswer;
using console::QueryFailure;

constexpr Seconds kChartTimeout{20};  // a widget must not hold its page's worker for longer

constexpr std::uint64_t kJsonBytesPerSample = 28;  // [1769860800.123,"12345.678"],

using SteadyClock = std::chrono::steady_clock;

promql::QueryOptions options_of(const console::QueryBounds& bounds, Nanos waited) {
  promql::QueryOptions options{.timeout = bounds.timeout,
                               .samples_max = bounds.samples_max,
                               .bytes_max = bounds.bytes_max,
                               .waited = waited,
                               .client_is_gone = bounds.client_is_gone,
                               .answer_bytes_per_sample = kJsonBytesPerSample};
  if (bounds.lookback > Millis{0}) options.lookback = bounds.lookback;
  return options;
}

QueryFailure failure_of(Code code) {
  switch (code) {
    case Code::InvalidArgument:
    case Code::TooLarge:
      return QueryFailure::Execution;
    case Code::DeadlineExceeded:
      return QueryFailure::Timeout;
    case Code::Unavailable:
      return QueryFailure::Unavailable;
    default:
      return QueryFailure::Internal;
  }
}

QueryAnswer failed(QueryFailure failure, std::string error) {
  QueryAnswer answer;
  answer.failure = failure;
  answer.error = std::move(error);
  return answer;
}

console::QueryCost cost_of(const promql::QueryStats& stats, const promql::Grid& grid) {
  console::QueryCost cost{.samples_total = stats.samples_total,
                          .samples_peak = stats.samples_peak,
                          .bytes_peak = stats.bytes_peak,
                          .prepare = stats.prepare,
                          .evaluate = std::max(0.0, stats.total - stats.prepare - stats.sort),
                          .sort = stats.sort};
  for (std::size_t i = 0; i < stats.samples_per_step.size(); ++i) {
    cost.samples_per_step.emplace_back(grid.time(i), stats.samples_per_step[i]);
  }
  return cost;
}

QueryAnswer answer_of(Result<promql::QueryResult> result, const promql::Grid& grid) {
  if (!result) return failed(failure_of(result.error().code), result.error().message);
  QueryAnswer answer;
  answer.time_ms = grid.start_ms;
  answer.cost = cost_of(result->stats, grid);
  answer.warnings = std::move(result->warnings);
  answer.infos = std::move(result->infos);
  switch (result->type) {
    case promql::ValueType::Scalar:
      answer.type = QueryAnswer::Type::Scalar;
      answer.series.push_back({.labels = {}, .samples = {result->scalar}});
      break;
    case promql::ValueType::String:
      answer.type = QueryAnswer::Type::String;
      answer.text = std::move(result->text);
      break;
    case promql::ValueType::Vector:
      answer.type = QueryAnswer::Type::Vector;
      for (auto& [labels, sample, histogram] : result->vector) {
        answer.series.push_back({.labels = std::move(labels)});
        if (histogram) {
          answer.series.back().histograms.push_back({sample.time_ms, std::move(histogram)});
        } else {
          answer.series.back().samples.push_back(sample);
        }
      }
      break;
    case promql::ValueType::Matrix:
      answer.type = QueryAnswer::Type::Matrix;
      answer.series = std::move(result->matrix);
      break;
    default:
      return failed(QueryFailure::Internal, "the query has a result of no known type");
  }
  return answer;
}

/// Waits for a place, then evaluates; the answer keeps the place until it is written.
template <typename Evaluate>
QueryAnswer through(promql::QueryGate& gate, const console::QueryBounds& bounds, const promql::Grid& grid,
                    Evaluate evaluate) {
  const auto begin = SteadyClock::now();
  auto pass = gate.enter(bounds.client, begin + bounds.timeout, bounds.client_is_gone);
  if (!pass) return failed(failure_of(pass.error().code), pass.error().message);
  const auto waited = SteadyClock::now() - begin;
  auto place = std::make_shared<promql::QueryGate::Pass>(*std::move(pass));
  auto answer = answer_of(evaluate(options_of(bounds, waited)), grid);
  answer.cost.queue = std::chrono::duration<double>(waited).count();
  answer.cost.total = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  answer.place = std::move(place);
  return answer;
}

}  // namespace

console::QueryEngine query_engine_for_console(const promql::Engine& engine, promql::QueryGate& gate) {
  console::QueryEngine made;
  made.instant = [&engine, &gate](std::string_view query, std::int64_t time_ms, const console::QueryBounds& bounds) {
    const auto expr = engine.parse(query);
    if (!expr) return failed(QueryFailure::BadData, expr.error().message);
    return through(gate, bounds, {.start_ms = time_ms}, [&](const promql::QueryOptions& options) {
      return engine.instant(query, **expr, time_ms, options);
    });
  };
  made.range = [&engine, &gate](std::string_view query, std::int64_t start_ms, std::int64_t end_ms,
                                std::int64_t step_ms, const console::QueryBounds& bounds) {
    const auto expr = engine.parse(query);
    if (!expr) return failed(QueryFailure::BadData, expr.error().message);
    const auto type = promql::type_of(**expr);
    if (type != promql::ValueType::Scalar && type != promql::ValueType::Vector) {
      // The engine says so too, but by then it counts as a failed execution.
      return failed(QueryFailure::BadData, "invalid expression type \"" + std::string(promql::documented_name(type)) +
                                               "\" for range query, must be Scalar or instant Vector");
    }
    const promql::Grid grid{.start_ms = start_ms, .step_ms = step_ms};
    return through(gate, bounds, grid, [&](const promql::QueryOptions& options) {
      return engine.range(query, **expr, start_ms, end_ms, step_ms, options);
    });
  };
  made.selector = [](std::string_view selector) { return promql::parse_selector(selector); };
  made.format = [&engine](std::string_view query) -> Result<std::string> {
    MAMORI_TRY(const auto expr, engine.parse(query));
    return promql::pretty(*expr);
  };
  made.tree = [&engine](std::string_view query) -> Result<std::string> {
    MAMORI_TRY(const auto expr, engine.parse(query));
    return promql::tree_json(*expr);
  };
  made.selectors = [&engine](std::string_view query) -> Result<std::vector<std::vector<metrics::Matcher>>> {
    MAMORI_TRY(const auto expr, engine.parse(query));
    return promql::selectors_of(*expr);
  };
  return made;
}

console::RangeQuery range_query_for_console(const promql::Engine& engine, promql::QueryGate& gate) {
  return [&engine, &gate](const std::string& expression,
                          const console::TimeRange& range) -> Result<std::vector<console::ChartSeries>> {
    const auto start_ms = to_millis(range.start);
    const auto end_ms = to_millis(range.end);
    const auto step_ms = std::chrono::duration_cast<Millis>(range.step).count();
    const auto whole = static_cast<std::size_t>((end_ms - start_ms) / step_ms);
    const bool has_part = (end_ms - start_ms) % step_ms != 0;
    std::map<std::string, std::vector<std::optional<double>>> by_instance;
    const auto place = [&](const promql::QueryResult& result, std::int64_t first_ms, std::size_t first_bucket) {
      for (const auto& one : result.matrix) {
        auto& values = by_instance[std::string(one.labels.get("instance"))];
        values.resize(whole + (has_part ? 1 : 0));
        for (const auto& sample : one.samples) {
          values[first_bucket + static_cast<std::size_t>((sample.time_ms - first_ms) / step_ms)] = sample.value;
        }
      }
    };
    // A bucket shows the value at its end; the last one, which may be cut short, at the end of the range.
    MAMORI_TRY(const auto pass, gate.enter("the page", SteadyClock::now() + kChartTimeout));
    const promql::QueryOptions options{.timeout = kChartTimeout, .lookback = {}};
    if (whole > 0) {
      MAMORI_TRY(const auto result,
                 engine.range(expression, start_ms + step_ms, start_ms + static_cast<std::int64_t>(whole) * step_ms,
                              step_ms, options));
      place(result, start_ms + step_ms, 0);
    }
    if (has_part) {
      MAMORI_TRY(const auto result, engine.range(expression, end_ms, end_ms, step_ms, options));
      place(result, end_ms, whole);
    }
    std::vector<console::ChartSeries> series;
    for (auto& [instance, values] : by_instance) series.push_back({.instance = instance, .values = std::move(values)});
    return series;
  };
}

}  // namespace mamori::app
