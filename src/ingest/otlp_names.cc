#include "ingest/otlp_names.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"

namespace mamori::ingest {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

// UCUM's symbols (ucum.org) by the names that Prometheus uses.
constexpr std::array kUnits = std::to_array<Word>({
    {"d", "days"},          {"h", "hours"},        {"min", "minutes"},   {"s", "seconds"},      {"ms", "milliseconds"},
    {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"},      {"KiBy", "kibibytes"}, {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"}, {"KBy", "kilobytes"}, {"MBy", "megabytes"},  {"GBy", "gigabytes"},
    {"TBy", "terabytes"},   {"m", "meters"},       {"V", "volts"},       {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},         {"g", "grams"},        {"Cel", "celsius"},   {"Hz", "hertz"},       {"1", ""},
    {"%", "percent"},
});
constexpr std::array kPerUnits = std::to_array<Word>(
    {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"}, {"w", "week"}, {"mo", "month"}, {"y", "year"}});

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
std::string_view word_for(const std::array<Word, N>& words, std::string_view symbol) {
  const auto found = std::ranges::find(words, symbol, &Word::first);
  return found == words.end() ? symbol : found->second;
}

/// The runs of letters, digits and colons.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : text) {
    const bool belongs = is_letter_or_digit(c) || c == ':';
    if (belongs && !in_word) words.emplace_back();
    if (belongs) words.back() += c;
    in_word = belongs;
  }
  return words;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += '_';
    text += word;
  }
  return text;
}

struct Unit {
  std::string main, per;  // "bytes", "per_second"; "" for none
};

/// {annotations} name no unit.
Unit unit_of(std::string_view symbol) {
  const auto slash = symbol.find('/');
  const auto part = [](std::string_view text) {
    text = trim(text);
    return text.find_first_of("{}") == std::string_view::npos ? text : std::string_view{};
  };
  Unit unit;
  unit.main = join(words_of(word_for(kUnits, part(symbol.substr(0, slash)))));
  if (slash == std::string_view::npos) return unit;
  const auto per = part(symbol.substr(slash + 1));
  if (const auto word = join(words_of(word_for(kPerUnits, per))); !word.empty()) unit.per = "per_" + word;
  return unit;
}

void put_last(std::vector<std::string>& words, const std::string& word) {
  std::erase(words, word);
  words.push_back(word);
}

}  // namespace

std::string prometheus_metric_name(const OtlpMetric& metric) {
  auto words = words_of(metric.name);
  if (words.empty()) return {};
  const auto unit = unit_of(metric.unit);
  for (const auto& suffix : {unit.main, unit.per}) {
    if (!suffix.empty() && std::ranges::find(words, suffix) == words.end()) words.push_back(suffix);
  }
  if (metric.kind == OtlpMetric::Kind::Sum && metric.is_monotonic) put_last(words, "total");
  // Only of gauges: counters of things are given the unit "1" by many libraries.
  if (metric.kind == OtlpMetric::Kind::Gauge && metric.unit == "1") put_last(words, "ratio");
  const auto name = join(words);
  return is_digit(name[0]) ? "_" + name : name;
}

std::string prometheus_label_name(std::string_view attribute) {
  std::string name;
  for (const char c : attribute) {
    if ((c & 0xC0) == 0x80) continue;  // one underscore for a character of several bytes
    name += is_letter_or_digit(c) ? c : '_';
  }
  if (name.empty()) return name;
  if (is_digit(name[0])) return "key_" + name;
  if (name[0] == '_' && !name.starts_with("__")) return "key" + name;
  return name;
}

}  // namespace mamori::ingest
