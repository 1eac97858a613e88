// label_replace, label_join and the functions that only order a vector.
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "metrics/promql/evaluator.h"

namespace mamori::metrics::promql {
namespace {

bool is_utf8(std::string_view text) { return quote(text).find("\\x") == std::string::npos; }

/// Expands $1, ${1}, $name, ${name} and $$ as Go's regexp does; an unknown group is empty.
std::string expand(std::string_view pattern, const RE2& regex, const std::vector<re2::StringPiece>& groups) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    if (pattern[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const bool braced = pattern[i + 1] == '{';
    const auto begin = i + (braced ? 2 : 1);
    auto end = begin;
    while (end < pattern.size() && is_plain_name("_" + std::string(1, pattern[end]), false)) ++end;
    if (end == begin || (braced && (end >= pattern.size() || pattern[end] != '}'))) {
      out += pattern[i];
      continue;
    }
    const std::string name(pattern.substr(begin, end - begin));
    std::size_t index = groups.size();
    if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
      index = name.size() < 6 ? std::stoul(name) : groups.size();
    } else if (const auto at = regex.NamedCapturingGroups().find(name); at != regex.NamedCapturingGroups().end()) {
      index = static_cast<std::size_t>(at->second);
    }
    if (index < groups.size() && groups[index].data()) out.append(groups[index].data(), groups[index].size());
    i = braced ? end : end - 1;
  }
  return out;
}

void set_label(Series& row, const std::string& name, const std::string& value) {
  row.labels = value.empty() ? row.labels.without(name) : row.labels.with(name, value);
  if (name == kMetricName) row.drop_name = false;  // a name set on purpose stays
}

/// "4m5" before "4m600": runs of digits compare as numbers.
int natural_compare(std::string_view a, std::string_view b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      const auto run = [&](std::string_view text, std::size_t& at) {
        while (at < text.size() && text[at] == '0') ++at;
        const auto begin = at;
        while (at < text.size() && digit(text[at])) ++at;
        return text.substr(begin, at - begin);
      };
      const auto x = run(a, i), y = run(b, j);
      if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
      if (const int order = x.compare(y)) return order;
    } else {
      if (a[i] != b[j]) return a[i] < b[j] ? -1 : 1;
      ++i;
      ++j;
    }
  }
  if (i < a.size()) return 1;
  return j < b.size() ? -1 : 0;
}

}  // namespace

Result<Rows> Evaluator::label_function(const CallExpr& expr) {
  const bool replace = expr.name == "label_replace";
  const auto target = text(*expr.args[1]);
  if (target.empty() || !is_utf8(target)) {
    return evaluation_error("invalid destination label name in " + expr.name + "(): " + target);
  }
  if (!replace) {
    for (std::size_t i = 3; i < expr.args.size(); ++i) {
      const auto source = text(*expr.args[i]);
      if (source.empty() || !is_utf8(source)) {
        return evaluation_error("invalid source label name in label_join(): " + source);
      }
    }
    MAMORI_TRY(auto rows, vector(*expr.args[0]));
    const auto separator = text(*expr.args[2]);
    for (auto& row : rows) {
      std::string joined;
      for (std::size_t i = 3; i < expr.args.size(); ++i) {
        if (i > 3) joined += separator;
        joined += row.labels.get(text(*expr.args[i]));
      }
      set_label(row, target, joined);
    }
    MAMORI_TRY_VOID(join_equal(rows));
    return rows;
  }
  const auto replacement = text(*expr.args[2]), source = text(*expr.args[3]), pattern = text(*expr.args[4]);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(8 << 20);
  const RE2 regex(pattern, options);
  if (!regex.ok()) return evaluation_error("invalid regular expression in label_replace(): " + pattern);
  MAMORI_TRY(auto rows, vector(*expr.args[0]));
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (auto& row : rows) {
    const std::string value(row.labels.get(source));
    const re2::StringPiece subject(value);
    if (!regex.Match(subject, 0, value.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()))) {
      continue;
    }
    set_label(row, target, expand(replacement, regex, groups));
  }
  MAMORI_TRY_VOID(join_equal(rows));
  return rows;
}

Result<Rows> Evaluator::sort_function(const CallExpr& expr) {
  MAMORI_TRY(auto rows, vector(*expr.args[0]));
  // A range query's series are ordered by their labels in the end.
  if (grid_.steps != 1) return rows;
  const bool descending = expr.name.ends_with("_desc");
  if (!expr.name.starts_with("sort_by_label")) {
    std::erase_if(rows, [](const Series& row) { return is_none(row.values[0]); });  // histograms have no order
    std::ranges::stable_sort(rows, [&](const Series& a, const Series& b) {
      const double x = a.values[0], y = b.values[0];
      if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);  // NaN comes last both ways
      return descending ? x > y : x < y;
    });
    return rows;
  }
  std::ranges::stable_sort(rows, [&](const Series& a, const Series& b) {
    for (std::size_t i = 1; i < expr.args.size(); ++i) {
      const auto name = text(*expr.args[i]);
      const int order = natural_compare(a.labels.get(name), b.labels.get(name));
      if (order != 0) return descending ? order > 0 : order < 0;
    }
    return descending ? b.labels < a.labels : a.labels < b.labels;
  });
  return rows;
}

}  // namespace mamori::metrics::promql
