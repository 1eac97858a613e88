#include "rules/result_writer.h"

namespace mamori::rules {
namespace {

using metrics::AppendOutcome;
using metrics::Labels;
using metrics::Store;
using metrics::WriteBatch;

struct Prepared {
  WriteBatch batch;
  GivenSeries given;
};

/// `known`: references that may be used again; empty to ask the store for all.
Result<Prepared> prepare(Store& store, const std::vector<ResultSample>& samples, std::int64_t time_ms,
                         const GivenSeries& before, const GivenSeries& known) {
  Prepared made;
  const auto ref_of = [&](const Labels& labels) -> Result<metrics::SeriesRef> {
    const auto at = known.find(labels);
    if (at != known.end()) return at->second;
    return store.find_or_create(labels);
  };
  for (const auto& sample : samples) {
    MAMORI_TRY(const auto ref, ref_of(sample.labels));
    if (sample.histogram) {
      made.batch.histograms.push_back({ref, time_ms, sample.histogram});
    } else {
      made.batch.samples.push_back({ref, time_ms, sample.value});
    }
    made.given.emplace(sample.labels, ref);
  }
  for (const auto& [labels, old] : before) {
    if (made.given.contains(labels)) continue;
    MAMORI_TRY(const auto ref, ref_of(labels));
    made.batch.samples.push_back({ref, time_ms, metrics::stale_nan()});
  }
  return made;
}

}  // namespace

Result<AppendOutcome> write_results(Store& store, const std::vector<ResultSample>& samples, std::int64_t time_ms,
                                    GivenSeries& given) {
  MAMORI_TRY(auto made, prepare(store, samples, time_ms, given, given));
  if (made.batch.samples.empty() && made.batch.histograms.empty()) return AppendOutcome{};
  MAMORI_TRY(auto outcome, store.write(made.batch));
  if (outcome.unknown_series > 0) {
    // Retention forgot a series whose reference was kept: what is written already counts as a duplicate now.
    MAMORI_TRY(made, prepare(store, samples, time_ms, given, {}));
    MAMORI_TRY(outcome, store.write(made.batch));
  }
  given = std::move(made.given);
  return outcome;
}

Result<void> write_stale(Store& store, const std::vector<Labels>& given, std::int64_t time_ms) {
  WriteBatch batch;
  for (const auto& labels : given) {
    MAMORI_TRY(const auto ref, store.find_or_create(labels));
    batch.samples.push_back({ref, time_ms, metrics::stale_nan()});
  }
  if (!batch.samples.empty()) MAMORI_TRY_VOID(store.write(batch));
  return {};
}

}  // namespace mamori::rules
