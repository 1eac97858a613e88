#include "app/indicator_writer.h"

namespace mamori::app {
namespace {

constexpr Nanos kRepeat = Seconds{15};  // a scrape's rhythm, well within PromQL's lookback of five minutes

}  // namespace

void IndicatorWriter::add(const std::string& name, const std::optional<double>& value, Timestamp at,
                          std::vector<metrics::SeriesSample>& samples) {
  auto& last = last_[name];
  const bool changed = value != last.value;
  const bool due = value && at - last.written >= kRepeat;
  if (!changed && !due) return;
  last = {.value = value, .written = at};
  samples.push_back({metrics::Labels({{std::string(metrics::kMetricName), name}}),
                     {to_millis(at), value.value_or(metrics::stale_nan())}});
}

Result<void> IndicatorWriter::write(const rules::Evaluation& evaluation) {
  std::vector<metrics::SeriesSample> samples;
  for (const auto& indicator : evaluation.indicators) add(indicator.name, indicator.value, evaluation.at, samples);
  add("payment_acceptance_rate", evaluation.acceptance.value, evaluation.at, samples);
  if (samples.empty()) return {};
  MAMORI_TRY_VOID(store_.append(samples));
  return {};
}

}  // namespace mamori::app
