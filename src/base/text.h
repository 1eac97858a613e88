// base/text.h: small text helpers that several rooms need.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mamori {

bool equals_ignore_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

/// Glob over a whole name: '*' stands for any run of characters, '?' for one. "payment_*" matches "payment_logs".
bool glob_matches(std::string_view pattern, std::string_view name);

/// Levenshtein distance with adjacent swaps counted as one (optimal string alignment); for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, or "" when none is near enough to be a likely typo (distance <= 1 + length / 4).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace mamori
