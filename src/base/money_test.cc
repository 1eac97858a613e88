#include "base/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace mamori {
namespace {

TEST(MoneyText, PlacesThePointByTheCurrencysExponent) {
  const auto check = [](std::int64_t minor, const char* currency, const char* want) {
    EXPECT_EQ(to_string(Money{minor, currency}), want);
  };
  check(1234, "JPY", "1,234 JPY");
  check(1234, "USD", "12.34 USD");
  check(5, "USD", "0.05 USD");
  check(-1234567, "KWD", "-1,234.567 KWD");
  check(0, "EUR", "0.00 EUR");
  check(std::numeric_limits<std::int64_t>::min(), "JPY", "-9,223,372,036,854,775,808 JPY");
}

}  // namespace
}  // namespace mamori
