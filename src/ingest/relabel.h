// ingest/relabel.h: changes and filters label sets by relabel_configs, as Prometheus does: targets before they are
// scraped, series before they are stored. Knows neither.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/labels.h"
#include "spec/prometheus_config.h"

namespace mamori::ingest {

/// A label set that may be changed. Ascending names, each once; no empty value: setting one removes the label.
class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(const spec::LabelPairs& pairs) {
    for (const auto& [name, value] : pairs) set(name, value);
  }
  std::string_view get(std::string_view name) const;  // "" when absent
  void set(std::string_view name, std::string_view value);
  void set_if_absent(std::string_view name, std::string_view value) {
    if (get(name).empty()) set(name, value);
  }
  void erase(std::string_view name);
  template <typename Predicate>
  void erase_if(Predicate predicate) {
    std::erase_if(pairs_, [&](const auto& pair) { return predicate(std::string_view(pair.first)); });
  }
  std::size_t size() const { return pairs_.size(); }
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }
  const spec::LabelPairs& pairs() const { return pairs_; }
  metrics::Labels labels() const;
  bool operator==(const LabelSet&) const = default;

 private:
  spec::LabelPairs pairs_;
};

/// Thread-safe.
class Relabeler {
 public:
  Relabeler() = default;  // changes nothing
  /// Errors: InvalidArgument for a regular expression that does not compile, or hashmod without a modulus.
  static Result<Relabeler> make(const std::vector<spec::RelabelConfig>& steps);

  bool empty() const { return steps_.empty(); }
  /// Applies the steps in order. False: the target or series is dropped; `labels` is then as the dropping step found
  /// it.
  bool apply(LabelSet& labels) const;

 private:
  struct Step;
  std::vector<std::shared_ptr<const Step>> steps_;
};

}  // namespace mamori::ingest
