// spec/detail/units.h: the values of a spec as text and as numbers: durations, percents, dollars, rates, comparisons,
// CIDRs. Each reader takes the whole text or nothing; none knows where the text stands.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace mamori::spec {

std::optional<double> read_number(std::string_view text);         // "99.5"; finite
std::optional<std::int64_t> read_integer(std::string_view text);  // "300"
std::optional<bool> read_flag(std::string_view text);             // true, false
std::optional<bool> read_switch(std::string_view text);           // enabled, disabled, true, false

/// "15s", "1h30m" (Prometheus), "5 minutes", "30 sec" (words), or a bare number of seconds (CloudWatch); not negative.
std::optional<Nanos> read_duration(std::string_view text);
/// A number of days, or a duration ("90d").
std::optional<double> read_days(std::string_view text);
/// "0.1%", or a bare number that is a percentage.
std::optional<double> read_percent(std::string_view text);
/// "$2,500" or "$2500.50", in cents; not negative.
std::optional<std::int64_t> read_dollars(std::string_view text);
/// "100 req/s" or a bare number, per second.
std::optional<double> read_rate(std::string_view text);
/// "500 GB", "64MiB", or a bare number of bytes.
std::optional<double> read_size(std::string_view text);

/// YAML 1.1's words: true, yes, on, y and their opposites, in lower, upper or title case.
std::optional<bool> read_yaml_flag(std::string_view text);
/// Prometheus' sizes: "512MB" and "512MiB" are both 512 * 2^20 bytes; a bare number only when it is 0.
std::optional<std::uint64_t> read_bytes(std::string_view text);

enum class Unit { None, Percent, Time, Rate };

/// "< 500ms", ">= 99.5%", "<= 70". Time is in milliseconds, a rate per second.
struct Comparison {
  std::string op;  // <, <=, >, >=, ==
  double value = 0;
  Unit unit = Unit::None;
};
std::optional<Comparison> read_comparison(std::string_view text);

/// An IPv4 network.
struct Cidr {
  std::uint32_t address = 0;
  int prefix = 0;
  std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
  bool has_host_bits() const { return (address & ~mask()) != 0; }
  bool contains(const Cidr& other) const {
    return prefix <= other.prefix && (address & mask()) == (other.address & mask());
  }
  bool overlaps(const Cidr& other) const { return contains(other) || other.contains(*this); }
};
/// Errors: InvalidArgument that says what is wrong, "the octet 300 is above 255".
Result<Cidr> read_cidr(std::string_view text);
std::string to_string(const Cidr& cidr);

/// The first duration, percentage or amount inside a sentence: "Primary region unavailable > 5 min" -> 5 min.
std::optional<Nanos> find_duration(std::string_view sentence);
/// The comparison inside a sentence: "Stripe API errors > 5%" -> > 5 %.
std::optional<Comparison> find_comparison(std::string_view sentence);

/// The number as a person writes it: 99.5, 3000, 0.01.
std::string plain(double value);

}  // namespace mamori::spec
