#include "app/query_engine.h"

#include <map>

namespace mamori::app {
namespace {

namespace promql = metrics::promql;
using console::QueryAnswer;
using console::QueryFailure;

constexpr Seconds kChartTimeout{20};  // a widget must not hold its page's worker for longer

promql::QueryOptions options_of(const console::QueryBounds& bounds) {
  promql::QueryOptions options{.timeout = bounds.timeout, .lookback = {}};
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

QueryAnswer answer_of(Result<promql::QueryResult> result, std::int64_t time_ms) {
  if (!result) return failed(failure_of(result.error().code), result.error().message);
  QueryAnswer answer;
  answer.time_ms = time_ms;
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
      for (auto& [labels, sample] : result->vector)
        answer.series.push_back({.labels = std::move(labels), .samples = {sample}});
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

}  // namespace

console::QueryEngine query_engine_for_console(const promql::Engine& engine) {
  console::QueryEngine made;
  made.instant = [&engine](std::string_view query, std::int64_t time_ms, const console::QueryBounds& bounds) {
    const auto expr = engine.parse(query);
    if (!expr) return failed(QueryFailure::BadData, expr.error().message);
    return answer_of(engine.instant(query, **expr, time_ms, options_of(bounds)), time_ms);
  };
  made.range = [&engine](std::string_view query, std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms,
                         const console::QueryBounds& bounds) {
    const auto expr = engine.parse(query);
    if (!expr) return failed(QueryFailure::BadData, expr.error().message);
    const auto type = promql::type_of(**expr);
    if (type != promql::ValueType::Scalar && type != promql::ValueType::Vector) {
      // The engine says so too, but by then it counts as a failed execution.
      return failed(QueryFailure::BadData, "invalid expression type \"" + std::string(promql::documented_name(type)) +
                                               "\" for range query, must be Scalar or instant Vector");
    }
    return answer_of(engine.range(query, **expr, start_ms, end_ms, step_ms, options_of(bounds)), start_ms);
  };
  made.selector = [](std::string_view selector) { return promql::parse_selector(selector); };
  made.format = [&engine](std::string_view query) -> Result<std::string> {
    MAMORI_TRY(const auto expr, engine.parse(query));
    return promql::pretty(*expr);
  };
  return made;
}

console::RangeQuery range_query_for_console(const promql::Engine& engine) {
  return [&engine](const std::string& expression,
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
