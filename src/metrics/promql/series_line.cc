#include "metrics/promql/series_line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/text.h"
#include "metrics/histogram_math.h"
#include "metrics/promql/ast.h"
#include "metrics/promql/lexer.h"

namespace mamori::metrics::promql {
namespace {

constexpr std::string_view kStartTimes = "@st";

// A script's value repeated more often than this is a mistake in the script.
constexpr int kRepeatMax = 1'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class LineParser {
 public:
  explicit LineParser(std::string_view line) : line_(line) {}

  Result<SeriesLine> run() {
    SeriesLine out;
    MAMORI_TRY_VOID(labels(out));
    if (line_.substr(pos_).starts_with(kStartTimes)) {
      out.start_times = true;
      return out;
    }
    for (;;) {
      skip_spaces();
      if (pos_ >= line_.size()) return out;
      MAMORI_TRY_VOID(item(out.points));
      if (pos_ < line_.size() && at() != ' ' && at() != '\t') return bad("a space or an end expected");
    }
  }

  Result<Labels> run_metric() {
    SeriesLine out;
    MAMORI_TRY_VOID(labels(out));
    skip_spaces();
    if (pos_ < line_.size()) return bad("nothing more expected");
    return out.labels;
  }

 private:
  char at(std::size_t offset = 0) const { return pos_ + offset < line_.size() ? line_[pos_ + offset] : '\0'; }
  void skip_spaces() {
    while (at() == ' ' || at() == '\t') ++pos_;
  }
  Error bad(std::string_view what) const {
    return invalid_argument(std::string(what) + " at column " + std::to_string(pos_ + 1) +
                            " of: " + std::string(line_));
  }

  Result<void> labels(SeriesLine& out) {
    std::vector<std::pair<std::string, std::string>> pairs;
    MAMORI_TRY_VOID(read_labels(pairs));
    std::set<std::string> names;
    for (const auto& [name, value] : pairs) {
      if (!names.insert(name).second) return bad("label " + name + " is set twice");
    }
    out.labels = Labels(std::move(pairs));
    return {};
  }

  Result<void> read_labels(std::vector<std::pair<std::string, std::string>>& pairs) {
    const auto begin = pos_;
    while (pos_ < line_.size() && at() != '{' && at() != '@' && at() != ' ' && at() != '\t') ++pos_;
    if (pos_ > begin) {
      const auto name = line_.substr(begin, pos_ - begin);
      if (!is_plain_name(name, /*colon=*/true))
        return bad("no name of a metric before it: \"" + std::string(name) + "\"");
      pairs.emplace_back(kMetricName, name);
    }
    skip_spaces();
    if (at() == '{' && at(1) != '{') {
      // The label set ends at the first brace outside quotes.
      const auto open = pos_;
      char quote = '\0';
      for (; pos_ < line_.size(); ++pos_) {
        if (quote == '\0' && at() == '}') break;
        if (quote != '\0' && at() == '\\' && quote != '`') {
          ++pos_;
        } else if (quote != '\0' && at() == quote) {
          quote = '\0';
        } else if (quote == '\0' && (at() == '"' || at() == '\'' || at() == '`')) {
          quote = at();
        }
      }
      if (pos_ >= line_.size()) return bad("label set without end");
      ++pos_;
      MAMORI_TRY_VOID(label_set(line_.substr(open, pos_ - open), pairs));
    }
    return {};
  }

  /// `{a="b", "the.name", "c.d"="e"}`
  Result<void> label_set(std::string_view text, std::vector<std::pair<std::string, std::string>>& pairs) {
    const auto tokens = tokenize(text);
    std::size_t i = 1;
    const auto next_is = [&](TokenType type) { return i < tokens.size() && tokens[i].type == type; };
    while (!next_is(TokenType::RightBrace)) {
      if (i >= tokens.size()) return bad("label set without end");
      const bool quoted = tokens[i].type == TokenType::String;
      std::string name = tokens[i].text;
      if (quoted) {
        MAMORI_TRY(name, unquote(tokens[i].text));
      } else if (!is_plain_name(name, /*colon=*/false)) {
        return bad("label name expected");
      }
      ++i;
      if (next_is(TokenType::Equals)) {
        ++i;
        if (!next_is(TokenType::String)) return bad("a label's value is a text in quotes");
        MAMORI_TRY(auto value, unquote(tokens[i++].text));
        pairs.emplace_back(std::move(name), std::move(value));
      } else if (quoted) {
        pairs.emplace_back(kMetricName, std::move(name));
      } else {
        return bad("'=' expected");
      }
      if (next_is(TokenType::Comma)) {
        ++i;
      } else if (!next_is(TokenType::RightBrace)) {
        return bad("',' or '}' expected");
      }
    }
    return {};
  }

  Result<int> count() {
    if (at() != 'x') return 0;
    ++pos_;
    int n = 0;
    const auto [end, failure] = std::from_chars(line_.data() + pos_, line_.data() + line_.size(), n);
    if (failure != std::errc{} || n < 0 || n > kRepeatMax) return bad("repeat count expected");
    pos_ = static_cast<std::size_t>(end - line_.data());
    return n;
  }

  Result<double> number() {
    double sign = 1;
    if (at() == '+' || at() == '-') sign = line_[pos_++] == '-' ? -1 : 1;
    const auto begin = pos_;
    const auto rest = to_lower(line_.substr(pos_, 3));
    if (rest == "inf" || rest == "nan") {
      pos_ += 3;
      return sign * number_value(rest);
    }
    while (is_digit(at()) || at() == '.' || ((at() == 'e' || at() == 'E') && pos_ > begin) ||
           ((at() == '+' || at() == '-') && pos_ > begin && (line_[pos_ - 1] == 'e' || line_[pos_ - 1] == 'E'))) {
      ++pos_;
    }
    const auto text = line_.substr(begin, pos_ - begin);
    double checked = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), checked);
    if (text.empty() || failure == std::errc::invalid_argument || end != text.data() + text.size())
      return bad("number expected");
    return sign * number_value(text);
  }

  Result<HistogramLiteral> histogram() {
    const auto end = line_.find("}}", pos_);
    if (end == std::string_view::npos) return bad("histogram without end");
    const auto text = line_.substr(pos_ + 2, end - pos_ - 2);
    pos_ = end + 2;
    return parse_histogram_literal(text);
  }

  Result<void> histograms(std::vector<Point>& points) {
    MAMORI_TRY(auto literal, histogram());
    std::optional<HistogramLiteral> step;
    const bool minus = at() == '-';
    if ((at() == '+' || at() == '-') && at(1) == '{') {
      ++pos_;
      MAMORI_TRY(step, histogram());
    }
    MAMORI_TRY(const int n, count());
    for (int i = 0; i <= n; ++i) {
      points.push_back({.type = Point::Type::Histogram, .histogram = literal});
      if (!step) continue;
      const auto met = minus ? subtract(literal.value, step->value) : add(literal.value, step->value);
      if (met.incompatible) return bad("histograms with different kinds of buckets");
    }
    return {};
  }

  Result<void> item(std::vector<Point>& points) {
    if (at() == '_') {
      ++pos_;
      MAMORI_TRY(const int n, count());
      points.resize(points.size() + static_cast<std::size_t>(std::max(n, 1)));
      return {};
    }
    if (line_.substr(pos_).starts_with("stale")) {
      pos_ += 5;
      points.push_back({Point::Type::Value, stale_nan()});
      return {};
    }
    if (at() == '{' && at(1) == '{') return histograms(points);
    MAMORI_TRY(double value, number());
    double step = 0;
    if (at() == '+' || at() == '-') {
      MAMORI_TRY(step, number());
      if (at() != 'x') return bad("how often to add, as x5, expected");
    }
    MAMORI_TRY(const int n, count());
    for (int i = 0; i <= n; ++i, value += step) points.push_back({Point::Type::Value, value});
    return {};
  }

  std::string_view line_;
  std::size_t pos_ = 0;
};

}  // namespace

Result<SeriesLine> parse_series_line(std::string_view line) { return LineParser(line).run(); }

Result<Labels> parse_metric(std::string_view text) { return LineParser(trim(text)).run_metric(); }

Result<std::int64_t> parse_script_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (const auto ms = duration_ms(text)) return negative ? -*ms : *ms;
  double seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    return invalid_argument("not a duration: " + std::string(text));
  }
  return std::llround((negative ? -seconds : seconds) * 1000);
}

}  // namespace mamori::metrics::promql
