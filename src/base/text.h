// base/text.h: small text helpers that several rooms need.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mamori {

bool equals_ignore_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

/// Length of the valid UTF-8 sequence at the start of `text` (RFC 3629: no overlong forms, no surrogates), 0 if none.
/// REQUIRES: `text` is not empty.
std::size_t utf8_sequence(std::string_view text);
bool is_utf8(std::string_view text);
/// False for what is no code point: nothing is appended.
bool append_utf8(std::string& out, std::uint32_t code_point);

/// Glob over a whole name: '*' stands for any run of characters, '?' for one. "payment_*" matches "payment_logs".
bool glob_matches(std::string_view pattern, std::string_view name);

/// Levenshtein distance with adjacent swaps counted as one (optimal string alignment); for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, or "" when none is near enough to be a likely typo (distance <= 1 + length / 4).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace mamori
