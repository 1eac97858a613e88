#include "ingest/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace mamori::ingest {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

/// Reads one line from left to right. The first thing that does not fit is kept with its column; later calls do
/// nothing.
class Line {
 public:
  Line(std::string_view text, std::size_t number) : text_(text), number_(number) {}

  bool ok() const { return problem_.empty(); }
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip_spaces() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (ok() && !take(c)) fail(std::string("expected '") + c + "'");
  }
  std::string_view name() {
    const auto from = at_;
    while (!at_end() && is_name_char(text_[at_])) ++at_;
    if (at_ == from || (text_[from] >= '0' && text_[from] <= '9')) fail("expected a name");
    return text_.substr(from, at_ - from);
  }
  std::string_view word() {
    const auto from = at_;
    while (!at_end() && !is_space(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  std::string_view rest() {
    const auto all = text_.substr(std::min(at_, text_.size()));
    at_ = text_.size();
    return all;
  }
  /// A quoted text with \\, \" and \n undone; any other backslash stands for itself, as Prometheus reads it.
  std::string quoted() {
    expect('"');
    std::string out;
    while (ok()) {
      if (at_end()) {
        fail("the quoted text does not end on this line");
        break;
      }
      const char c = text_[at_++];
      if (c == '"') break;
      if (c == '\\' && !at_end()) {
        const char next = text_[at_++];
        if (next == 'n') {
          out += '\n';
        } else {
          if (next != '\\' && next != '"') out += '\\';
          out += next;
        }
      } else {
        out += c;
      }
    }
    return out;
  }
  double number(std::string_view what) {
    const auto from = at_;
    const auto text = word();
    double value = 0;
    if (!parse_value(text, value)) {
      at_ = from;
      fail("\"" + std::string(text.substr(0, 40)) + "\" is not a " + std::string(what));
    }
    return value;
  }
  void fail(std::string problem) {
    if (!ok()) return;
    problem_ = std::move(problem);
    problem_at_ = at_;
  }
  Error error() const {
    return invalid_argument("line " + std::to_string(number_) + ", column " + std::to_string(problem_at_ + 1) + ": " +
                            problem_);
  }

 private:
  static bool parse_value(std::string_view text, double& value) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    const auto bare = negative ? text.substr(1) : text;
    if (equals_ignore_case(bare, "inf") || equals_ignore_case(bare, "infinity")) {
      value = std::numeric_limits<double>::infinity() * (negative ? -1 : 1);
      return true;
    }
    if (equals_ignore_case(bare, "nan")) {
      value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    if (bare.empty() || bare[0] == '+' || bare[0] == '-') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) {  // Go's ParseFloat gives infinity or zero, with an error
      return false;
    }
    return error == std::errc{} && end == text.data() + text.size();
  }

  std::string_view text_;
  std::size_t number_;
  std::size_t at_ = 0;
  std::string problem_;
  std::size_t problem_at_ = 0;
};

class Parser {
 public:
  explicit Parser(ExpositionFormat format) : open_metrics_(format == ExpositionFormat::OpenMetrics) {}

  Result<Exposition> parse(std::string_view text) {
    std::size_t number = 0;
    bool ended = false;
    while (!text.empty()) {
      const auto newline = text.find('\n');
      auto content = text.substr(0, newline);
      text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
      ++number;
      if (!open_metrics_ && content.ends_with('\r')) content.remove_suffix(1);
      if (ended) return invalid_argument("line " + std::to_string(number) + ", column 1: nothing may follow # EOF");
      if (open_metrics_ && content == "# EOF") {
        ended = true;
        continue;
      }
      Line line(content, number);
      read_line(line);
      if (!line.ok()) return line.error();
    }
    if (open_metrics_ && !ended)
      return invalid_argument("line " + std::to_string(number + 1) +
                              ", column 1: the page does not end with # EOF; it was cut short");
    return std::move(exposition_);
  }

 private:
  void read_line(Line& line) {
    line.skip_spaces();
    if (line.at_end()) {
      if (open_metrics_) line.fail("an empty line is not allowed in OpenMetrics");
      return;
    }
    if (line.peek() == '#') {
      read_comment(line);
    } else {
      read_sample(line);
    }
  }

  void read_comment(Line& line) {
    line.take('#');
    line.skip_spaces();
    const auto keyword = line.word();
    if (keyword != "HELP" && keyword != "TYPE" && keyword != "UNIT") return;  // a plain comment
    line.skip_spaces();
    const auto name = line.peek() == '"' ? line.quoted() : std::string(line.word());
    if (!line.ok()) return;
    if (name.empty()) return line.fail("expected a metric name");
    line.skip_spaces();
    auto& metadata = exposition_.metadata[name];
    const auto value = line.rest();
    if (keyword == "TYPE") metadata.type = std::string(trim(value));
    if (keyword == "HELP") metadata.help = unescape_help(value);
    if (keyword == "UNIT") metadata.unit = std::string(trim(value));
  }

  static std::string unescape_help(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == '\\')) {
        out += text[++i] == 'n' ? '\n' : '\\';
      } else {
        out += text[i];
      }
    }
    return out;
  }

  void read_sample(Line& line) {
    std::vector<std::pair<std::string, std::string>> pairs;
    if (line.peek() != '{') {
      pairs.emplace_back(metrics::kMetricName, line.name());
      line.skip_spaces();
    }
    if (line.ok() && line.take('{')) read_labels(line, pairs);
    if (!line.ok()) return;
    const auto name = std::ranges::find(pairs, metrics::kMetricName, &std::pair<std::string, std::string>::first);
    if (name == pairs.end() || name->second.empty()) {
      return line.fail("the sample has no metric name");
    }
    line.skip_spaces();
    ExposedSample sample;
    sample.value = line.number("value");
    line.skip_spaces();
    if (line.ok() && !line.at_end() && line.peek() != '#') {
      const double time = line.number("timestamp");
      sample.time_ms = to_time_ms(line, time);
      line.skip_spaces();
    }
    // OpenMetrics: "# {…} value" is an exemplar; it is checked for form by nobody and left out.
    if (line.ok() && !line.at_end() && !(open_metrics_ && line.peek() == '#'))
      line.fail("unexpected text after the sample");
    if (!line.ok()) return;
    sample.labels = metrics::Labels(std::move(pairs));
    exposition_.samples.push_back(std::move(sample));
  }

  std::optional<std::int64_t> to_time_ms(Line& line, double time) const {
    const double millis = open_metrics_ ? time * 1000 : time;
    if (!std::isfinite(millis) || std::abs(millis) > 9e15) {
      line.fail("the timestamp is out of range");
      return std::nullopt;
    }
    return static_cast<std::int64_t>(std::llround(millis));
  }

  /// After '{': name="value" pairs, and in the newer form the quoted metric name first.
  static void read_labels(Line& line, std::vector<std::pair<std::string, std::string>>& pairs) {
    line.skip_spaces();
    while (line.ok() && !line.take('}')) {
      const bool is_quoted = line.peek() == '"';
      std::string name = is_quoted ? line.quoted() : std::string(line.name());
      line.skip_spaces();
      if (line.ok() && is_quoted && line.peek() != '=') {
        if (std::ranges::find(pairs, metrics::kMetricName, &std::pair<std::string, std::string>::first) !=
            pairs.end()) {
          return line.fail("the sample has two metric names");
        }
        pairs.emplace_back(metrics::kMetricName, std::move(name));
      } else {
        line.expect('=');
        line.skip_spaces();
        if (!line.ok()) return;
        auto value = line.quoted();
        if (std::ranges::find(pairs, name, &std::pair<std::string, std::string>::first) != pairs.end()) {
          return line.fail("the label " + name + " stands twice");
        }
        pairs.emplace_back(std::move(name), std::move(value));
      }
      line.skip_spaces();
      if (line.ok() && !line.take(',') && line.peek() != '}') line.fail("expected ',' or '}'");
      line.skip_spaces();
    }
  }

  const bool open_metrics_;
  Exposition exposition_;
};

}  // namespace

ExpositionFormat exposition_format(std::string_view content_type) {
  return to_lower(content_type).starts_with("application/openmetrics-text") ? ExpositionFormat::OpenMetrics
                                                                            : ExpositionFormat::PrometheusText;
}

Result<Exposition> parse_exposition(std::string_view text, ExpositionFormat format) {
  return Parser(format).parse(text);
}

}  // namespace mamori::ingest
