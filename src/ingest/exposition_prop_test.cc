#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <map>

#include "ingest/exposition.h"
#include "ingest/number_text.h"

namespace mamori::ingest {
namespace {

using Pairs = std::map<std::string, std::string>;

std::string name() {
  const auto first = rc::gen::elementOf(std::string("abcXYZ_"));
  const auto more = rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXYZ_0189")));
  return std::string(1, *first) + *more;
}

/// Text of letters of one to four bytes, quotes, backslashes and newlines.
std::string utf8() {
  static const std::vector<std::string> kLetters{"a", "\"", "\\", "\n", "n", "{", "}", "#", " ", "é", "日", "😀", ","};
  std::string text;
  for (const auto& letter : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kLetters))) text += letter;
  return text;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

std::string number(double value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// One sample, and the line that says it with generated spaces.
struct Written {
  Pairs labels;
  double value = 0;
  std::optional<std::int64_t> time_ms;
  std::string line;
};

Written written() {
  Written one;
  const auto space = [] { return std::string(*rc::gen::inRange<std::size_t>(0, 3), ' '); };
  const std::string metric = name();
  one.line = metric + space() + "{";
  const auto count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    const auto label = name();
    const auto value = utf8();
    if (!one.labels.emplace(label, value).second) continue;
    one.line += space() + label + space() + "=" + space() + quoted(value) + space() + ",";
  }
  one.value = *rc::gen::arbitrary<double>();
  one.line += space() + "}" + space() + " " + number(one.value);
  if (*rc::gen::arbitrary<bool>()) {
    one.time_ms = *rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 4'000'000'000'000);
    one.line += " " + space() + std::to_string(*one.time_ms);
  }
  one.labels.emplace(metrics::kMetricName, metric);
  std::erase_if(one.labels, [](const auto& pair) { return pair.second.empty(); });
  return one;
}

RC_GTEST_PROP(ParseExposition, GivesBackWhatWasWritten, ()) {
  std::vector<Written> want;
  std::string page;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    want.push_back(written());
    page += want.back().line + "\n";
  }
  const auto got = parse_exposition(page, ExpositionFormat::PrometheusText);
  RC_ASSERT(got.has_value());
  RC_ASSERT(got->samples.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto& sample = got->samples[i];
    RC_ASSERT(Pairs(sample.labels.begin(), sample.labels.end()) == want[i].labels);
    RC_ASSERT(std::bit_cast<std::uint64_t>(sample.value) == std::bit_cast<std::uint64_t>(want[i].value));
    RC_ASSERT(sample.time_ms == want[i].time_ms);
  }
}

RC_GTEST_PROP(ParseExposition, TheExpectedLineChangesNothing, ()) {
  std::string page;
  std::vector<std::string> lines;
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    lines.push_back(*rc::gen::arbitrary<bool>() ? written().line : "# TYPE " + name() + " counter");
    page += lines.back() + "\n";
  }
  ExpositionReader plain(page, ExpositionFormat::PrometheusText), guided(page, ExpositionFormat::PrometheusText);
  std::string before;
  for (;;) {
    const auto step = plain.next();
    // What comes, what came before, or something else.
    std::string expected(plain.series());
    const auto kind = *rc::gen::inRange(0, 3);
    if (kind == 1) expected = before;
    if (kind == 2) expected = name();
    before = plain.series();
    RC_ASSERT(guided.next(expected) == step);
    if (step != ExpositionReader::Step::Sample && step != ExpositionReader::Step::Metadata) break;
    RC_ASSERT(guided.series() == plain.series());
    if (step == ExpositionReader::Step::Metadata) continue;
    RC_ASSERT(std::bit_cast<std::uint64_t>(guided.value()) == std::bit_cast<std::uint64_t>(plain.value()));
    RC_ASSERT(guided.time_ms() == plain.time_ms());
  }
}

RC_GTEST_PROP(ReadValue, AgreesWithTheLibraryOnEveryDecimal, ()) {
  std::string text = *rc::gen::arbitrary<bool>() ? "-" : "";
  const auto digits = [&](int most) {
    for (int i = *rc::gen::inRange(0, most); i > 0; --i) text += static_cast<char>('0' + *rc::gen::inRange(0, 10));
  };
  digits(20);
  if (*rc::gen::arbitrary<bool>()) text += '.', digits(20);
  if (*rc::gen::arbitrary<bool>()) text += (*rc::gen::arbitrary<bool>() ? "e-" : "E"), digits(4);
  double want = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), want);
  const auto got = read_value(text);
  if (error == std::errc::result_out_of_range) {
    RC_ASSERT(!got || *got == 0 || std::abs(*got) < 1e-300);
  } else if (error == std::errc{} && end == text.data() + text.size()) {
    RC_ASSERT(got.has_value());
    RC_ASSERT(std::bit_cast<std::uint64_t>(*got) == std::bit_cast<std::uint64_t>(want));
  } else {
    RC_ASSERT(!got.has_value());
  }
}

RC_GTEST_PROP(ParseExposition, NeverAcceptsMoreSamplesThanThereAreLines, ()) {
  const auto page = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("a1{}\"=, \n#.\\")));
  for (const auto format : {ExpositionFormat::PrometheusText, ExpositionFormat::OpenMetrics}) {
    const auto got = parse_exposition(page, format);
    if (!got) continue;
    const auto lines = static_cast<std::size_t>(std::ranges::count(page, '\n')) + 1;
    RC_ASSERT(got->samples.size() <= lines);
  }
}

}  // namespace
}  // namespace mamori::ingest
