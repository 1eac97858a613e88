#include "script.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"
#include "metrics/promql/engine.h"
#include "metrics/promql/histogram_text.h"
#include "metrics/promql/memory_store.h"
#include "metrics/promql/series_line.h"
#include "stored_histograms.h"

namespace mamori::conformance {
namespace {

using metrics::Labels;
using metrics::SeriesData;
using metrics::promql::nearly_equal;
using metrics::promql::parse_script_duration;
using metrics::promql::parse_series_line;
using metrics::promql::Point;
using metrics::promql::SeriesLine;
namespace promql = metrics::promql;

/// An expected error or annotation: any text, exactly `text`, or one that matches it.
struct Expectation {
  std::string text;
  bool any = false, regex = false;
  bool fits(const std::string& got) const {
    if (any) return true;
    return regex ? RE2::PartialMatch(got, text) : got == text;
  }
};

struct Eval {
  int line = 0;
  std::string query;
  bool is_range = false;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;
  bool ordered = false, no_warn = false, no_info = false;
  std::optional<Expectation> fail;
  std::vector<Expectation> warn, info;
  std::optional<std::string> string;
  bool range_vector = false;  // expect range vector from A to B step S
  std::int64_t vector_start_ms = 0, vector_step_ms = 0;
  std::optional<double> scalar;
  std::vector<SeriesLine> series;
};

/// A sample of either type.
struct Got {
  std::int64_t time_ms = 0;
  double value = 0;
  metrics::HistogramPtr histogram;
};

std::vector<Got> samples_of(const SeriesData& series) {
  std::vector<Got> out;
  for (const auto& [time_ms, value] : series.samples) out.push_back({time_ms, value, nullptr});
  for (const auto& [time_ms, value] : series.histograms) out.push_back({time_ms, 0, value});
  std::ranges::sort(out, {}, &Got::time_ms);
  return out;
}

std::string describe(const SeriesData& series) {
  std::string out = series.labels.to_string();
  for (const auto& [time_ms, value, histogram] : samples_of(series)) {
    out +=
        " " + (histogram ? promql::to_text(*histogram) : promql::format_float(value)) + "@" + std::to_string(time_ms);
  }
  return out;
}

std::string check_annotations(const std::vector<Expectation>& wanted, const std::vector<std::string>& got, bool none,
                              std::string_view what) {
  if (none && !got.empty()) return "unexpected " + std::string(what) + ": " + got[0];
  if (wanted.empty()) return "";
  if (got.empty()) return "expected " + std::string(what) + (wanted[0].any ? "" : ": " + wanted[0].text);
  for (const auto& expectation : wanted) {
    const bool found = std::ranges::any_of(got, [&](const auto& text) { return expectation.fits(text); });
    if (!found) return std::string(what) + " is: " + got[0] + "; expected: " + expectation.text;
  }
  for (const auto& text : got) {
    const bool found = std::ranges::any_of(wanted, [&](const auto& expectation) { return expectation.fits(text); });
    if (!found) return "unexpected " + std::string(what) + ": " + text;
  }
  return "";
}

class Script {
 public:
  Script(std::string name, std::string_view text) : outcome_{.name = std::move(name)} {
    for (const auto line : split(text, '\n')) {
      const auto trimmed = trim(line);
      lines_.emplace_back(trimmed.starts_with('#') ? std::string_view{} : trimmed);
    }
  }

  FileOutcome run() {
    while (at_ < lines_.size()) {
      const auto line = lines_[at_];
      if (line.starts_with("load")) {
        load();
      } else if (line.starts_with("clear")) {
        store_.clear();
        ++at_;
      } else if (line.starts_with("eval")) {
        eval();
      } else {
        if (!line.empty()) fail(static_cast<int>(at_) + 1, "unknown command: " + line);
        ++at_;
      }
    }
    return std::move(outcome_);
  }

 private:
  void fail(int line, std::string reason) { outcome_.failures.push_back({line, std::move(reason)}); }

  void load() {
    const int line = static_cast<int>(at_) + 1;
    const auto header = lines_[at_++];
    const auto step = parse_script_duration(trim(std::string_view(header).substr(header.find_first_of(" \t") + 1)));
    if (!step) return fail(line, step.error().message);
    LoadedSeries loaded;  // of a series given twice, the last stays
    for (; at_ < lines_.size() && !lines_[at_].empty(); ++at_) {
      auto series = parse_series_line(lines_[at_]);
      if (!series) {
        fail(static_cast<int>(at_) + 1, series.error().message);
        continue;
      }
      if (series->start_times) continue;  // the store keeps none
      loaded[std::move(series->labels)] = std::move(series->points);
    }
    if (header.starts_with("load_with_nhcb")) add_custom_bucket_histograms(loaded);
    for (auto& [labels, points] : loaded) {
      note_resets(points);
      const auto series = store_.find_or_create(labels);
      if (!series) return fail(line, series.error().message);
      // One by one: floats and histograms of a series come in order of time.
      for (std::size_t i = 0; i < points.size(); ++i) append(*series, static_cast<std::int64_t>(i) * *step, points[i]);
    }
  }

  void append(metrics::SeriesRef series, std::int64_t time_ms, const Point& point) {
    metrics::WriteBatch batch;
    if (point.type == Point::Type::Value) batch.samples.push_back({series, time_ms, point.value});
    if (point.type == Point::Type::Histogram) {
      batch.histograms.push_back({series, time_ms, std::make_shared<const metrics::Histogram>(point.histogram.value)});
    }
    (void)store_.write(batch);
  }

  void eval() {
    const int line = static_cast<int>(at_) + 1;
    auto parsed = parse_eval();
    if (!parsed) return fail(line, parsed.error().message);
    parsed->line = line;
    const auto reason = check(*parsed);
    if (reason.empty()) {
      ++outcome_.passed;
    } else {
      fail(line, parsed->query + ": " + reason);
    }
  }

  Result<Eval> parse_eval() {
    Eval eval;
    const auto header = lines_[at_++];
    static const RE2 instant(R"(eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(\S+)\s+(.+))");
    static const RE2 range(
        R"(eval(?:_(fail|warn|ordered|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+))");
    std::string mode, start, end, step;
    Result<void> problem;
    if (RE2::FullMatch(header, range, &mode, &start, &end, &step, &eval.query)) {
      eval.is_range = true;
      MAMORI_TRY(eval.end_ms, parse_script_duration(end));
      MAMORI_TRY(eval.step_ms, parse_script_duration(step));
    } else if (!RE2::FullMatch(header, instant, &mode, &start, &eval.query)) {
      return skip_block(invalid_argument("not an eval: " + header));
    }
    MAMORI_TRY(eval.start_ms, parse_script_duration(start));
    if (mode == "fail") eval.fail = Expectation{.any = true};
    if (mode == "warn") eval.warn.push_back({.any = true});
    if (mode == "info") eval.info.push_back({.any = true});
    if (mode == "ordered") eval.ordered = true;
    for (; at_ < lines_.size() && !lines_[at_].empty(); ++at_) {
      const auto& line = lines_[at_];
      if (line.starts_with("expect ") || line.starts_with("expect\t")) {
        if (auto read = expectation(eval, trim(std::string_view(line).substr(7))); !read && problem) {
          problem = std::move(read);
        }
        continue;
      }
      if (auto read = expected_line(eval, line); !read && problem) problem = std::move(read);
    }
    MAMORI_TRY_VOID(std::move(problem));
    return eval;
  }

  Error skip_block(Error error) {
    while (at_ < lines_.size() && !lines_[at_].empty()) ++at_;
    return error;
  }

  static Result<void> expected_line(Eval& eval, const std::string& line) {
    const char first = line[0];
    const bool number = (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.' ||
                        line == "NaN" || line == "Inf";
    if (number && line.find_first_of(" \t{") == std::string::npos) {
      MAMORI_TRY(const auto value, parse_series_line("x " + line));
      eval.scalar = value.points.at(0).value;
      return {};
    }
    MAMORI_TRY(auto series, parse_series_line(line));
    eval.series.push_back(std::move(series));
    return {};
  }

  static Result<void> expectation(Eval& eval, std::string_view text) {
    const auto word = text.substr(0, text.find_first_of(" \t"));
    const auto rest = trim(text.substr(word.size()));
    Expectation message{.any = rest.empty()};
    if (rest.starts_with("msg:")) message.text = trim(rest.substr(4));
    if (rest.starts_with("regex:")) {
      message.text = trim(rest.substr(6));
      message.regex = true;
    }
    if (word == "fail") {
      eval.fail = message;
    } else if (word == "warn") {
      eval.warn.push_back(message);
    } else if (word == "info") {
      eval.info.push_back(message);
    } else if (word == "no_warn") {
      eval.no_warn = true;
    } else if (word == "no_info") {
      eval.no_info = true;
    } else if (word == "ordered") {
      eval.ordered = true;
    } else if (word == "string") {
      const auto expr = promql::parse(rest);
      if (!expr) return expr.error();
      eval.string = static_cast<const promql::StringExpr&>(**expr).value;
    } else if (word == "range") {
      static const RE2 pattern(R"(vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+))");
      std::string from, to, step;
      if (!RE2::FullMatch(re2::StringPiece(rest.data(), rest.size()), pattern, &from, &to, &step)) {
        return invalid_argument("expect range " + std::string(rest));
      }
      eval.range_vector = true;
      MAMORI_TRY(eval.vector_start_ms, parse_script_duration(from));
      MAMORI_TRY(eval.vector_step_ms, parse_script_duration(step));
    } else {
      return invalid_argument("unknown expectation: " + std::string(text));
    }
    return {};
  }

  /// "" if all is as expected, else what is not.
  std::string check(const Eval& eval) {
    const auto result = eval.is_range ? engine_.range(eval.query, eval.start_ms, eval.end_ms, eval.step_ms)
                                      : engine_.instant(eval.query, eval.start_ms);
    if (!result) {
      if (!eval.fail) return "error: " + result.error().message;
      return eval.fail->fits(result.error().message) ? "" : "fails with: " + result.error().message;
    }
    if (eval.fail) return "expected to fail";
    auto reason = check_annotations(eval.warn, result->warnings, eval.no_warn, "warning");
    if (reason.empty()) reason = check_annotations(eval.info, result->infos, eval.no_info, "info");
    if (reason.empty()) reason = check_values(eval, *result);
    if (reason.empty() && !eval.is_range) reason = check_as_range(eval, result->type);
    return reason;
  }

  static std::string check_values(const Eval& eval, const promql::QueryResult& result) {
    if (eval.string) {
      return result.type == promql::ValueType::String && result.text == *eval.string ? "" : "is: " + result.text;
    }
    if (result.type == promql::ValueType::Scalar) {
      if (!eval.scalar) return "is a scalar";
      return nearly_equal(result.scalar.value, *eval.scalar) ? "" : "is " + promql::format_float(result.scalar.value);
    }
    if (eval.scalar) return "expected a scalar";
    std::vector<SeriesData> got = result.matrix;
    for (const auto& [labels, sample, histogram] : result.vector) {
      got.push_back({.labels = labels});
      if (histogram) {
        got.back().histograms.push_back({sample.time_ms, histogram});
      } else {
        got.back().samples.push_back(sample);
      }
    }
    return check_series(eval, got, eval.ordered);
  }

  static std::string check_series(const Eval& eval, const std::vector<SeriesData>& got, bool ordered) {
    if (got.size() != eval.series.size()) {
      std::string text = std::to_string(got.size()) + " series instead of " + std::to_string(eval.series.size());
      if (!got.empty()) text += ", first " + describe(got[0]);
      return text;
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      const auto at = ordered ? eval.series.begin() + static_cast<std::ptrdiff_t>(i)
                              : std::ranges::find(eval.series, got[i].labels, &SeriesLine::labels);
      if (at == eval.series.end() || at->labels != got[i].labels) {
        return "unexpected " + describe(got[i]);
      }
      if (!samples_fit(eval, *at, samples_of(got[i]))) return "wrong " + describe(got[i]);
    }
    return "";
  }

  static bool fits(const Point& want, const Got& got) {
    if (want.type == Point::Type::Histogram) return got.histogram && nearly_equal(want.histogram, *got.histogram);
    return !got.histogram && nearly_equal(got.value, want.value);
  }

  static bool samples_fit(const Eval& eval, const SeriesLine& want, const std::vector<Got>& got) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < want.points.size(); ++i) {
      if (want.points[i].type == Point::Type::None) continue;
      if (next >= got.size()) return false;
      const auto index = static_cast<std::int64_t>(i);
      std::int64_t time_ms = eval.start_ms;
      if (eval.is_range) time_ms += index * eval.step_ms;
      if (eval.range_vector) time_ms = eval.vector_start_ms + index * eval.vector_step_ms;
      if (got[next].time_ms != time_ms || !fits(want.points[i], got[next])) return false;
      ++next;
    }
    return next == got.size();
  }

  /// An instant query must answer the same as the middle step of a range query around it.
  std::string check_as_range(const Eval& eval, promql::ValueType type) {
    if (type == promql::ValueType::Matrix || type == promql::ValueType::String || eval.ordered) return "";
    for (const auto* function : {"start()", "end()", "step()", "range()"}) {
      if (eval.query.find(function) != std::string::npos) return "";
    }
    constexpr std::int64_t kAround = 60'000;
    const auto result = engine_.range(eval.query, eval.start_ms - kAround, eval.start_ms + kAround, kAround);
    if (!result) return "as a range query: " + result.error().message;
    std::vector<SeriesData> middle;
    for (const auto& series : result->matrix) {
      SeriesData at{.labels = series.labels};
      for (const auto& sample : series.samples) {
        if (sample.time_ms == eval.start_ms) at.samples.push_back(sample);
      }
      for (const auto& histogram : series.histograms) {
        if (histogram.time_ms == eval.start_ms) at.histograms.push_back(histogram);
      }
      if (!at.samples.empty() || !at.histograms.empty()) middle.push_back(std::move(at));
    }
    if (type == promql::ValueType::Scalar) {
      return middle.size() == 1 && nearly_equal(middle[0].samples[0].value, *eval.scalar) ? "" : "as a range query";
    }
    const auto reason = check_series(eval, middle, false);
    return reason.empty() ? "" : "as a range query: " + reason;
  }

  FileOutcome outcome_;
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  promql::MemoryStore store_;
  // What upstream's suite switches on.
  promql::Engine engine_{store_, {.features = promql::Features::all(), .delayed_name_removal = true}};
};

}  // namespace

FileOutcome run_script(std::string name, std::string_view text) { return Script(std::move(name), text).run(); }

Result<std::vector<FileOutcome>> run_folder(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path());
  }
  if (paths.empty()) return Error{Code::NotFound, folder + ": no *.test file"};
  std::ranges::sort(paths);
  std::vector<FileOutcome> out;
  for (const auto& path : paths) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    out.push_back(run_script(path.filename().string(), text.str()));
  }
  return out;
}

}  // namespace mamori::conformance
