#include "app/query_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>

#include "base/time.h"

namespace mamori::app {
namespace {

std::string pad_right(std::string text, std::size_t columns) {
  const auto width = display_width(text);
  return width < columns ? text.append(columns - width, ' ') : text;
}

std::string pad_left(const std::string& text, std::size_t columns) {
  const auto width = display_width(text);
  return width < columns ? std::string(columns - width, ' ') + text : text;
}

std::string shown_series(const metrics::Labels& labels) { return labels.empty() ? "{}" : labels.to_string(); }

std::string short_number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.5g", value);
  return text.data();
}

std::string short_time(std::int64_t time_ms) {
  auto text = format_rfc3339(timestamp_from_millis(time_ms));  // 2026-01-31T23:59:59.123Z
  text.erase(19, 4);
  return text;
}

// ---- table ----

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  // the last column is the value

  std::vector<std::size_t> widths() const {
    std::vector<std::size_t> widths;
    for (const auto& cell : head) widths.push_back(display_width(cell));
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    }
    return widths;
  }
};

std::string print(const Table& table, const std::vector<std::size_t>& widths) {
  std::string out;
  const auto line = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) out += pad_right(row[i], widths[i]) + "  ";
    out += pad_left(row.back(), widths.back()) + "\n";
  };
  line(table.head);
  for (const auto& row : table.rows) line(row);
  return out;
}

/// Labels that every series has with the same value.
std::vector<std::pair<std::string, std::string>> shared_labels(const std::vector<AnswerSeries>& series) {
  std::vector<std::pair<std::string, std::string>> shared;
  for (const auto label : series.front().labels) {
    const auto has = [&](const auto& one) { return one.labels.get(label.first) == label.second; };
    if (std::ranges::all_of(series, has)) shared.emplace_back(label);
  }
  return shared;
}

std::string vector_table(const std::vector<AnswerSeries>& series, const Terminal& terminal) {
  const auto shared = series.size() > 1 ? shared_labels(series) : std::vector<std::pair<std::string, std::string>>{};
  std::map<std::string, bool> names;
  for (const auto& one : series) {
    for (const auto& [name, value] : one.labels) names[std::string(name)] = true;
  }
  for (const auto& [name, value] : shared) names.erase(name);
  Table table;
  for (const auto& [name, present] : names) table.head.push_back(name == metrics::kMetricName ? "metric" : name);
  table.head.emplace_back("value");
  for (const auto& one : series) {
    auto& row = table.rows.emplace_back();
    for (const auto& [name, present] : names) row.emplace_back(one.labels.get(name));
    row.push_back(one.points.empty() ? "" : one.points.back().text);
  }
  const auto widths = table.widths();
  std::size_t total = 2 * (widths.size() - 1);
  for (const auto width : widths) total += width;
  if (total > terminal.columns) {
    std::string out;
    for (const auto& one : series)
      out += pad_left(one.points.empty() ? "" : one.points.back().text, widths.back()) + "  " +
             shown_series(one.labels) + "\n";
    return out;
  }
  std::string out;
  if (!shared.empty()) out += "all: " + metrics::Labels(shared).to_string() + "\n\n";
  return out + print(table, widths);
}

std::string matrix_lines(const std::vector<AnswerSeries>& series) {
  std::string out;
  for (const auto& one : series) {
    out += (out.empty() ? "" : "\n") + shown_series(one.labels) + "\n";
    for (const auto& point : one.points)
      out += "  " + format_rfc3339(timestamp_from_millis(point.time_ms)) + "  " + point.text + "\n";
  }
  return out;
}

// ---- chart ----

constexpr std::array kColors = {"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m",
                                "\x1b[31m", "\x1b[34m", "\x1b[95m", "\x1b[92m"};
constexpr std::string_view kPlain = "\x1b[0m";

struct Drawn {
  const AnswerSeries* series = nullptr;
  double min = std::numeric_limits<double>::infinity(), max = -min, last = 0;
};

std::optional<Drawn> measured(const AnswerSeries& series) {
  Drawn drawn{.series = &series};
  for (const auto& point : series.points) {
    if (point.histogram || !std::isfinite(point.value)) continue;
    drawn.min = std::min(drawn.min, point.value);
    drawn.max = std::max(drawn.max, point.value);
    drawn.last = point.value;
  }
  if (drawn.min > drawn.max) return std::nullopt;
  return drawn;
}

/// Cells of the terminal. A cell of braille has 2 x 4 dots; a cell of letters is one dot.
class Canvas {
 public:
  Canvas(std::size_t columns, std::size_t rows, bool braille)
      : columns_(columns), rows_(rows), braille_(braille), cells_(columns * rows) {}

  std::size_t width() const { return columns_ * (braille_ ? 2 : 1); }
  std::size_t height() const { return rows_ * (braille_ ? 4 : 1); }

  /// Dots count from the left and from the top.
  void dot(std::size_t x, std::size_t y, std::size_t series) {
    // Unicode 16, section 21.1: the bits of U+2800 by row, then column.
    static constexpr std::uint8_t kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    auto& cell = cells_[(braille_ ? y / 4 : y) * columns_ + (braille_ ? x / 2 : x)];
    cell.dots |= braille_ ? kBits[y % 4][x % 2] : 1;
    cell.series = series;
  }

  std::string row(std::size_t y, bool color) const {
    std::string out;
    std::optional<std::size_t> painted;
    for (std::size_t x = 0; x < columns_; ++x) {
      const auto& cell = cells_[y * columns_ + x];
      if (cell.dots != 0 && color && painted != cell.series) {
        painted = cell.series;
        out += kColors[cell.series % kColors.size()];
      }
      if (cell.dots == 0) {
        out += ' ';
      } else if (braille_) {
        const auto point = 0x2800u + cell.dots;
        out += {static_cast<char>(0xE0 | (point >> 12)), static_cast<char>(0x80 | ((point >> 6) & 0x3F)),
                static_cast<char>(0x80 | (point & 0x3F))};
      } else {
        out += letter(cell.series);
      }
    }
    if (painted) out += kPlain;
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

  static char letter(std::size_t series) { return series < 26 ? static_cast<char>('a' + series) : '*'; }

 private:
  struct Cell {
    std::uint8_t dots = 0;
    std::size_t series = 0;
  };
  std::size_t columns_, rows_;
  bool braille_;
  std::vector<Cell> cells_;
};

struct Scale {
  double min = 0, max = 1;
  std::int64_t start_ms = 0, end_ms = 1;

  std::size_t x(std::int64_t time_ms, std::size_t width) const {
    const auto share = static_cast<double>(time_ms - start_ms) / static_cast<double>(end_ms - start_ms);
    return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width - 1)));
  }
  std::size_t y(double value, std::size_t height) const {
    // Halves, because max - min of two huge numbers would be infinite.
    const auto share = (value / 2 - min / 2) / (max / 2 - min / 2);
    return static_cast<std::size_t>(std::lround((1 - std::clamp(share, 0.0, 1.0)) * static_cast<double>(height - 1)));
  }
};

Scale scale_of(const std::vector<Drawn>& drawn, const ChartOptions& options) {
  Scale scale{.min = std::ranges::min_element(drawn, {}, &Drawn::min)->min,
              .max = std::ranges::max_element(drawn, {}, &Drawn::max)->max,
              .start_ms = options.start_ms,
              .end_ms = options.end_ms};
  if (scale.min == scale.max) {  // a flat line lies in the middle
    const auto room = scale.min == 0 ? 1 : std::abs(scale.min) / 2;
    scale.min -= room;
    scale.max += room;
  }
  return scale;
}

/// Neighbours are joined unless a step between them is missing.
void draw(Canvas& canvas, const Scale& scale, const AnswerSeries& series, std::size_t index) {
  std::int64_t step_ms = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 1; i < series.points.size(); ++i)
    step_ms = std::min(step_ms, series.points[i].time_ms - series.points[i - 1].time_ms);
  const AnswerPoint* before = nullptr;
  for (const auto& point : series.points) {
    if (point.histogram || !std::isfinite(point.value)) {
      before = nullptr;
      continue;
    }
    const auto x = static_cast<double>(scale.x(point.time_ms, canvas.width()));
    const auto y = static_cast<double>(scale.y(point.value, canvas.height()));
    double from_x = x, from_y = y;
    if (before != nullptr && point.time_ms - before->time_ms <= step_ms + step_ms / 2) {
      from_x = static_cast<double>(scale.x(before->time_ms, canvas.width()));
      from_y = static_cast<double>(scale.y(before->value, canvas.height()));
    }
    const auto dots = std::max({std::abs(x - from_x), std::abs(y - from_y), 1.0});
    for (double i = 0; i <= dots; ++i) {
      canvas.dot(static_cast<std::size_t>(std::lround(from_x + (x - from_x) * i / dots)),
                 static_cast<std::size_t>(std::lround(from_y + (y - from_y) * i / dots)), index);
    }
    before = &point;
  }
}

std::string legend(const std::vector<Drawn>& drawn, bool letters, const Terminal& terminal) {
  std::string out;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto& one = drawn[i];
    const std::string mark = letters ? std::string(1, Canvas::letter(i)) : terminal.utf8 ? "━" : "-";
    out += "  ";
    out += terminal.color ? kColors[i % kColors.size()] + mark + std::string(kPlain) : mark;
    const auto numbers =
        "  min " + short_number(one.min) + "  max " + short_number(one.max) + "  last " + short_number(one.last);
    const auto room = terminal.columns > numbers.size() + 14 ? terminal.columns - numbers.size() - 4 : 10;
    out += " " + shortened(shown_series(one.series->labels), room, terminal.utf8) + numbers + "\n";
  }
  return out;
}

}  // namespace

std::string answer_table(const QueryAnswer& answer, const Terminal& terminal) {
  if (answer.type == QueryAnswer::Type::Scalar || answer.type == QueryAnswer::Type::String)
    return answer.single.text + "\n";
  if (answer.series.empty()) return "no series\n";
  if (answer.type == QueryAnswer::Type::Matrix) return matrix_lines(answer.series);
  return vector_table(answer.series, terminal);
}

std::string answer_chart(const QueryAnswer& answer, const ChartOptions& options, const Terminal& terminal) {
  if (answer.series.empty()) return "no series\n";
  std::vector<Drawn> drawn;
  for (const auto& series : answer.series) {
    if (const auto one = measured(series)) drawn.push_back(*one);
  }
  const auto without_numbers = answer.series.size() - drawn.size();
  std::ranges::stable_sort(drawn, std::greater{}, &Drawn::max);
  const auto more = drawn.size() > options.series_max ? drawn.size() - options.series_max : 0;
  drawn.resize(drawn.size() - more);

  std::string out;
  if (!drawn.empty()) {
    const bool letters = !terminal.utf8 || (!terminal.color && drawn.size() > 1);
    const auto scale = scale_of(drawn, options);
    std::vector<std::string> ticks(options.rows);
    ticks.front() = short_number(scale.max);
    ticks.back() = short_number(scale.min);
    ticks[options.rows / 2] =
        short_number(scale.max - (scale.max / 2 - scale.min / 2) * 2 * static_cast<double>(options.rows / 2) /
                                     static_cast<double>(options.rows - 1));
    const auto margin = std::ranges::max(ticks, {}, &std::string::size).size();
    Canvas canvas(terminal.columns - margin - 3, options.rows, !letters);
    // The first series is drawn last, so that it lies on top.
    for (std::size_t i = drawn.size(); i-- > 0;) draw(canvas, scale, *drawn[i].series, i);
    for (std::size_t y = 0; y < options.rows; ++y) {
      const std::string axis = terminal.utf8 ? (ticks[y].empty() ? "│" : "┤") : "|";
      out += pad_left(ticks[y], margin) + " " + axis + canvas.row(y, terminal.color) + "\n";
    }
    const auto from = short_time(options.start_ms), to = short_time(options.end_ms);
    const auto width = terminal.columns - margin - 3;
    out += std::string(margin + 2, ' ') + from + pad_left(to, width > from.size() ? width - from.size() : 0) + "\n\n";
    out += legend(drawn, letters, terminal);
  }
  if (more > 0)
    out += "  and " + std::to_string(more) + " more series with smaller values; --top " +
           std::to_string(drawn.size() + more) + " draws all\n";
  if (without_numbers > 0)
    out += "  and " + std::to_string(without_numbers) +
           " series without a number to draw (native histograms, NaN, infinities); --json shows them\n";
  return out;
}

}  // namespace mamori::app
