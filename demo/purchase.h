// demo/purchase.h: who buys what, and how they pay. Pure functions of a random source. Nothing here holds or resembles
// a card number: cards are named by tokens.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/random.h"

namespace mamori::demo {

struct Weighted {
  std::string_view value;
  double weight;
};

/// A value drawn by weight. REQUIRES: some weight is positive.
std::string_view pick(std::span<const Weighted> choices, Random& random);

double draw_exponential(double mean, Random& random);
/// Log-normal: exp(ln(median) + sigma * standard normal).
double draw_log_normal(double median, double sigma, Random& random);

/// `prefix` and `length` characters without vowels and with digits never side by side: no word, no card number.
std::string draw_id(std::string_view prefix, std::size_t length, Random& random);

struct Purchase {
  std::string user_id, country, user_agent, ip_address;
  std::string session_id;
  Money amount;
  std::string payment_method;  // card, konbini, paypay, apple_pay, google_pay, bank_transfer
  std::string brand;           // card networks only, else ""
  std::string card_token;      // "tok_ordinary", "tok_stolen"; "" when no card pays
};

/// An ordinary customer. Addresses come from the ranges for documentation (RFC 5737).
Purchase draw_purchase(Random& random);

/// One try of an attacker who tests stolen cards: a small amount, a new account and card, one of three addresses.
Purchase draw_card_test(Random& random);

std::string_view draw_user_agent(Random& random);

/// A request of a scanner looking for holes: path and query.
std::string_view draw_suspicious_target(Random& random);

}  // namespace mamori::demo
