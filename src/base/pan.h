// base/pan.h: finds card numbers (PANs) in text and masks them to first-6/last-4. Every byte from outside passes here
// before it is written anywhere.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mamori {

struct PanMatch {
  std::size_t offset = 0;  // first byte of the number in the text
  std::size_t length = 0;  // bytes, separators included
};

/// All card numbers in `text`, in order: 13 to 19 digits that pass Luhn, begin with a real issuer range of that length,
/// plain or in the groups card numbers are written in (4-4-4-4(-3), 4-6-5, 4-6-4) with one kind of separator (space or
/// dash), and are not part of a longer number, identifier, UUID, timestamp or decimal fraction.
std::vector<PanMatch> find_pans(std::string_view text);

/// Replaces the middle digits of each card number by '*', leaving length and separators as they are:
/// "4242 4242 4242 4242" -> "4242 42** **** 4242". Returns how many were masked.
std::size_t mask_pans(std::string& text);

/// mask_pans for one JSON document: string values, keys, and numbers; a masked number becomes a string, so that the
/// result is JSON again. CVC-like keys' and `authorization` values are replaced by "[redacted]".
/// REQUIRES: `json` is a valid JSON text.
std::size_t mask_pans_in_json(std::string& json);

/// True if the digits (no separators) pass the Luhn check of ISO/IEC 7812-1 annex B.
bool luhn_valid(std::string_view digits);

}  // namespace mamori
