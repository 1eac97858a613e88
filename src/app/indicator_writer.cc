#include "app/indicator_writer.h"

#include "base/log.h"

namespace mamori::app {
namespace {

constexpr Nanos kRepeat = Seconds{15};  // a scrape's rhythm, well within PromQL's lookback of five minutes

}  // namespace

void IndicatorWriter::add(const std::string& name, const std::optional<double>& value, Timestamp at,
                          std::vector<metrics::SeriesSample>& samples) {
  auto& last = last_[name];
  const bool changed = value != last.value;
  const bool due = value && (at - last.written >= kRepeat || at < last.written);  // before: the clock was set back
  if (!changed && !due) return;
  last = {.value = value, .written = at};
  samples.push_back({metrics::Labels({{std::string(metrics::kMetricName), name}}),
                     {to_millis(at), value.value_or(metrics::stale_nan())}});
}

Result<void> IndicatorWriter::write(const rules::Evaluation& evaluation) {
  std::vector<metrics::SeriesSample> samples;
  auto before = last_;
  for (const auto& indicator : evaluation.indicators) add(indicator.name, indicator.value, evaluation.at, samples);
  add("payment_acceptance_rate", evaluation.acceptance.value, evaluation.at, samples);
  if (samples.empty()) return {};
  const auto outcome = store_.append(samples);
  if (!outcome) {
    last_ = std::move(before);  // nothing was kept: what is owed, a staleness marker too, is written the next time
    return outcome.error();
  }
  if (outcome->refused() > 0 && !told_) {
    log_warn("indicators cannot be stored: the series have later samples, so the clock was set back",
             {{"samples", outcome->refused()}});
  }
  told_ = outcome->refused() > 0;
  return {};
}

}  // namespace mamori::app
