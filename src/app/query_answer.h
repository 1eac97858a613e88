// app/query_answer.h: what a server with Prometheus' HTTP API answered to a query, as values; JSON stays in the .cc.
// Source: prometheus.io/docs, "HTTP API", expression queries.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace mamori::app {

struct AnswerPoint {
  std::int64_t time_ms = 0;
  double value = 0;
  std::string text;  // as the server wrote it; of a native histogram "count 3, sum 7.5"
  bool histogram = false;
};

struct AnswerSeries {
  metrics::Labels labels;
  std::vector<AnswerPoint> points;  // one in a vector
};

struct QueryAnswer {
  enum class Type { Vector, Matrix, Scalar, String } type = Type::Vector;
  std::vector<AnswerSeries> series;  // of a vector or matrix, in the server's order
  AnswerPoint single;                // of a scalar or string
  std::vector<std::string> warnings, infos;
};

/// Errors: InvalidArgument with the server's own text when it refused the query; Corrupt when the body is no answer of
/// that API.
Result<QueryAnswer> read_query_answer(std::string_view body);

/// Where in the expression a message such as `1:5: parse error: unexpected end of input` points to.
struct PlacedMessage {
  std::size_t line = 0, column = 0;  // from 1, columns are bytes; 0: the message has no place
  std::string text;                  // without the place and what stands before it
};
PlacedMessage find_place(std::string_view message);

}  // namespace mamori::app
