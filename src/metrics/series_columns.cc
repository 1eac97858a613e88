#include "metrics/store.h"

namespace mamori::metrics {

Result<void> SeriesReader::read_columns(std::size_t i, SeriesColumns& out) {
  SeriesData data{.labels = {}, .samples = {}, .histograms = std::move(out.histograms)};
  MAMORI_TRY_VOID(read(i, data));
  const auto n = data.samples.size();
  out.times_ms.resize(n);
  out.values.resize(n);
  for (std::size_t k = 0; k < n; ++k) {
    out.times_ms[k] = data.samples[k].time_ms;
    out.values[k] = data.samples[k].value;
  }
  out.histograms = std::move(data.histograms);
  return {};
}

}  // namespace mamori::metrics
