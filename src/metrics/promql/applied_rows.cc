#include "metrics/promql/applied_rows.h"

namespace mamori::metrics::promql {
namespace {

class AppliedRows final : public RowMaker {
 public:
  AppliedRows(const AppliedRange& applied, std::span<const std::int64_t> window_ends, std::int64_t length_ms,
              std::span<const std::vector<double>> params)
      : RowMaker(window_ends, length_ms, applied.looks_around),
        applied_(applied),
        params_(params),
        now_(params.size()) {}

 private:
  std::size_t fill(const SampleColumns& columns, std::span<double> row) override {
    samples_.resize(columns.size());
    for (std::size_t i = 0; i < samples_.size(); ++i) samples_[i] = {columns.times()[i], columns.values()[i]};
    std::size_t present = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = none();
      const auto size = windows().size(i);
      if (size == 0 && !applied_.looks_around) continue;
      if (!look_again(size)) return 0;
      for (std::size_t k = 0; k < now_.size(); ++k) now_[k] = params_[k][i];
      const auto value = applied_.apply(window(i), now_);
      if (!value) continue;
      row[i] = *value;
      ++present;
    }
    return present;
  }

  Window window(std::size_t i) const {
    const auto first = windows().begin()[i];
    const auto end_ms = windows().window_ends()[i];
    return {.samples = std::span(samples_).subspan(first, windows().size(i)),
            .start_ms = end_ms - windows().length_ms(),
            .end_ms = end_ms,
            .step_ms = applied_.grid.time(i),
            .all = samples_,
            .first = first,
            .lookback_ms = applied_.lookback_ms};
  }

  const AppliedRange applied_;
  const std::span<const std::vector<double>> params_;
  std::vector<double> now_;
  std::vector<Sample> samples_;
};

}  // namespace

std::unique_ptr<RowMaker> applied_rows(const AppliedRange& applied, std::span<const std::int64_t> window_ends,
                                       std::int64_t length_ms, std::span<const std::vector<double>> params) {
  return std::make_unique<AppliedRows>(applied, window_ends, length_ms, params);
}

}  // namespace mamori::metrics::promql
