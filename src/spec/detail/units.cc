#include "spec/detail/units.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace mamori::spec {

namespace {

// A century: longer is a typing mistake, and stays far inside Nanos.
constexpr double kSecondsMax = 100.0 * 366 * 86400;

struct TimeWord {
  std::string_view word;
  double seconds;
};

constexpr std::array<TimeWord, 28> kTimeWords{{
    {"ms", 0.001},
    {"millisecond", 0.001},
    {"milliseconds", 0.001},
    {"s", 1},
    {"sec", 1},
    {"secs", 1},
    {"second", 1},
    {"seconds", 1},
    {"m", 60},
    {"min", 60},
    {"mins", 60},
    {"minute", 60},
    {"minutes", 60},
    {"h", 3600},
    {"hour", 3600},
    {"hours", 3600},
    {"d", 86400},
    {"day", 86400},
    {"days", 86400},
    {"w", 604800},
    {"week", 604800},
    {"weeks", 604800},
    {"year", 31536000},
    {"years", 31536000},
    {"y", 31536000},
    {"\xE7\xA7\x92", 1},      // 秒
    {"\xE5\x88\x86", 60},     // 分
    {"\xE6\x97\xA5", 86400},  // 日
}};

std::optional<double> seconds_of(std::string_view word) {
  for (const TimeWord& known : kTimeWords) {
    if (equals_ignore_case(known.word, word)) return known.seconds;
  }
  return std::nullopt;
}

std::optional<Nanos> nanos(double seconds) {
  if (!(seconds >= 0) || seconds > kSecondsMax) return std::nullopt;
  return Nanos{static_cast<std::int64_t>(std::llround(seconds * 1e9))};
}

/// "5 minutes": one number and one word.
std::optional<Nanos> read_worded_duration(std::string_view text) {
  static const RE2 kForm(R"(\s*([0-9]+(?:\.[0-9]+)?)\s*([^\s0-9.]+)\s*)");
  std::string number, word;
  if (!RE2::FullMatch(text, kForm, &number, &word)) return std::nullopt;
  const auto seconds = seconds_of(word);
  const auto amount = read_number(number);
  if (!seconds || !amount) return std::nullopt;
  return nanos(*amount * *seconds);
}

}  // namespace

std::optional<double> read_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  text = trim(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> read_flag(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<bool> read_switch(std::string_view text) {
  if (text == "enabled") return true;
  if (text == "disabled") return false;
  return read_flag(text);
}

std::optional<Nanos> read_duration(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  if (const auto number = read_number(text)) return nanos(*number);
  if (const auto prometheus = parse_duration(text)) {
    return nanos(std::chrono::duration<double>(*prometheus).count()) ? std::optional<Nanos>(*prometheus) : std::nullopt;
  }
  return read_worded_duration(text);
}

std::optional<double> read_days(std::string_view text) {
  if (const auto number = read_number(text)) return number;
  const auto duration = read_duration(text);
  if (!duration) return std::nullopt;
  return std::chrono::duration<double, std::ratio<86400>>(*duration).count();
}

std::optional<double> read_percent(std::string_view text) {
  text = trim(text);
  if (text.ends_with('%')) text.remove_suffix(1);
  return read_number(text);
}

std::optional<std::int64_t> read_dollars(std::string_view text) {
  static const RE2 kForm(R"(\s*\$\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.([0-9]{2}))?\s*)");
  std::string whole, cents;
  if (!RE2::FullMatch(text, kForm, &whole, &cents)) return std::nullopt;
  std::erase(whole, ',');
  const auto dollars = read_integer(whole);
  // Far above any bill, far below overflow when many amounts are added.
  if (!dollars || *dollars > 1'000'000'000'000) return std::nullopt;
  return *dollars * 100 + (cents.empty() ? 0 : read_integer(cents).value_or(0));
}

std::optional<double> read_rate(std::string_view text) {
  static const RE2 kForm(R"(\s*([0-9]+(?:\.[0-9]+)?)\s*(?:req|requests|rps)?\s*(?:/\s*(?:s|sec|second))?\s*)");
  std::string number;
  if (!RE2::FullMatch(text, kForm, &number)) return std::nullopt;
  return read_number(number);
}

std::optional<double> read_size(std::string_view text) {
  static const RE2 kForm(R"(\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGTP]?)(i?)B?\s*)");
  std::string number, prefix, binary;
  if (!RE2::FullMatch(text, kForm, &number, &prefix, &binary)) return std::nullopt;
  if (prefix.empty() && !binary.empty()) return std::nullopt;
  const auto amount = read_number(number);
  if (!amount) return std::nullopt;
  const std::string_view prefixes = "KMGTP";
  const auto power = prefix.empty() ? 0 : static_cast<int>(prefixes.find(prefix[0])) + 1;
  return *amount * std::pow(binary.empty() ? 1000.0 : 1024.0, power);
}

std::optional<bool> read_yaml_flag(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  const std::string lower = to_lower(text);
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto capitals = std::ranges::count_if(text, is_upper);
  const bool title = capitals == 1 && is_upper(text[0]);
  if (capitals != 0 && !title && capitals != static_cast<std::ptrdiff_t>(text.size())) return std::nullopt;
  for (const std::string_view yes : {"true", "yes", "on", "y"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "n"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> read_bytes(std::string_view text) {
  if (text == "0") return 0;
  static const RE2 kForm(R"(([0-9]{1,9}(?:\.[0-9]{1,6})?)([KMGTPE]?)i?B)");
  std::string number, prefix;
  if (!RE2::FullMatch(text, kForm, &number, &prefix)) return std::nullopt;
  const std::string_view prefixes = "KMGTPE";
  const auto power = prefix.empty() ? 0 : static_cast<int>(prefixes.find(prefix[0])) + 1;
  const double bytes = *read_number(number) * std::pow(1024.0, power);
  if (bytes > 9e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<Comparison> read_comparison(std::string_view text) {
  text = trim(text);
  Comparison comparison;
  for (const std::string_view op : {"<=", ">=", "==", "<", ">"}) {
    if (text.starts_with(op)) {
      comparison.op = op;
      break;
    }
  }
  if (comparison.op.empty()) return std::nullopt;
  const std::string_view rest = trim(text.substr(comparison.op.size()));
  if (const auto number = read_number(rest)) {
    comparison.value = *number;
  } else if (rest.ends_with('%') && read_percent(rest)) {
    comparison.value = *read_percent(rest);
    comparison.unit = Unit::Percent;
  } else if (const auto duration = read_duration(rest)) {
    comparison.value = std::chrono::duration<double, std::milli>(*duration).count();
    comparison.unit = Unit::Time;
  } else if (const auto rate = read_rate(rest)) {
    comparison.value = *rate;
    comparison.unit = Unit::Rate;
  } else {
    return std::nullopt;
  }
  return comparison;
}

Result<Cidr> read_cidr(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return invalid_argument("'" + std::string(text.substr(0, 100)) + "' is no IPv4 network: " + why);
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return refuse("there is no '/' and prefix length");
  const auto prefix = read_integer(text.substr(slash + 1));
  if (!prefix || *prefix < 0 || *prefix > 32) return refuse("the prefix length must be a number from 0 to 32");
  const auto octets = split(text.substr(0, slash), '.');
  if (octets.size() != 4) return refuse("an address has four octets");
  Cidr cidr;
  cidr.prefix = static_cast<int>(*prefix);
  for (const std::string_view octet : octets) {
    const auto value = read_integer(octet);
    if (!value || *value < 0 || octet.size() > 3) return refuse("'" + std::string(octet) + "' is no octet");
    if (*value > 255) return refuse("the octet " + std::to_string(*value) + " is above 255");
    cidr.address = cidr.address << 8 | static_cast<std::uint32_t>(*value);
  }
  return cidr;
}

std::string to_string(const Cidr& cidr) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string(cidr.address >> shift & 0xFF) + (shift > 0 ? "." : "/");
  }
  return text + std::to_string(cidr.prefix);
}

std::optional<Nanos> find_duration(std::string_view sentence) {
  static const RE2 kForm(
      R"(([0-9]+(?:\.[0-9]+)?)[\s-]*)"
      R"((milliseconds?|seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|years?|ms|s|m|h|d|w|秒|分|日)(?:[^A-Za-z]|$))");
  std::string number, word;
  if (!RE2::PartialMatch(sentence, kForm, &number, &word)) return std::nullopt;
  return read_worded_duration(number + word);
}

std::optional<Comparison> find_comparison(std::string_view sentence) {
  static const RE2 kForm(R"(((?:<=|>=|<|>)\s*[0-9]+(?:\.[0-9]+)?\s*(?:%|ms|s|min|m|h)?))");
  std::string found;
  if (!RE2::PartialMatch(sentence, kForm, &found)) return std::nullopt;
  return read_comparison(found);
}

std::string plain(double value) {
  std::array<char, 32> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.10g", value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace mamori::spec
