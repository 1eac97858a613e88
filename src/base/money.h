// base/money.h: amounts as integer minor units with an ISO 4217 currency. Never floating point, never summed across
// currencies.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mamori {

struct Money {
  std::int64_t minor_units = 0;
  std::string currency;  // ISO 4217, upper case: "JPY"
  bool operator==(const Money&) const = default;
};

/// The sum of two amounts of one currency; the largest (or least) number where it would not fit, never a wrapped one.
std::int64_t add_saturated(std::int64_t a, std::int64_t b);

/// Digits after the decimal point of a currency (ISO 4217 exponent): JPY 0, USD 2, KWD 3; 2 for codes not in the table.
int currency_exponent(std::string_view currency);

/// "1,234 JPY", "12.34 USD".
std::string to_string(const Money& money);

}  // namespace mamori
