#include "ingest/exposition.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "ingest/number_text.h"
#include "ingest/series_text.h"

namespace mamori::ingest {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

/// Takes the next word off `text`, and the spaces before it.
std::string_view take_word(std::string_view& text) {
  while (!text.empty() && is_space(text[0])) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

struct MetadataParts {
  std::string_view keyword, family, text;
};

/// "# TYPE name counter" into its parts; the family of a quoted name is left in its quotes.
std::optional<MetadataParts> take_apart(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  MetadataParts parts;
  if (take_word(line) != "#") return std::nullopt;
  parts.keyword = take_word(line);
  while (!line.empty() && is_space(line[0])) line.remove_prefix(1);
  if (line.starts_with('"')) {
    std::size_t end = 1;
    while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
    if (end >= line.size()) return std::nullopt;
    parts.family = line.substr(0, end + 1);
    line.remove_prefix(end + 1);
  } else {
    parts.family = take_word(line);
  }
  if (parts.family.empty() || parts.family == "\"\"") return std::nullopt;
  if (!line.empty()) line.remove_prefix(1);
  parts.text = line;
  return parts;
}

}  // namespace

ExpositionFormat exposition_format(std::string_view content_type) {
  return to_lower(content_type).starts_with("application/openmetrics-text") ? ExpositionFormat::OpenMetrics
                                                                            : ExpositionFormat::PrometheusText;
}

PagePlace place_in(std::string_view page, std::size_t offset) {
  const auto before = page.substr(0, offset);
  const auto newline = before.rfind('\n');
  return {.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
          .column = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline};
}

ExpositionReader::Step ExpositionReader::next(std::string_view expected) {
  as_expected_ = false;
  for (;;) {
    if (at_ >= page_.size()) return end();
    if (ended_) return fail(at_, "nothing may follow # EOF");
    // A page mostly has the lines of the page before: comparing is several times as fast as reading.
    if (!expected.empty() && page_.size() - at_ > expected.size() &&
        std::memcmp(page_.data() + at_, expected.data(), expected.size()) == 0) {
      const auto behind = at_ + expected.size();
      if (expected[0] == '#') {
        if (page_[behind] == '\n') {
          raw_ = page_.substr(at_, expected.size());
          at_ = behind + 1;
          as_expected_ = true;
          return Step::Metadata;
        }
      } else if (page_[behind] == ' ') {
        auto value = behind + 1;
        while (value < page_.size() && is_space(page_[value])) ++value;
        // A bare name may have its labels behind a space.
        if (expected.back() == '}' || value == page_.size() || page_[value] != '{') {
          raw_ = page_.substr(at_, expected.size());
          at_ = value;
          as_expected_ = true;
          return read_tail();
        }
      }
      expected = {};
    }
    const auto line_at = at_;
    skip_spaces();
    if (at_ == page_.size()) return end();
    const char first = page_[at_];
    if (first == '\n' || (first == '\r' && !open_metrics_ && at_ + 1 < page_.size() && page_[at_ + 1] == '\n')) {
      if (open_metrics_) return fail(at_, "an empty line is not allowed in OpenMetrics");
      at_ += first == '\n' ? 1 : 2;
      continue;
    }
    if (first != '#') return read_sample();
    const auto newline = page_.find('\n', at_);
    const auto line = page_.substr(at_, newline == std::string_view::npos ? newline : newline - at_);
    at_ = newline == std::string_view::npos ? page_.size() : newline + 1;
    if (open_metrics_ && line == "# EOF" && line.data() == page_.data() + line_at) {
      ended_ = true;
      continue;
    }
    if (!is_comment_line(line)) {
      raw_ = line;
      return Step::Metadata;
    }
  }
}

/// A comment says nothing. So does a malformed HELP or TYPE: a sample must not be lost for it.
bool ExpositionReader::is_comment_line(std::string_view line) const {
  const auto parts = take_apart(line);
  if (!parts) return true;
  return parts->keyword != "HELP" && parts->keyword != "TYPE" && parts->keyword != "UNIT";
}

ExpositionReader::Step ExpositionReader::end() {
  at_ = page_.size();
  if (open_metrics_ && !ended_) return fail(at_, "the page does not end with # EOF; it was cut short");
  return Step::End;
}

ExpositionReader::Step ExpositionReader::read_sample() {
  const auto begin = at_;
  auto end = at_;
  if (page_[at_] != '{') {
    while (end < page_.size() && is_name_char(page_[end])) ++end;
    if (end == begin || (page_[begin] >= '0' && page_[begin] <= '9')) return fail(begin, "expected a name");
  }
  auto behind = end;
  while (behind < page_.size() && is_space(page_[behind])) ++behind;
  if (behind < page_.size() && page_[behind] == '{') {
    behind = end_of_labels(behind + 1);
    if (behind == std::string_view::npos) return Step::Failed;
    end = behind;
  }
  raw_ = page_.substr(begin, end - begin);
  at_ = behind;
  skip_spaces();
  return read_tail();
}

/// Behind the brace that closes the labels, or npos after fail(). What stands between is read later, and only once.
std::size_t ExpositionReader::end_of_labels(std::size_t at) {
  while (at < page_.size()) {
    const char c = page_[at];
    if (c == '}') return at + 1;
    if (c == '\n') {
      fail(at, "the labels are not closed with '}' on this line");
      return std::string_view::npos;
    }
    ++at;
    if (c != '"') continue;
    // Prometheus takes a raw newline inside the quotes of its own format.
    while (at < page_.size() && page_[at] != '"' && !(open_metrics_ && page_[at] == '\n'))
      at += page_[at] == '\\' ? 2 : 1;
    if (at >= page_.size() || page_[at] != '"') {
      fail(std::min(at, page_.size()), "the quoted text does not end");
      return std::string_view::npos;
    }
    ++at;
  }
  fail(page_.size(), "the labels are not closed with '}'");
  return std::string_view::npos;
}

std::string_view ExpositionReader::word_at(std::size_t at) const {
  auto end = at;
  while (end < page_.size() && !is_space(page_[end]) && page_[end] != '\n') ++end;
  auto word = page_.substr(at, end - at);
  const bool line_ends = end == page_.size() || page_[end] == '\n';
  if (!open_metrics_ && line_ends && word.ends_with('\r')) word.remove_suffix(1);
  return word;
}

/// From the value to the end of the line.
ExpositionReader::Step ExpositionReader::read_tail() {
  const char* const page_end = page_.data() + page_.size();
  const char* const number = page_.data() + at_;
  const char* const behind = read_plain_decimal(number, page_end, value_);
  time_ms_.reset();
  exemplar_ = {};
  if (behind != nullptr && behind != page_end && *behind == '\n') {
    at_ = static_cast<std::size_t>(behind - page_.data()) + 1;
    return Step::Sample;
  }
  const auto word = word_at(at_);
  const auto value = read_value(word);
  if (!value) return fail(at_, "\"" + std::string(word.substr(0, 40)) + "\" is not a value");
  value_ = *value;
  at_ += word.size();
  skip_spaces();
  const auto starts_exemplar = [&] { return open_metrics_ && at_ < page_.size() && page_[at_] == '#'; };
  if (const auto time = word_at(at_); !time.empty() && !starts_exemplar()) {
    if (!read_time(time)) return Step::Failed;
    at_ += time.size();
    skip_spaces();
  }
  if (starts_exemplar()) {
    const auto newline = std::min(page_.find('\n', at_), page_.size());
    exemplar_ = page_.substr(at_, newline - at_);
    at_ = newline;
  }
  if (!open_metrics_ && at_ < page_.size() && page_[at_] == '\r') ++at_;
  if (at_ < page_.size() && page_[at_] != '\n') return fail(at_, "unexpected text after the sample");
  if (at_ < page_.size()) ++at_;
  return Step::Sample;
}

bool ExpositionReader::read_time(std::string_view word) {
  const auto number = read_value(word);
  if (!number) {
    fail(at_, "\"" + std::string(word.substr(0, 40)) + "\" is not a timestamp");
    return false;
  }
  const double millis = open_metrics_ ? *number * 1000 : *number;
  if (!std::isfinite(millis) || std::abs(millis) > 9e15) {
    fail(at_, "the timestamp is out of range");
    return false;
  }
  if (!open_metrics_ && millis != std::floor(millis)) {
    fail(at_, "the timestamp \"" + std::string(word.substr(0, 40)) + "\" is not whole milliseconds");
    return false;
  }
  time_ms_ = std::llround(millis);
  return true;
}

ExpositionReader::Step ExpositionReader::fail(std::size_t at, std::string problem) {
  if (problem_.empty()) {
    problem_ = std::move(problem);
    problem_at_ = at;
  }
  return Step::Failed;
}

Error ExpositionReader::error() const {
  const auto [line, column] = place_in(page_, problem_at_);
  return invalid_argument("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + problem_);
}

bool ExpositionReader::read_labels(LabelViews& labels, FloatLabel floats) {
  SeriesText text(raw_, open_metrics_, labels);
  if (!text.read_series(floats)) {
    fail(static_cast<std::size_t>(raw_.data() - page_.data()) + text.problem_at(), text.problem());
    return false;
  }
  return true;
}

bool ExpositionReader::read_exemplar(LabelViews& labels, ExemplarSample& sample) {
  SeriesText text(exemplar_, open_metrics_, labels);
  if (!text.read_exemplar(sample)) {
    fail(static_cast<std::size_t>(exemplar_.data() - page_.data()) + text.problem_at(), text.problem());
    return false;
  }
  return true;
}

bool add_metadata(std::string_view line, std::map<std::string, MetricMetadata>& metadata) {
  const auto parts = take_apart(line);
  if (!parts) return false;
  std::string family(parts->family);
  if (family.starts_with('"')) family = unescape(parts->family.substr(1, parts->family.size() - 2), /*quotes=*/true);
  auto& one = metadata[family];
  if (parts->keyword == "TYPE") one.type = trim(parts->text);
  if (parts->keyword == "HELP") one.help = unescape(parts->text, /*quotes=*/false);
  if (parts->keyword == "UNIT") one.unit = trim(parts->text);
  return true;
}

std::optional<FloatLabel> float_label_of(std::string_view line) {
  const auto parts = take_apart(line);
  if (!parts || parts->keyword != "TYPE") return std::nullopt;
  const auto type = trim(parts->text);
  return type == "histogram" ? FloatLabel::Le : type == "summary" ? FloatLabel::Quantile : FloatLabel::None;
}

Result<Exposition> parse_exposition(std::string_view text, ExpositionFormat format) {
  Exposition exposition;
  ExpositionReader reader(text, format);
  LabelViews labels;
  FloatLabel floats = FloatLabel::None;
  for (;;) {
    switch (reader.next()) {
      case ExpositionReader::Step::End:
        return exposition;
      case ExpositionReader::Step::Failed:
        return reader.error();
      case ExpositionReader::Step::Metadata:
        add_metadata(reader.metadata_line(), exposition.metadata);
        floats = float_label_of(reader.metadata_line()).value_or(floats);
        break;
      case ExpositionReader::Step::Sample: {
        if (!reader.read_labels(labels, floats)) return reader.error();
        ExposedSample sample{
            .labels = metrics::Labels::from_pairs(labels.pairs), .time_ms = reader.time_ms(), .value = reader.value()};
        ExemplarSample exemplar;
        if (reader.has_exemplar() && !reader.read_exemplar(labels, exemplar)) return reader.error();
        exposition.samples.push_back(std::move(sample));
      }
    }
  }
}

}  // namespace mamori::ingest
