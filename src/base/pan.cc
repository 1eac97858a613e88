#include "base/pan.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/text.h"

namespace mamori {
namespace {

constexpr std::size_t kDigitsMin = 13, kDigitsMax = 19;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// ---- issuer ranges ----

constexpr std::uint32_t lengths(std::initializer_list<int> digits) {
  std::uint32_t mask = 0;
  for (const int n : digits) mask |= 1u << n;
  return mask;
}
constexpr std::uint32_t k16 = lengths({16});
constexpr std::uint32_t k16To19 = lengths({16, 17, 18, 19});
constexpr std::uint32_t k13To19 = lengths({13, 14, 15, 16, 17, 18, 19});

/// Numbers whose first six digits lie in [first, last] have one of `lengths` digits.
struct IssuerRange {
  std::uint32_t first, last;
  std::uint32_t lengths;
};

// Sources: the card networks' published ranges. Length counts are part of the rule: an IMEI (15 digits, 35...) or an
// epoch in milliseconds (13 digits, 1...) passes Luhn one time in ten, but has no issuer.
constexpr std::array kIssuers{
    IssuerRange{220000, 220499, k16To19},                    // Mir
    IssuerRange{222100, 272099, k16},                        // Mastercard, 2-series
    IssuerRange{300000, 305999, lengths({14, 16, 19})},      // Diners Club
    IssuerRange{309500, 309599, lengths({14, 16, 19})},      // Diners Club
    IssuerRange{340000, 349999, lengths({15})},              // American Express
    IssuerRange{352800, 358999, k16To19},                    // JCB
    IssuerRange{360000, 369999, lengths({14, 16, 19})},      // Diners Club
    IssuerRange{370000, 379999, lengths({15})},              // American Express
    IssuerRange{380000, 399999, lengths({14, 16, 19})},      // Diners Club
    IssuerRange{400000, 499999, lengths({13, 16, 18, 19})},  // Visa
    IssuerRange{501800, 501899, k13To19},                    // Maestro
    IssuerRange{501900, 501999, k16},                        // Dankort
    IssuerRange{502000, 502099, k13To19},                    // Maestro
    IssuerRange{503800, 503899, k13To19},                    // Maestro
    IssuerRange{506099, 506198, lengths({16, 18, 19})},      // Verve
    IssuerRange{506699, 506778, k16},                        // Elo
    IssuerRange{508500, 508999, k16},                        // RuPay
    IssuerRange{509000, 509999, k16},                        // Elo
    IssuerRange{510000, 559999, k16},                        // Mastercard
    IssuerRange{561200, 561299, k13To19},                    // Maestro
    IssuerRange{589300, 589399, k13To19},                    // Maestro
    IssuerRange{601100, 601199, k16To19},                    // Discover
    IssuerRange{606282, 606282, k16},                        // Hipercard
    IssuerRange{607000, 609999, k16},                        // RuPay
    IssuerRange{620000, 629999, k16To19},                    // UnionPay, and Discover's share of it
    IssuerRange{630400, 630499, k13To19},                    // Maestro
    IssuerRange{636297, 636297, k16},                        // Elo
    IssuerRange{636368, 636368, k16},                        // Elo
    IssuerRange{637000, 639999, k16},                        // InstaPayment, Hipercard
    IssuerRange{644000, 659999, k16To19},                    // Discover, RuPay, Verve
    IssuerRange{675900, 675999, k13To19},                    // Maestro
    IssuerRange{676100, 676399, k13To19},                    // Maestro
    IssuerRange{677000, 677099, k13To19},                    // Maestro
    IssuerRange{810000, 817999, k16To19},                    // UnionPay, RuPay
    IssuerRange{818000, 829999, k16},                        // RuPay
    IssuerRange{860000, 860099, k16},                        // Uzcard
    IssuerRange{979200, 979299, k16},                        // Troy
    IssuerRange{986000, 986099, k16},                        // Humo
};

bool has_issuer(std::string_view digits) {
  std::uint32_t prefix = 0;
  for (std::size_t i = 0; i < 6; ++i) prefix = prefix * 10 + static_cast<std::uint32_t>(digits[i] - '0');
  return std::ranges::any_of(kIssuers, [&](const IssuerRange& range) {
    return prefix >= range.first && prefix <= range.last && (range.lengths >> digits.size() & 1u);
  });
}

bool is_pan(std::string_view digits) {
  if (digits.size() < kDigitsMin || digits.size() > kDigitsMax) return false;
  if (digits.find_first_not_of(digits[0]) == std::string_view::npos) return false;
  return has_issuer(digits) && luhn_valid(digits);
}

// ---- edges and groups ----

/// A dash joins only what stands on its other side: "a-4242…" is an identifier, "-4242…" a dash and a number.
bool joins_before(std::string_view text, std::size_t start) {
  if (start == 0) return false;
  const char c = text[start - 1];
  if (is_alnum(c) || c == '_') return true;
  if (start < 2) return false;
  const char beyond = text[start - 2];
  if (c == '-') return is_alnum(beyond) || beyond == '_';
  return c == '.' && is_digit(beyond);  // the digits of a fraction
}

bool joins_after(std::string_view text, std::size_t end) {
  if (end >= text.size()) return false;
  const char c = text[end];
  if (is_alnum(c) || c == '_') return true;
  return c == '-' && end + 1 < text.size() && (is_alnum(text[end + 1]) || text[end + 1] == '_');
}

std::size_t run_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// How card numbers are printed; the longest first, so that 19 digits are not taken for 16 and a rest.
constexpr std::array<std::array<std::uint8_t, 5>, 4> kGroupings{{{4, 4, 4, 4, 3}, {4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}}};

/// Length of the grouped number that starts at `start` (a digit run of four), or 0.
std::size_t grouped_length(std::string_view text, std::size_t start) {
  const std::size_t first_end = start + 4;
  if (first_end >= text.size() || (text[first_end] != ' ' && text[first_end] != '-')) return 0;
  const char separator = text[first_end];
  for (const auto& grouping : kGroupings) {
    std::array<char, kDigitsMax> digits{};
    std::size_t count = 0, at = start;
    bool fits = true;
    for (std::size_t group = 0; group < grouping.size() && grouping[group] != 0; ++group) {
      if (group > 0 && (at >= text.size() || text[at++] != separator)) fits = false;
      if (!fits || run_end(text, at) != at + grouping[group]) {
        fits = false;
        break;
      }
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), grouping[group],
                  digits.begin() + static_cast<std::ptrdiff_t>(count));
      count += grouping[group];
      at += grouping[group];
    }
    if (fits && !joins_after(text, at) && is_pan({digits.data(), count})) return at - start;
  }
  return 0;
}

/// Calls `found(match)` for each card number, in order.
template <typename Found>
void for_each_pan(std::string_view text, Found found) {
  // Each form begins with at least four digits, so every fourth byte tells whether one can begin before the next look.
  std::size_t done = 0;  // nothing before it is looked at again
  std::size_t probe = 3;
  while (probe < text.size()) {
    if (!is_digit(text[probe])) {
      probe += 4;
      continue;
    }
    std::size_t start = probe;
    while (start > done && is_digit(text[start - 1])) --start;
    const std::size_t end = run_end(text, probe);
    std::size_t length = 0;
    if (!joins_before(text, start)) {
      if (end - start == 4) length = grouped_length(text, start);
      if (end - start >= kDigitsMin && !joins_after(text, end) && is_pan(text.substr(start, end - start))) {
        length = end - start;
      }
    }
    if (length > 0) found(PanMatch{start, length});
    done = length > 0 ? start + length : end;
    probe = done + 4;  // text[done] is no digit, so the next run of four covers done + 4
  }
}

void mask(std::string_view text, const PanMatch& match, char* out) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < match.length; ++i) digits += is_digit(text[match.offset + i]) ? 1 : 0;
  std::size_t seen = 0;
  for (std::size_t i = match.offset; i < match.offset + match.length; ++i) {
    if (!is_digit(text[i])) continue;
    if (seen >= 6 && seen + 4 < digits) out[i] = '*';
    ++seen;
  }
}

// ---- JSON ----

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Just past the closing quote of the string that opens at `at`.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

/// Just past the value (of any type) that begins at or after `at`.
std::size_t value_end(std::string_view json, std::size_t at) {
  while (at < json.size() && is_json_space(json[at])) ++at;
  int depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = string_end(json, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || is_json_space(c))) return at;
    ++at;
  }
  return at;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The four hex digits at `at`, or nothing.
std::optional<std::uint32_t> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

/// Undoes the escapes of a JSON string's inside (RFC 8259 section 7); a lone surrogate becomes U+FFFD.
std::string unescape(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\' || i + 1 >= inside.size()) {
      out += inside[i];
      continue;
    }
    const char c = inside[++i];
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        auto code = hex4(inside, i + 1);
        if (!code) break;
        i += 4;
        if (*code >= 0xD800 && *code < 0xDC00 && inside.substr(i + 1).starts_with("\\u")) {
          const auto low = hex4(inside, i + 3);
          if (low && *low >= 0xDC00 && *low < 0xE000) {
            code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
            i += 6;
          }
        }
        append_utf8(out, *code >= 0xD800 && *code < 0xE000 ? 0xFFFD : *code);
        break;
      }
      default:
        out += c;
    }
  }
  return out;
}

/// Keys whose values must not be kept (PCI DSS 3.3.1: no card verification codes, no track data, no PIN after
/// authorization), or which are credentials.
bool is_secret_key(std::string_view key) {
  if (key.size() < 3 || key.size() > 64) return false;
  std::string plain;  // letters and digits only, lower case: "cardCvc", "card_cvc" and "card[cvc]" are the same
  for (const char c : key) {
    if (is_alnum(c)) plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  for (const std::string_view ending : {"cvc", "cvv", "cvc2", "cvv2"}) {
    if (plain.ends_with(ending)) return true;
  }
  for (const std::string_view name : {"csc",
                                      "cvn",
                                      "cav2",
                                      "cvccode",
                                      "cvvcode",
                                      "securitycode",
                                      "cardsecuritycode",
                                      "cardverificationcode",
                                      "cardverificationvalue",
                                      "cardverificationnumber",
                                      "pinblock",
                                      "track1",
                                      "track2",
                                      "trackdata",
                                      "track1data",
                                      "track2data",
                                      "authorization",
                                      "proxyauthorization",
                                      "httpauthorization",
                                      "headersauthorization",
                                      "requestheadersauthorization",
                                      "httprequestheadersauthorization"}) {
    if (plain == name) return true;
  }
  return false;
}

/// Collects replacements of parts of one document; copies nothing as long as there is none.
class Patch {
 public:
  explicit Patch(std::string& text) : text_(text) {}
  std::string& replace(std::size_t start, std::size_t end) {
    out_.append(text_, copied_, start - copied_);
    copied_ = end;
    changed_ = true;
    return out_;
  }
  void finish() {
    if (!changed_) return;
    out_.append(text_, copied_);
    text_ = std::move(out_);
  }

 private:
  std::string& text_;
  std::string out_;
  std::size_t copied_ = 0;
  bool changed_ = false;
};

/// Masks the string token json[start, end), quotes included.
std::size_t mask_string(const std::string& json, std::size_t start, std::size_t end, Patch& patch) {
  if (end - start < kDigitsMin + 2) return 0;
  const std::string_view inside{json.data() + start + 1, end - start - 2};
  const bool escaped = inside.find('\\') != std::string_view::npos;
  if (!escaped) {
    bool any = false;
    for_each_pan(inside, [&](const PanMatch&) { any = true; });
    if (!any) return 0;
  }
  std::string text = escaped ? unescape(inside) : std::string(inside);
  const std::size_t masked = mask_pans(text);
  if (masked > 0) append_json_string(patch.replace(start, end), text);
  return masked;
}

/// Masks the number (or literal) json[start, end).
std::size_t mask_number(const std::string& json, std::size_t start, std::size_t end, Patch& patch) {
  if (end - start < kDigitsMin) return 0;
  std::string text = json.substr(start, end - start);
  const std::size_t masked = mask_pans(text);
  if (masked > 0) append_json_string(patch.replace(start, end), text);
  return masked;
}

}  // namespace

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, doubled = !doubled) {
    if (!is_digit(*it)) return false;
    int digit = *it - '0';
    if (doubled) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return !digits.empty() && sum % 10 == 0;
}

std::vector<PanMatch> find_pans(std::string_view text) {
  std::vector<PanMatch> matches;
  for_each_pan(text, [&](const PanMatch& match) { matches.push_back(match); });
  return matches;
}

std::size_t mask_pans(std::string& text) {
  std::size_t count = 0;
  // Once more after each success: "4242424242424242 4242 4242 4242" ends in a number that begins to look like one only
  // when its first digits belong to no longer number any more.
  for (std::size_t before = count;; before = count) {
    // A number is masked behind the scanner: what is looked at next is unchanged.
    for_each_pan(text, [&](const PanMatch& match) {
      mask(text, match, text.data());
      ++count;
    });
    if (count == before) return count;
  }
}

std::size_t mask_pans_in_json(std::string& json) {
  Patch patch(json);
  std::size_t count = 0;
  std::size_t at = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      const std::size_t start = at;
      const std::size_t end = string_end(json, start);
      std::size_t after = end;
      while (after < json.size() && is_json_space(json[after])) ++after;
      count += mask_string(json, start, end, patch);
      at = end;
      if (after >= json.size() || json[after] != ':') continue;
      // It was a key.
      const std::string_view inside{json.data() + start + 1, end - start - 2};
      if (!is_secret_key(inside.find('\\') == std::string_view::npos ? inside : unescape(inside))) continue;
      std::size_t value = after + 1;
      while (value < json.size() && is_json_space(json[value])) ++value;
      at = value_end(json, value);
      patch.replace(value, at) += "\"[redacted]\"";
    } else if (is_digit(c) || c == '-') {
      std::size_t end = at + 1;
      while (end < json.size() && (is_alnum(json[end]) || json[end] == '.' || json[end] == '+' || json[end] == '-'))
        ++end;
      count += mask_number(json, at, end, patch);
      at = end;
    } else {
      ++at;
    }
  }
  patch.finish();
  return count;
}

}  // namespace mamori
