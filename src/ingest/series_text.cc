#include "ingest/series_text.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "ingest/number_text.h"
#include "metrics/labels.h"

namespace mamori::ingest {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

void append_unescaped(std::string& out, std::string_view text, bool quotes) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == 'n') {
      out += '\n';
    } else {
      if (next != '\\' && !(quotes && next == '"')) out += '\\';
      out += next;
    }
  }
}

}  // namespace

std::string unescape(std::string_view text, bool quotes) {
  std::string out;
  append_unescaped(out, text, quotes);
  return out;
}

void SeriesText::skip_spaces() {
  while (peek() == ' ' || peek() == '\t') ++at_;
}

bool SeriesText::take(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool SeriesText::fail_at(std::size_t at, std::string problem) {
  if (problem_.empty()) {
    problem_ = std::move(problem);
    problem_at_ = at;
  }
  return false;
}

bool SeriesText::read_name(std::string_view& name, bool colons) {
  const auto from = at_;
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  };
  while (at_ < text_.size() && fits(text_[at_])) ++at_;
  name = text_.substr(from, at_ - from);
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return fail_at(from, "expected a name");
  return true;
}

bool SeriesText::read_quoted(std::string_view& value) {
  if (!take('"')) return fail("expected '\"'");
  const auto from = at_;
  bool escaped = false;
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] == '\\') {
      escaped = true;
      ++at_;
    }
    ++at_;
  }
  if (at_ >= text_.size()) return fail_at(text_.size(), "the quoted text does not end on this line");
  value = text_.substr(from, at_ - from);
  ++at_;
  if (!simdjson::validate_utf8(value.data(), value.size())) return fail_at(from, "the quoted text is not UTF-8");
  if (escaped) {
    const auto begin = labels_.unescaped.size();
    append_unescaped(labels_.unescaped, value, /*quotes=*/true);
    value = std::string_view(labels_.unescaped).substr(begin);
  }
  return true;
}

/// After '{': name="value" pairs, and in the newer form the quoted metric name first.
bool SeriesText::read_pairs(bool name_allowed) {
  skip_spaces();
  while (!take('}')) {
    std::string_view name, value;
    const bool quoted = peek() == '"';
    if (quoted ? !read_quoted(name) : !read_name(name, /*colons=*/false)) return false;
    skip_spaces();
    if (quoted && peek() != '=') {
      if (!name_allowed) return fail("expected '='");
      const bool named = !labels_.pairs.empty() && labels_.pairs[0].first == metrics::kMetricName;
      if (named) return fail("the sample has two metric names");
      labels_.pairs.insert(labels_.pairs.begin(), {metrics::kMetricName, name});
    } else {
      if (!take('=')) return fail("expected '='");
      skip_spaces();
      if (!read_quoted(value)) return false;
      if (name.empty()) return fail("a label without a name");
      labels_.pairs.emplace_back(name, value);
    }
    skip_spaces();
    // Prometheus' own format may leave the comma out.
    if (!take(',') && peek() != '}' && (open_metrics_ || at_ == text_.size())) return fail("expected ',' or '}'");
    skip_spaces();
  }
  return true;
}

bool SeriesText::check_unique() {
  const auto twice = [this](std::string_view name) {
    return fail("the label " + std::string(name.substr(0, 60)) + " stands twice");
  };
  auto& pairs = labels_.pairs;
  constexpr std::size_t kFew = 16;  // comparing each with each is faster up to here
  if (pairs.size() <= kFew) {
    for (std::size_t i = 1; i < pairs.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (pairs[i].first == pairs[k].first) return twice(pairs[i].first);
      }
    }
    return true;
  }
  std::vector<std::string_view> names;
  names.reserve(pairs.size());
  for (const auto& pair : pairs) names.push_back(pair.first);
  std::ranges::sort(names);
  const auto same = std::ranges::adjacent_find(names);
  return same == names.end() || twice(*same);
}

bool SeriesText::read_series(FloatLabel floats) {
  std::string_view name;
  if (peek() != '{') {
    if (!read_name(name, /*colons=*/true)) return false;
    labels_.pairs.emplace_back(metrics::kMetricName, name);
    skip_spaces();
  }
  if (take('{') && !read_pairs(/*name_allowed=*/true)) return false;
  if (!check_unique()) return false;
  const auto metric = std::ranges::find(labels_.pairs, metrics::kMetricName, &Pair::first);
  if (metric == labels_.pairs.end() || metric->second.empty()) return fail("the sample has no metric name");
  if (floats != FloatLabel::None) normalize(floats);
  return true;
}

void SeriesText::normalize(FloatLabel floats) {
  const std::string_view name = floats == FloatLabel::Le ? "le" : "quantile";
  const auto label = std::ranges::find(labels_.pairs, name, &Pair::first);
  if (label == labels_.pairs.end()) return;
  const auto number = read_value(label->second);
  if (!number) return;
  const auto begin = labels_.unescaped.size();
  labels_.unescaped += openmetrics_float(*number);
  label->second = std::string_view(labels_.unescaped).substr(begin);
}

/// "# {name="value",…} value [seconds]"
bool SeriesText::read_exemplar(ExemplarSample& sample) {
  take('#');
  skip_spaces();
  if (!take('{')) return fail("expected '{' of an exemplar");
  if (!read_pairs(/*name_allowed=*/false) || !check_unique()) return false;
  const auto number = [&](double& value) {
    skip_spaces();
    const auto end = std::min(text_.find_first_of(" \t", at_), text_.size());
    const auto word = text_.substr(at_, end - at_);
    const auto read = read_value(word);
    if (!read) return fail("\"" + std::string(word.substr(0, 40)) + "\" is not a number of an exemplar");
    value = *read;
    at_ = end;
    return true;
  };
  if (!number(sample.value)) return false;
  skip_spaces();
  sample.time_ms.reset();
  if (at_ == text_.size()) return true;
  double seconds = 0;
  if (!number(seconds)) return false;
  if (!std::isfinite(seconds) || std::abs(seconds) > 9e12) return fail("the exemplar's timestamp is out of range");
  sample.time_ms = std::llround(seconds * 1000);
  skip_spaces();
  return at_ == text_.size() || fail("unexpected text after the exemplar");
}

}  // namespace mamori::ingest
