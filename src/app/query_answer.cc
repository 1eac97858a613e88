#include "app/query_answer.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace mamori::app {
namespace {

namespace dom = simdjson::dom;

Error corrupt(std::string_view what) {
  return {Code::Corrupt, "the server's answer is not one of Prometheus' API: " + std::string(what)};
}

/// `Found`: an element, or what a lookup gave.
template <typename T, typename Found>
Result<T> as(const Found& element, std::string_view what) {
  T value;
  if (element.get(value) != simdjson::SUCCESS) return corrupt(std::string(what) + " is missing");
  return value;
}

/// "NaN", "+Inf" and "-Inf" are numbers here.
double number_of(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// `[time, "value"]`, or `[time, {"count": …, "sum": …}]` for a native histogram.
Result<AnswerPoint> read_point(dom::element element, bool histogram) {
  MAMORI_TRY(const auto pair, as<dom::array>(element, "a sample"));
  AnswerPoint point{.histogram = histogram};
  MAMORI_TRY(const auto seconds, as<double>(pair.at(0), "a sample's time"));
  point.time_ms = std::llround(seconds * 1000);
  if (histogram) {
    MAMORI_TRY(const auto count, as<std::string_view>(pair.at(1)["count"], "a histogram's count"));
    MAMORI_TRY(const auto sum, as<std::string_view>(pair.at(1)["sum"], "a histogram's sum"));
    point.value = number_of(count);
    point.text = "count " + std::string(count) + ", sum " + std::string(sum);
    return point;
  }
  MAMORI_TRY(const auto text, as<std::string_view>(pair.at(1), "a sample's value"));
  point.text = text;
  point.value = number_of(text);
  return point;
}

Result<void> read_points(dom::element series, const char* name, bool histogram, std::vector<AnswerPoint>& points) {
  dom::array all;
  if (series[name].get(all) != simdjson::SUCCESS) return {};
  points.reserve(points.size() + all.size());
  for (const auto element : all) {
    MAMORI_TRY(auto point, read_point(element, histogram));
    points.push_back(std::move(point));
  }
  return {};
}

Result<AnswerSeries> read_series(dom::element element) {
  AnswerSeries series;
  MAMORI_TRY(const auto metric, as<dom::object>(element["metric"], "a series' metric"));
  std::vector<metrics::Labels::Pair> pairs;
  for (const auto field : metric) {
    MAMORI_TRY(const auto value, as<std::string_view>(field.value, "a label's value"));
    pairs.emplace_back(field.key, value);
  }
  series.labels = metrics::Labels::from_pairs(std::move(pairs));
  for (const bool histogram : {false, true}) {
    if (dom::element one; element[histogram ? "histogram" : "value"].get(one) == simdjson::SUCCESS) {
      MAMORI_TRY(auto point, read_point(one, histogram));
      series.points.push_back(std::move(point));
    }
    MAMORI_TRY_VOID(read_points(element, histogram ? "histograms" : "values", histogram, series.points));
  }
  return series;
}

std::vector<std::string> texts_of(dom::element root, const char* name) {
  std::vector<std::string> texts;
  dom::array all;
  if (root[name].get(all) != simdjson::SUCCESS) return texts;
  for (const auto element : all) {
    if (std::string_view text; element.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

Result<QueryAnswer::Type> type_of(std::string_view name) {
  if (name == "vector") return QueryAnswer::Type::Vector;
  if (name == "matrix") return QueryAnswer::Type::Matrix;
  if (name == "scalar") return QueryAnswer::Type::Scalar;
  if (name == "string") return QueryAnswer::Type::String;
  return corrupt("resultType is \"" + std::string(name) + "\"");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<QueryAnswer> read_query_answer(std::string_view body) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return corrupt("it is no JSON");
  MAMORI_TRY(const auto status, as<std::string_view>(root["status"], "status"));
  if (status != "success") {
    MAMORI_TRY(const auto error, as<std::string_view>(root["error"], "error"));
    return invalid_argument(std::string(error));
  }
  QueryAnswer answer{.warnings = texts_of(root, "warnings"), .infos = texts_of(root, "infos")};
  MAMORI_TRY(const auto data, as<dom::element>(root["data"], "data"));
  MAMORI_TRY(const auto type, as<std::string_view>(data["resultType"], "data.resultType"));
  MAMORI_TRY(answer.type, type_of(type));
  MAMORI_TRY(const auto result, as<dom::element>(data["result"], "data.result"));
  if (answer.type == QueryAnswer::Type::Scalar || answer.type == QueryAnswer::Type::String) {
    MAMORI_TRY(answer.single, read_point(result, false));
    return answer;
  }
  MAMORI_TRY(const auto series, as<dom::array>(result, "data.result"));
  for (const auto element : series) {
    MAMORI_TRY(auto one, read_series(element));
    answer.series.push_back(std::move(one));
  }
  return answer;
}

PlacedMessage find_place(std::string_view message) {
  // The place is the last "LINE:COLUMN: " before "parse error"; a server may put words of its own before it.
  PlacedMessage found{.text = std::string(message)};
  const auto error = message.find("parse error: ");
  if (error == std::string_view::npos || error < 2 || message.substr(error - 2, 2) != ": ") return found;
  auto at = error - 2;
  const auto number_before = [&](std::size_t& number) {
    const auto end = at;
    while (at > 0 && is_digit(message[at - 1])) --at;
    return std::from_chars(message.data() + at, message.data() + end, number).ec == std::errc{};
  };
  PlacedMessage placed{.text = std::string(message.substr(error))};
  if (!number_before(placed.column) || at == 0 || message[at - 1] != ':') return found;
  --at;
  if (!number_before(placed.line)) return found;
  return placed;
}

}  // namespace mamori::app
