// app/indicator_writer.h: turns each evaluation into samples of the metrics store: a series per indicator under its own
// name, written when its value changes and at least every 15 s; a staleness marker when there is no data any more.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "metrics/store.h"
#include "rules/judge.h"

namespace mamori::app {

/// Used by one thread.
class IndicatorWriter {
 public:
  explicit IndicatorWriter(metrics::Store& store) : store_(store) {}
  Result<void> write(const rules::Evaluation& evaluation);

 private:
  struct Last {
    std::optional<double> value;
    Timestamp written;
  };
  void add(const std::string& name, const std::optional<double>& value, Timestamp at,
           std::vector<metrics::SeriesSample>& samples);

  metrics::Store& store_;
  std::map<std::string, Last> last_;
  bool told_ = false;  // that samples were refused
};

}  // namespace mamori::app
