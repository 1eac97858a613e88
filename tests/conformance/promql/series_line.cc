#include "series_line.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "metrics/histogram_math.h"
#include "metrics/promql/lexer.h"

namespace mamori::conformance {
namespace {

using metrics::promql::TokenType;

constexpr std::string_view kStartTimes = "@st";

// A script's value repeated more often than this is a mistake in the script.
constexpr int kRepeatMax = 1'000'000;

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
    }
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
    const auto begin = pos_;
    while (pos_ < line_.size() && at() != '{' && at() != '@' && at() != ' ' && at() != '\t') ++pos_;
    if (pos_ > begin) pairs.emplace_back(metrics::kMetricName, line_.substr(begin, pos_ - begin));
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
    out.labels = metrics::Labels(std::move(pairs));
    return {};
  }

  Result<void> label_set(std::string_view text, std::vector<std::pair<std::string, std::string>>& pairs) {
    const auto tokens = metrics::promql::tokenize(text);
    const auto word = [&](const metrics::promql::Token& token) -> Result<std::string> {
      if (token.type == TokenType::String) return metrics::promql::unquote(token.text);
      if (token.type == TokenType::Identifier) return token.text;
      return bad("label name expected");
    };
    for (std::size_t i = 1; i < tokens.size() && tokens[i].type != TokenType::RightBrace; ++i) {
      if (tokens[i].type == TokenType::Comma) continue;
      MAMORI_TRY(auto name, word(tokens[i]));
      if (i + 2 < tokens.size() && tokens[i + 1].type == TokenType::Equals) {
        MAMORI_TRY(auto value, word(tokens[i + 2]));
        pairs.emplace_back(std::move(name), std::move(value));
        i += 2;
      } else {
        pairs.emplace_back(metrics::kMetricName, std::move(name));
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
      return sign * metrics::promql::number_value(rest);
    }
    while (std::isdigit(static_cast<unsigned char>(at())) || at() == '.' ||
           ((at() == 'e' || at() == 'E') && pos_ > begin) ||
           ((at() == '+' || at() == '-') && pos_ > begin && (line_[pos_ - 1] == 'e' || line_[pos_ - 1] == 'E'))) {
      ++pos_;
    }
    if (pos_ == begin) return bad("number expected");
    return sign * metrics::promql::number_value(line_.substr(begin, pos_ - begin));
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
      const auto met = minus ? metrics::subtract(literal.value, step->value) : metrics::add(literal.value, step->value);
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
      points.push_back({Point::Type::Value, metrics::stale_nan()});
      return {};
    }
    if (at() == '{' && at(1) == '{') return histograms(points);
    MAMORI_TRY(double value, number());
    double step = 0;
    if (at() == '+' || at() == '-') {
      MAMORI_TRY(step, number());
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

Result<std::int64_t> parse_script_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (const auto ms = metrics::promql::duration_ms(text)) return negative ? -*ms : *ms;
  double seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    return invalid_argument("not a duration: " + std::string(text));
  }
  return std::llround((negative ? -seconds : seconds) * 1000);
}

}  // namespace mamori::conformance
