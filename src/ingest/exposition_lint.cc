#include "ingest/exposition_lint.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>

#include "base/text.h"

namespace mamori::ingest {
namespace {

using Words = std::span<const std::string_view>;

constexpr auto kTypes = std::to_array<std::string_view>({"counter", "gauge", "histogram", "summary", "untyped"});
constexpr auto kOpenMetricsTypes = std::to_array<std::string_view>(
    {"counter", "gauge", "histogram", "summary", "unknown", "info", "stateset", "gaugehistogram"});
constexpr auto kTypesInNames =
    std::to_array<std::string_view>({"counter", "gauge", "summary", "histogram", "gauge_histogram"});
constexpr auto kUnits = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"amperes", "amperes"},    {"bytes", "bytes"},     {"celsius", "celsius"}, {"grams", "grams"},
     {"joules", "joules"},      {"kelvin", "kelvin"},   {"meters", "meters"},   {"metres", "metres"},
     {"moles", "moles"},        {"seconds", "seconds"}, {"volts", "volts"},     {"minutes", "seconds"},
     {"hours", "seconds"},      {"days", "seconds"},    {"weeks", "seconds"},   {"kelvins", "kelvin"},
     {"fahrenheit", "celsius"}, {"rankine", "celsius"}, {"inches", "meters"},   {"yards", "meters"},
     {"miles", "meters"},       {"bits", "bytes"},      {"calories", "joules"}, {"pounds", "grams"},
     {"ounces", "grams"}});
constexpr auto kPrefixes =
    std::to_array<std::string_view>({"pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi",
                                     "mega", "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi"});
constexpr auto kAbbreviations =
    std::to_array<std::string_view>({"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"});

bool one_of(Words words, std::string_view word) { return std::ranges::find(words, word) != words.end(); }

/// As a whole part of the name between underscores, but not the first.
bool has_part(std::string_view name, std::string_view part) {
  const auto middle = "_" + std::string(part);
  return name.ends_with(middle) || name.find(middle + "_") != std::string_view::npos;
}

bool is_camel_case(std::string_view name) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i - 1] >= 'a' && name[i - 1] <= 'z' && name[i] >= 'A' && name[i] <= 'Z') return true;
  }
  return false;
}

std::optional<std::string_view> base_of(std::string_view unit) {
  const auto found = std::ranges::find(kUnits, unit, [](const auto& pair) { return pair.first; });
  return found == kUnits.end() ? std::nullopt : std::optional(found->second);
}

/// What the name calls its unit, and the base unit it should be in.
std::optional<std::pair<std::string_view, std::string_view>> unit_of(std::string_view name) {
  for (const auto part : split(name, '_')) {
    if (const auto base = base_of(part)) return std::pair(part, *base);
    for (const auto prefix : kPrefixes) {
      if (!part.starts_with(prefix)) continue;
      if (const auto base = base_of(part.substr(prefix.size()))) return std::pair(part, *base);
    }
  }
  return std::nullopt;
}

/// A metric family as the page tells of it.
struct Family {
  std::size_t at = 0;      // where it is first named
  std::string type;        // "": no # TYPE line
  bool has_total = false;  // a sample with that suffix
  bool has_help = false, has_help_text = false, has_samples = false;
  std::set<std::string> label_names;
};

class Linter {
 public:
  explicit Linter(std::string_view page)
      : page_(page), open_metrics_(page.ends_with("# EOF\n") || page.ends_with("# EOF")) {}

  LintReport run() {
    if (read()) {
      for (const auto& [name, family] : families_) judge(shown_name(name, family), family);
    }
    std::ranges::sort(report_.findings, {}, [](const LintFinding& one) { return std::tie(one.metric, one.text); });
    const auto twice = std::ranges::unique(report_.findings, {},
                                           [](const LintFinding& one) { return std::tie(one.metric, one.text); });
    report_.findings.erase(twice.begin(), twice.end());
    report_.metrics = families_.size();
    return std::move(report_);
  }

 private:
  void add(std::size_t at, std::string_view metric, std::string text) {
    report_.findings.push_back({place_in(page_, at), std::string(metric), std::move(text)});
  }
  bool malformed(std::size_t at, std::string text) {
    add(at, "", std::move(text));
    return false;
  }
  std::size_t offset_of(std::string_view part) const { return static_cast<std::size_t>(part.data() - page_.data()); }

  /// False when the page is malformed.
  bool read() {
    using Step = ExpositionReader::Step;
    ExpositionReader reader(page_, open_metrics_ ? ExpositionFormat::OpenMetrics : ExpositionFormat::PrometheusText);
    LabelViews labels;
    ExemplarSample exemplar;
    for (;;) {
      const auto step = reader.next();
      if (step == Step::End) break;
      if (step == Step::Metadata) {
        if (!read_metadata(reader.metadata_line())) return false;
        continue;
      }
      if (step == Step::Failed || !reader.read_labels(labels)) return malformed(reader.problem_at(), reader.problem());
      take_sample(offset_of(reader.series()), labels);
      if (reader.has_exemplar() && !reader.read_exemplar(labels, exemplar)) {
        return malformed(reader.problem_at(), reader.problem());
      }
    }
    if (!page_.empty() && !page_.ends_with('\n')) return malformed(page_.size(), "the last line has no newline");
    return true;
  }

  bool read_metadata(std::string_view line) {
    std::map<std::string, MetricMetadata> one;
    if (!add_metadata(line, one) || one.empty()) return malformed(offset_of(line), "a # line names no metric");
    const auto& [name, about] = *one.begin();
    auto& family = families_.try_emplace(name, Family{.at = offset_of(line)}).first->second;
    const auto keyword = line.substr(line.find_first_not_of("# \t"), 4);
    if (keyword == "HELP") {
      if (family.has_help) return malformed(offset_of(line), "second HELP line for the metric " + name);
      family.has_help = true;
      family.has_help_text = !about.help.empty();
    } else if (keyword == "TYPE" && !about.type.empty()) {
      const Words types = open_metrics_ ? Words(kOpenMetricsTypes) : Words(kTypes);
      if (!one_of(types, about.type)) return malformed(offset_of(line), "unknown metric type \"" + about.type + "\"");
      if (!family.type.empty() || family.has_samples) {
        return malformed(offset_of(line), "second TYPE line for the metric " + name + ", or TYPE behind its samples");
      }
      family.type = about.type;
    }
    return true;
  }

  void take_sample(std::size_t at, const LabelViews& labels) {
    ++report_.samples;
    const auto metric = labels.pairs.at(0).second;
    auto& family = family_of(metric, at);
    family.has_samples = true;
    family.has_total = family.has_total || metric.ends_with("_total");
    for (const auto& [name, value] : labels.pairs) {
      if (name != metrics::kMetricName) family.label_names.emplace(name);
    }
    if (!series_.insert(metrics::Labels::from_pairs(labels.pairs).to_string()).second) {
      add(at, metric, "metric not unique");
    }
  }

  /// a_bucket, a_sum and a_count are of the histogram a; in OpenMetrics a_total is of the counter a.
  std::string name_of(std::string_view metric) const {
    const auto without = [&](std::string_view suffix, Words types) -> std::optional<std::string> {
      if (!metric.ends_with(suffix)) return std::nullopt;
      std::string name(metric.substr(0, metric.size() - suffix.size()));
      const auto found = families_.find(name);
      if (found == families_.end() || !one_of(types, found->second.type)) return std::nullopt;
      return name;
    };
    static constexpr auto kBuckets = std::to_array<std::string_view>({"histogram", "gaugehistogram"});
    static constexpr auto kSums = std::to_array<std::string_view>({"histogram", "summary", "gaugehistogram"});
    static constexpr auto kCounters = std::to_array<std::string_view>({"counter"});
    static constexpr auto kCreated = std::to_array<std::string_view>({"counter", "histogram", "summary"});
    static constexpr auto kInfos = std::to_array<std::string_view>({"info"});
    if (families_.contains(metric)) return std::string(metric);
    if (auto name = without("_bucket", kBuckets)) return *name;
    for (const char* suffix : {"_sum", "_count", "_gsum", "_gcount"}) {
      if (auto name = without(suffix, kSums)) return *name;
    }
    if (!open_metrics_) return std::string(metric);
    if (auto name = without("_total", kCounters)) return *name;
    if (auto name = without("_created", kCreated)) return *name;
    if (auto name = without("_info", kInfos)) return *name;
    return std::string(metric);
  }
  Family& family_of(std::string_view metric, std::size_t at) {
    return families_.try_emplace(name_of(metric), Family{.at = at}).first->second;
  }

  /// An OpenMetrics counter is called a, its sample a_total.
  std::string shown_name(const std::string& name, const Family& family) const {
    return open_metrics_ && family.type == "counter" && family.has_total ? name + "_total" : name;
  }

  void judge(const std::string& name, const Family& family) {
    if (!family.has_samples) return;
    const auto say = [&](std::string text) { add(family.at, name, std::move(text)); };
    if (!family.has_help_text) say("no help text");
    if (const auto unit = unit_of(name); unit && unit->first != unit->second) {
      say("use base unit \"" + std::string(unit->second) + "\" instead of \"" + std::string(unit->first) + "\"");
    }
    judge_type(name, family, say);
    const auto lower = to_lower(name);
    for (const auto type : kTypesInNames) {
      if (has_part(lower, type)) say("metric name should not include type '" + std::string(type) + "'");
    }
    if (name.find(':') != std::string::npos) say("metric names should not contain ':'");
    if (is_camel_case(name)) say("metric names should be written in 'snake_case' not 'camelCase'");
    if (std::ranges::any_of(family.label_names, is_camel_case)) {
      say("label names should be written in 'snake_case' not 'camelCase'");
    }
    if (std::ranges::any_of(kAbbreviations, [&](std::string_view unit) { return has_part(lower, unit); })) {
      say("metric names should not contain abbreviated units");
    }
  }

  template <typename Say>
  static void judge_type(const std::string& name, const Family& family, Say say) {
    if (family.type.empty() || family.type == "untyped" || family.type == "unknown") return;
    const bool counter = family.type == "counter", summary = family.type == "summary";
    const bool histogram = family.type == "histogram" || family.type == "gaugehistogram";
    const bool total = name.ends_with("_total");
    if (counter && !total) say("counter metrics should have \"_total\" suffix");
    if (!counter && total) say("non-counter metrics should not have \"_total\" suffix");
    if (!histogram && name.ends_with("_bucket")) say("non-histogram metrics should not have \"_bucket\" suffix");
    for (const char* suffix : {"_count", "_sum"}) {
      if (!histogram && !summary && name.ends_with(suffix)) {
        say("non-histogram and non-summary metrics should not have \"" + std::string(suffix) + "\" suffix");
      }
    }
    if (!histogram && family.label_names.contains("le")) say("non-histogram metrics should not have \"le\" label");
    if (!summary && family.label_names.contains("quantile")) {
      say("non-summary metrics should not have \"quantile\" label");
    }
  }

  const std::string_view page_;
  const bool open_metrics_;
  LintReport report_;
  std::map<std::string, Family, std::less<>> families_;
  std::set<std::string> series_;
};

}  // namespace

LintReport lint_exposition(std::string_view page) { return Linter(page).run(); }

}  // namespace mamori::ingest
