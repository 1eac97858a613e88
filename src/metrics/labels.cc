#include "metrics/labels.h"

#include <algorithm>

namespace mamori::metrics {
namespace {

constexpr std::uint64_t kFnvOffset = 14695981039346656037ull, kFnvPrime = 1099511628211ull;

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (hash ^ 0xFF) * kFnvPrime;  // 0xFF is in no UTF-8 text: it parts "ab","c" from "a","bc"
}

bool is_plain_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
  if (name.empty() || !letter(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

Labels::Labels(std::vector<std::pair<std::string, std::string>> pairs) : pairs_(std::move(pairs)) {
  const auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::ranges::is_sorted(pairs_, by_name)) std::ranges::stable_sort(pairs_, by_name);
  // Of equal names the last one stays.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (i + 1 < pairs_.size() && pairs_[i + 1].first == pairs_[i].first) continue;
    if (pairs_[i].second.empty()) continue;
    if (kept != i) pairs_[kept] = std::move(pairs_[i]);
    ++kept;
  }
  pairs_.resize(kept);
}

std::string_view Labels::get(std::string_view name) const {
  const auto at =
      std::ranges::lower_bound(pairs_, name, {}, [](const auto& pair) { return std::string_view(pair.first); });
  return at != pairs_.end() && at->first == name ? std::string_view(at->second) : std::string_view{};
}

bool Labels::has(std::string_view name) const { return !get(name).empty(); }

Labels Labels::with(std::string_view name, std::string_view value) const {
  auto pairs = pairs_;
  pairs.emplace_back(name, value);
  return Labels(std::move(pairs));
}

Labels Labels::without(std::string_view name) const {
  Labels labels = *this;
  std::erase_if(labels.pairs_, [&](const auto& pair) { return pair.first == name; });
  return labels;
}

std::uint64_t Labels::hash() const {
  std::uint64_t hash = kFnvOffset;
  for (const auto& [name, value] : pairs_) hash = mix(mix(hash, name), value);
  return hash;
}

std::string Labels::to_string() const {
  const auto metric = get(kMetricName);
  const bool bare_metric = is_plain_name(metric);
  std::string out = bare_metric ? std::string(metric) : "";
  std::string inner;
  for (const auto& [name, value] : pairs_) {
    if (name == kMetricName && bare_metric) continue;
    if (!inner.empty()) inner += ", ";
    if (is_plain_name(name)) {
      inner += name;
    } else {
      append_quoted(inner, name);
    }
    inner += '=';
    append_quoted(inner, value);
  }
  if (!inner.empty() || out.empty()) out += "{" + inner + "}";
  return out;
}

}  // namespace mamori::metrics
