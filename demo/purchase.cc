#include "demo/purchase.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mamori::demo {
namespace {

struct Country {
  std::string_view code, currency;
  double weight;
  double minor_units_per_yen;  // rough, so that amounts look right; no rate is applied to anybody's money
};

constexpr std::array<Country, 9> kCountries{{{"JP", "JPY", 82, 1},
                                             {"US", "USD", 6, 0.67},
                                             {"TW", "TWD", 3, 21},
                                             {"KR", "KRW", 2.5, 9.2},
                                             {"DE", "EUR", 1.5, 0.6},
                                             {"FR", "EUR", 1.2, 0.6},
                                             {"GB", "GBP", 1.4, 0.52},
                                             {"SG", "SGD", 1.2, 0.87},
                                             {"AU", "AUD", 1.2, 1.0}}};

constexpr std::array<Weighted, 6> kMethodsJapan{
    {{"card", 58}, {"paypay", 15}, {"konbini", 10}, {"apple_pay", 9}, {"bank_transfer", 5}, {"google_pay", 3}}};
constexpr std::array<Weighted, 3> kMethodsElsewhere{{{"card", 70}, {"apple_pay", 18}, {"google_pay", 12}}};
constexpr std::array<Weighted, 4> kBrandsJapan{{{"visa", 48}, {"jcb", 25}, {"mastercard", 21}, {"amex", 6}}};
constexpr std::array<Weighted, 3> kBrandsElsewhere{{{"visa", 54}, {"mastercard", 34}, {"amex", 12}}};

constexpr std::array<Weighted, 7> kUserAgents{{
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
     "Mobile/15E148 Safari/604.1",
     38},
    {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
     "Safari/537.36",
     24},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
     18},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
     "Safari/605.1.15",
     9},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", 5},
    {"ExampleShop-iOS/4.12.0", 4},
    {"ExampleShop-Android/4.11.2", 2},
}};

constexpr std::array<Weighted, 6> kSuspicious{{{"/.env", 3},
                                               {"/wp-login.php", 4},
                                               {"/phpmyadmin/index.php", 2},
                                               {"/.git/config", 2},
                                               {"/products?id=1%27%20OR%20%271%27%3D%271", 2},
                                               {"/download?file=..%2f..%2f..%2fetc%2fpasswd", 2}}};

constexpr std::array<std::string_view, 3> kDocumentationNets{"192.0.2.", "198.51.100.", "203.0.113."};

const Country& draw_country(Random& random) {
  double total = 0;
  for (const auto& country : kCountries) total += country.weight;
  double at = random.unit() * total;
  for (const auto& country : kCountries) {
    at -= country.weight;
    if (at < 0) return country;
  }
  return kCountries.front();
}

std::int64_t draw_amount(const Country& country, Random& random) {
  // Median 3,800 yen: a basket of a mid-priced online shop; the tail ends at 300,000 yen.
  const double yen = std::clamp(draw_log_normal(3800, 0.8, random), 300.0, 300'000.0);
  const auto minor = static_cast<std::int64_t>(yen * country.minor_units_per_yen);
  const std::int64_t step = country.currency == "JPY" || country.currency == "KRW" ? 10 : 5;
  return std::max(step, minor / step * step);
}

bool pays_by_card(std::string_view method) {
  return method == "card" || method == "apple_pay" || method == "google_pay";
}

std::uint64_t below(std::uint64_t bound, Random& random) {
  return static_cast<std::uint64_t>(random.unit() * static_cast<double>(bound));
}

}  // namespace

std::string_view pick(std::span<const Weighted> choices, Random& random) {
  double total = 0;
  for (const auto& choice : choices) total += choice.weight;
  double at = random.unit() * total;
  for (const auto& choice : choices) {
    at -= choice.weight;
    if (at < 0) return choice.value;
  }
  return choices.back().value;
}

double draw_exponential(double mean, Random& random) { return -mean * std::log1p(-random.unit()); }

double draw_log_normal(double median, double sigma, Random& random) {
  // Box-Muller; 1 - unit() is never 0, so the logarithm is finite.
  const double radius = std::sqrt(-2 * std::log(1 - random.unit()));
  return median * std::exp(sigma * radius * std::cos(2 * std::numbers::pi * random.unit()));
}

std::string draw_id(std::string_view prefix, std::size_t length, Random& random) {
  constexpr std::string_view kLetters = "bcdfghjkmnpqrstvwxz";
  constexpr std::string_view kMixed = "bcdfghjkmnpqrstvwxz23456789";
  std::string id(prefix);
  for (std::size_t i = 0; i < length; ++i) {
    const auto from = i % 2 == 0 ? kLetters : kMixed;
    id += from[below(from.size(), random)];
  }
  return id;
}

std::string_view draw_user_agent(Random& random) { return pick(kUserAgents, random); }

std::string_view draw_suspicious_target(Random& random) { return pick(kSuspicious, random); }

Purchase draw_purchase(Random& random) {
  const Country& country = draw_country(random);
  const bool japan = country.code == "JP";
  Purchase purchase;
  purchase.user_id = "u_" + std::to_string(10'000 + below(5'000, random));
  purchase.country = country.code;
  purchase.user_agent = draw_user_agent(random);
  purchase.ip_address = std::string(kDocumentationNets[below(kDocumentationNets.size(), random)]) +
                        std::to_string(1 + below(250, random));
  purchase.session_id = draw_id("cs_", 24, random);
  purchase.amount = {draw_amount(country, random), std::string(country.currency)};
  purchase.payment_method = japan ? pick(kMethodsJapan, random) : pick(kMethodsElsewhere, random);
  if (pays_by_card(purchase.payment_method)) {
    purchase.brand = japan ? pick(kBrandsJapan, random) : pick(kBrandsElsewhere, random);
    purchase.card_token = "tok_ordinary";
  }
  return purchase;
}

Purchase draw_card_test(Random& random) {
  constexpr std::array<std::string_view, 3> kAttackers{"198.51.100.251", "198.51.100.252", "203.0.113.254"};
  Purchase purchase;
  purchase.user_id = "u_" + std::to_string(90'000 + below(9'000, random));
  purchase.country = "US";
  purchase.user_agent = "python-requests/2.31.0";
  purchase.ip_address = kAttackers[below(kAttackers.size(), random)];
  purchase.session_id = draw_id("cs_", 24, random);
  purchase.amount = {static_cast<std::int64_t>(100 + 10 * below(20, random)), "JPY"};
  purchase.payment_method = "card";
  purchase.brand = pick(kBrandsElsewhere, random);
  purchase.card_token = "tok_stolen";
  return purchase;
}

}  // namespace mamori::demo
