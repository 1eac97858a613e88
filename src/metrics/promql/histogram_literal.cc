#include "metrics/promql/histogram_literal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/text.h"
#include "metrics/histogram_math.h"
#include "metrics/promql/lexer.h"

namespace mamori::metrics::promql {
namespace {

using Reset = Histogram::Reset;

constexpr double kTolerance = 1e-6;

Result<double> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto lower = to_lower(text);
  if (lower.empty() ||
      (lower.find_first_not_of("0123456789.e+-") != std::string::npos && lower != "inf" && lower != "nan")) {
    return invalid_argument("not a number in a histogram: " + std::string(text));
  }
  const double value = number_value(lower);
  return negative ? -value : value;
}

Result<std::vector<double>> numbers(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return invalid_argument("not a list: " + std::string(text));
  std::vector<double> out;
  for (const auto word : split(text.substr(1, text.size() - 2), ' ')) {
    if (word.empty()) continue;
    MAMORI_TRY(const double value, number(word));
    out.push_back(value);
  }
  return out;
}

Result<Reset> reset_hint(std::string_view text) {
  if (text == "unknown") return Reset::Unknown;
  if (text == "reset") return Reset::Reset;
  if (text == "not_reset") return Reset::NotReset;
  if (text == "gauge") return Reset::Gauge;
  return invalid_argument("not a counter_reset_hint: " + std::string(text));
}

struct Offsets {
  std::int32_t positive = 0, negative = 0;
};

Result<void> set_field(HistogramLiteral& literal, Offsets& offsets, std::string_view name, std::string_view text) {
  auto& histogram = literal.value;
  if (name == "buckets") {
    MAMORI_TRY(histogram.positive, numbers(text));
  } else if (name == "n_buckets") {
    MAMORI_TRY(histogram.negative, numbers(text));
  } else if (name == "custom_values") {
    MAMORI_TRY(histogram.custom_bounds, numbers(text));
  } else if (name == "counter_reset_hint") {
    MAMORI_TRY(histogram.reset, reset_hint(text));
    literal.names_reset = true;
  } else {
    MAMORI_TRY(const double value, number(text));
    if (name == "schema") {
      histogram.schema = static_cast<std::int32_t>(value);
    } else if (name == "sum") {
      histogram.sum = value;
    } else if (name == "count") {
      histogram.count = value;
    } else if (name == "z_bucket") {
      histogram.zero_count = value;
    } else if (name == "z_bucket_w") {
      histogram.zero_threshold = value;
    } else if (name == "offset") {
      offsets.positive = static_cast<std::int32_t>(value);
    } else if (name == "n_offset") {
      offsets.negative = static_cast<std::int32_t>(value);
    } else {
      return invalid_argument("unknown field of a histogram: " + std::string(name));
    }
  }
  return {};
}

bool nearly_equal_lists(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return nearly_equal(x, y); });
}

}  // namespace

Result<HistogramLiteral> parse_histogram_literal(std::string_view text) {
  HistogramLiteral literal;
  Offsets offsets;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const auto colon = text.find(':', at);
    if (colon == std::string_view::npos)
      return invalid_argument("field without value: " + std::string(text.substr(at)));
    const auto name = text.substr(at, colon - at);
    const bool list = colon + 1 < text.size() && text[colon + 1] == '[';
    auto end = text.find(list ? ']' : ' ', colon);
    end = end == std::string_view::npos ? text.size() : end + (list ? 1 : 0);
    MAMORI_TRY_VOID(set_field(literal, offsets, name, text.substr(colon + 1, end - colon - 1)));
    at = end;
  }
  auto& histogram = literal.value;
  const auto spans = [](std::int32_t offset, const std::vector<double>& counts) -> std::vector<BucketSpan> {
    if (counts.empty()) return {};
    return {{.offset = offset, .length = static_cast<std::uint32_t>(counts.size())}};
  };
  histogram.positive_spans = spans(offsets.positive, histogram.positive);
  histogram.negative_spans = spans(offsets.negative, histogram.negative);
  return literal;
}

bool nearly_equal(double a, double b) {
  if (std::isnan(a) && std::isnan(b)) return true;
  if (a == b) return true;
  const double size = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || size < std::numeric_limits<double>::min()) {
    return difference < kTolerance * std::numeric_limits<double>::min();
  }
  return difference / std::min(size, std::numeric_limits<double>::max()) < kTolerance;
}

bool nearly_equal(const HistogramLiteral& want, const Histogram& got) {
  auto a = want.value, b = got;
  compact(a);
  compact(b);
  return a.schema == b.schema && nearly_equal(a.count, b.count) && nearly_equal(a.sum, b.sum) &&
         a.custom_bounds == b.custom_bounds && a.zero_threshold == b.zero_threshold &&
         nearly_equal(a.zero_count, b.zero_count) && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && nearly_equal_lists(a.positive, b.positive) &&
         nearly_equal_lists(a.negative, b.negative) && (!want.names_reset || a.reset == b.reset);
}

}  // namespace mamori::metrics::promql
