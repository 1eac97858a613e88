// app/query_chart.h: answers of queries as text for a terminal: a table, or a chart with its axes and legend. Pure.
#pragma once
#include <string>

#include "app/query_answer.h"
#include "app/terminal.h"

namespace mamori::app {

/// A column per label that differs; what all series share stands once above. Falls back to "value  series" lines where
/// the terminal is too narrow.
std::string answer_table(const QueryAnswer& answer, const Terminal& terminal);

struct ChartOptions {
  std::int64_t start_ms = 0, end_ms = 0;  // REQUIRES: start_ms < end_ms
  std::size_t series_max = 8;             // those with the largest values are drawn
  std::size_t rows = 14;
};

/// Lines of dots (braille) in colours; letters for the series where there are no colours or no UTF-8. Infinities and
/// NaN are gaps.
std::string answer_chart(const QueryAnswer& answer, const ChartOptions& options, const Terminal& terminal);

}  // namespace mamori::app
