#include "demo/purchase.h"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <map>

#include "base/pan.h"
#include "demo/lines.h"

namespace mamori::demo {
namespace {

bool is_documentation_address(const std::string& address) {  // RFC 5737
  return address.starts_with("192.0.2.") || address.starts_with("198.51.100.") || address.starts_with("203.0.113.");
}

TEST(Purchase, UsesOnlyAddressesReservedForDocumentation) {
  Random random(1);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_TRUE(is_documentation_address(draw_purchase(random).ip_address));
    EXPECT_TRUE(is_documentation_address(draw_card_test(random).ip_address));
  }
}

TEST(Purchase, HoldsNothingThatLooksLikeACardNumber) {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = purchase_to_json(draw_purchase(random)) + draw_id("pi_", 24, random);
    EXPECT_TRUE(find_pans(text).empty()) << text;
  }
}

TEST(Purchase, IsPaidMostlyInYenAndMostlyByCard) {
  Random random(3);
  std::map<std::string, int> currencies, methods;
  for (int i = 0; i < 20'000; ++i) {
    const auto purchase = draw_purchase(random);
    ++currencies[purchase.amount.currency];
    ++methods[purchase.payment_method];
    EXPECT_GT(purchase.amount.minor_units, 0);
    EXPECT_EQ(purchase.brand.empty(), purchase.card_token.empty());
  }
  EXPECT_NEAR(currencies["JPY"], 16'400, 400);
  EXPECT_GT(currencies["USD"], 800);
  EXPECT_GT(methods["card"], 11'000);
  EXPECT_GT(methods["konbini"], 1'000);
  EXPECT_GT(methods["paypay"], 1'500);
}

TEST(Purchase, OfACardTestIsSmallAndComesFromFewAddresses) {
  Random random(4);
  std::map<std::string, int> addresses;
  for (int i = 0; i < 1000; ++i) {
    const auto purchase = draw_card_test(random);
    ++addresses[purchase.ip_address];
    EXPECT_LE(purchase.amount.minor_units, 300);
  }
  EXPECT_LE(addresses.size(), 3u);
}

TEST(DrawId, NeverRepeatsAmongManyAndKeepsDigitsApart) {
  Random random(5);
  std::map<std::string, int> seen;
  for (int i = 0; i < 50'000; ++i) ++seen[draw_id("pi_", 24, random)];
  EXPECT_EQ(seen.size(), 50'000u);
  for (const auto& [id, count] : seen) {
    ASSERT_EQ(id.size(), 27u);
    for (std::size_t i = 1; i < id.size(); ++i) ASSERT_FALSE(std::isdigit(id[i - 1]) && std::isdigit(id[i])) << id;
  }
}

TEST(Pick, FollowsTheWeights) {
  constexpr std::array<Weighted, 3> kChoices{{{"never", 0}, {"often", 3}, {"seldom", 1}}};
  Random random(6);
  std::map<std::string_view, int> seen;
  for (int i = 0; i < 10'000; ++i) ++seen[pick(kChoices, random)];
  EXPECT_EQ(seen["never"], 0);
  EXPECT_NEAR(seen["often"], 7500, 200);
}

}  // namespace
}  // namespace mamori::demo
