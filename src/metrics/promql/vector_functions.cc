// Functions over an instant vector, element by element: arithmetic, trigonometry, clamping, dates.
#include <array>
#include <chrono>
#include <cmath>
#include <numbers>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {
namespace {

struct Simple {
  std::string_view name;
  double (*apply)(double);
};

constexpr std::array kSimple{
    Simple{"abs", [](double v) { return std::fabs(v); }},
    Simple{"acos", [](double v) { return std::acos(v); }},
    Simple{"acosh", [](double v) { return std::acosh(v); }},
    Simple{"asin", [](double v) { return std::asin(v); }},
    Simple{"asinh", [](double v) { return std::asinh(v); }},
    Simple{"atan", [](double v) { return std::atan(v); }},
    Simple{"atanh", [](double v) { return std::atanh(v); }},
    Simple{"ceil", [](double v) { return std::ceil(v); }},
    Simple{"cos", [](double v) { return std::cos(v); }},
    Simple{"cosh", [](double v) { return std::cosh(v); }},
    Simple{"deg", [](double v) { return v * 180 / std::numbers::pi; }},
    Simple{"exp", [](double v) { return std::exp(v); }},
    Simple{"floor", [](double v) { return std::floor(v); }},
    Simple{"ln", [](double v) { return std::log(v); }},
    Simple{"log10", [](double v) { return std::log10(v); }},
    Simple{"log2", [](double v) { return std::log2(v); }},
    Simple{"rad", [](double v) { return v * std::numbers::pi / 180; }},
    Simple{"sgn", [](double v) { return v > 0   ? 1.0
                                        : v < 0 ? -1.0
                                                : v; }},
    Simple{"sin", [](double v) { return std::sin(v); }},
    Simple{"sinh", [](double v) { return std::sinh(v); }},
    Simple{"sqrt", [](double v) { return std::sqrt(v); }},
    Simple{"tan", [](double v) { return std::tan(v); }},
    Simple{"tanh", [](double v) { return std::tanh(v); }},
};

using std::chrono::days;
using std::chrono::year_month_day;

// Beyond this the calendar of <chrono> ends (year 32767); Prometheus' own answers there are of no use to anyone.
constexpr double kCalendarMax = 9e11;

template <typename Read>
double date(double seconds, Read read) {
  if (!(std::fabs(seconds) < kCalendarMax)) return kNaN;
  const std::chrono::sys_seconds at{std::chrono::seconds{static_cast<std::int64_t>(seconds)}};
  return static_cast<double>(read(at));
}

year_month_day calendar(std::chrono::sys_seconds at) { return year_month_day{std::chrono::floor<days>(at)}; }

std::int64_t second_of_day(std::chrono::sys_seconds at) { return (at - std::chrono::floor<days>(at)).count(); }

std::int64_t day_of_year(std::chrono::sys_seconds at) {
  const auto first = std::chrono::sys_days{calendar(at).year() / std::chrono::January / 1};
  return (std::chrono::floor<days>(at) - first).count() + 1;
}

std::int64_t days_in_month(std::chrono::sys_seconds at) {
  const auto day = calendar(at);
  return static_cast<unsigned>(std::chrono::year_month_day_last{day.year() / day.month() / std::chrono::last}.day());
}

constexpr std::array kDates{
    Simple{"day_of_month", [](double v) { return date(v, [](auto t) { return unsigned(calendar(t).day()); }); }},
    Simple{"day_of_week",
           [](double v) {
             return date(v, [](auto t) { return std::chrono::weekday{std::chrono::floor<days>(t)}.c_encoding(); });
           }},
    Simple{"day_of_year", [](double v) { return date(v, day_of_year); }},
    Simple{"days_in_month", [](double v) { return date(v, days_in_month); }},
    Simple{"hour", [](double v) { return date(v, [](auto t) { return second_of_day(t) / 3600; }); }},
    Simple{"minute", [](double v) { return date(v, [](auto t) { return second_of_day(t) / 60 % 60; }); }},
    Simple{"month", [](double v) { return date(v, [](auto t) { return unsigned(calendar(t).month()); }); }},
    Simple{"year", [](double v) { return date(v, [](auto t) { return int(calendar(t).year()); }); }},
};

template <typename List>
const Simple* find(const List& list, std::string_view name) {
  for (const auto& entry : list) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

// As Go's math.Max and math.Min: NaN wins over numbers, but the infinity on the far side wins over NaN.
double go_max(double a, double b) {
  if (a == kInf || b == kInf) return kInf;
  return std::isnan(a) || std::isnan(b) ? kNaN : std::max(a, b);
}
double go_min(double a, double b) {
  if (a == -kInf || b == -kInf) return -kInf;
  return std::isnan(a) || std::isnan(b) ? kNaN : std::min(a, b);
}

}  // namespace

bool is_vector_function(std::string_view name) {
  return find(kSimple, name) || find(kDates, name) || name == "clamp" || name == "clamp_min" || name == "clamp_max" ||
         name == "round";
}

Result<Rows> Evaluator::vector_function(const CallExpr& expr) {
  Rows rows;
  if (expr.args.empty()) {  // the date of the evaluation itself
    Series row{.values = std::vector<double>(grid_.steps)};
    for (std::size_t i = 0; i < grid_.steps; ++i) row.values[i] = static_cast<double>(grid_.time(i)) / 1000;
    rows.push_back(std::move(row));
  } else {
    MAMORI_TRY(rows, vector(*expr.args[0]));
  }
  std::vector<std::vector<double>> params;
  for (std::size_t k = 1; k < expr.args.size(); ++k) {
    MAMORI_TRY(auto values, scalar(*expr.args[k]));
    params.push_back(std::move(values));
  }
  const auto map = [&](auto apply) {
    for (auto& row : rows) {
      drop_name(row);
      row.drop_histograms();
      for (std::size_t i = 0; i < grid_.steps; ++i) {
        if (!is_none(row.values[i])) row.values[i] = apply(row.values[i], i);
      }
    }
  };
  const auto* simple = find(kSimple, expr.name);
  if (!simple) simple = find(kDates, expr.name);
  if (simple) {
    map([&](double v, std::size_t) { return simple->apply(v); });
  } else if (expr.name == "clamp_min") {
    map([&](double v, std::size_t i) { return go_max(params[0][i], v); });
  } else if (expr.name == "clamp_max") {
    map([&](double v, std::size_t i) { return go_min(params[0][i], v); });
  } else if (expr.name == "clamp") {
    map([&](double v, std::size_t i) {
      if (params[1][i] < params[0][i]) return none();  // nothing lies in an empty range
      return go_max(params[0][i], go_min(params[1][i], v));
    });
  } else {  // round: up at ties, in steps of the second argument
    map([&](double v, std::size_t i) {
      const double inverse = params.empty() ? 1 : 1 / params[0][i];
      return std::floor(v * inverse + 0.5) / inverse;
    });
  }
  drop_empty(rows);
  MAMORI_TRY_VOID(join_equal(rows));
  return rows;
}

}  // namespace mamori::metrics::promql
