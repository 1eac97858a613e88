#include "ingest/otlp_metrics.h"

#include <algorithm>

#include "ingest/write_layers.h"

namespace mamori::ingest {

/// A converted request with references in the place of labels.
struct OtlpMetrics::Batches {
  std::vector<metrics::RefSample> single;  // of points that are one sample
  std::vector<metrics::RefSample> parts;   // of points that are several: classic histograms, summaries
  std::vector<metrics::RefHistogram> histograms;
  metrics::WriteBatch target_info;
  std::uint64_t multi_points = 0;    // that `parts` belong to
  std::uint64_t refused_points = 0;  // for a limit
  std::string first_refused;
};

OtlpReply OtlpMetrics::write(OtlpFormat format, std::string_view body) {
  ++(format == OtlpFormat::Protobuf ? counters_.requests_protobuf : counters_.requests_json);
  if (body.size() > options_.body_bytes_max) {
    ++counters_.malformed;
    return {.status = 413,
            .message = "the body has " + std::to_string(body.size()) + " bytes, more than " +
                       std::to_string(options_.body_bytes_max) + " (--otlp-bytes-max); send it in parts"};
  }
  OtlpConverter converted(options_.samples_max);
  const auto read =
      format == OtlpFormat::Protobuf ? read_otlp_protobuf(body, converted) : read_otlp_json(body, converted);
  if (!read) {
    ++counters_.malformed;
    return {.status = net::http_status(read.error().code), .message = read.error().message};
  }
  const auto unavailable = [this](const Error& error) {
    ++counters_.unavailable;
    return OtlpReply{.status = error.code == Code::Unavailable ? 503 : 500,
                     .message = "nothing of this request is acknowledged, send it again: " + error.message};
  };
  auto batches = resolve(converted);
  if (!batches) return unavailable(batches.error());
  const auto refused_by_store = store(*batches);
  if (!refused_by_store) return unavailable(refused_by_store.error());
  keep_exemplars(converted);
  std::vector<MetadataView> views;
  for (const auto& [family, one] : converted.metadata) views.push_back({family, one.type, one.help, one.unit});
  metadata_.set(views);

  OtlpReply reply{.rejected_points = converted.refused + batches->refused_points + *refused_by_store};
  counters_.points += converted.points - std::min<std::uint64_t>(reply.rejected_points, converted.points);
  counters_.refused_temporality += converted.refused_delta;
  counters_.refused_invalid += converted.refused - converted.refused_delta;
  counters_.refused_limit += batches->refused_points;
  counters_.refused_store += *refused_by_store;
  if (reply.rejected_points > 0) {
    reply.message = "rejected " + std::to_string(reply.rejected_points) + " of " + std::to_string(converted.points) +
                    " data points; the first: " +
                    (converted.first_refused.empty() ? batches->first_refused : converted.first_refused);
  }
  return reply;
}

/// Errors: what the store says, unless a limit refuses a series: then its whole point is left out.
Result<OtlpMetrics::Batches> OtlpMetrics::resolve(OtlpConverter& converted) {
  Batches batches;
  auto& samples = converted.samples;
  std::vector<metrics::SeriesRef> refs;
  for (std::size_t begin = 0, end = 0; begin < samples.size(); begin = end) {
    while (end < samples.size() && samples[end].point == samples[begin].point) ++end;
    refs.clear();
    for (auto i = begin; i < end; ++i) {
      const auto ref = store_.find_or_create(samples[i].labels);
      if (!ref && ref.error().code != Code::TooLarge && ref.error().code != Code::InvalidArgument) return ref.error();
      if (!ref) {
        if (batches.refused_points++ == 0) batches.first_refused = ref.error().message;
        break;
      }
      refs.push_back(*ref);
    }
    if (refs.size() < end - begin) continue;
    for (auto i = begin; i < end; ++i) {
      const auto ref = refs[i - begin];
      auto& sample = samples[i];
      if (sample.histogram != nullptr) {
        batches.histograms.push_back({ref, sample.time_ms, std::move(sample.histogram)});
      } else {
        (end - begin == 1 ? batches.single : batches.parts).push_back({ref, sample.time_ms, sample.value});
      }
    }
    if (end - begin > 1) ++batches.multi_points;
  }
  for (const auto& sample : converted.target_info) {
    const auto ref = store_.find_or_create(sample.labels);
    if (ref) batches.target_info.samples.push_back({*ref, sample.time_ms, sample.value});
  }
  return batches;
}

/// How many points the store refused. Of points that are several samples it tells no more than how many samples, so
/// these are taken in proportion: all samples of a point share its time, and so nearly always its fate.
Result<std::uint64_t> OtlpMetrics::store(Batches& batches) {
  std::uint64_t refused = 0;
  const auto write = [&](const metrics::WriteBatch& batch) -> Result<std::uint64_t> {
    if (batch.samples.empty() && batch.histograms.empty()) return 0;
    MAMORI_TRY(const auto outcome, store_.write(batch));
    if (outcome.unknown_series > 0) return Error{Code::Unavailable, "the store forgot series while they were written"};
    counters_.samples += outcome.written + outcome.duplicate;
    if (batches.first_refused.empty()) batches.first_refused = outcome.first_refused;
    return outcome.refused();
  };
  const auto parts = batches.parts.size();
  MAMORI_TRY(const auto refused_parts, write({.samples = std::move(batches.parts), .histograms = {}}));
  if (refused_parts > 0) refused += (refused_parts * batches.multi_points + parts - 1) / parts;
  for (const auto& layer : write_layers(std::move(batches.single), std::move(batches.histograms))) {
    MAMORI_TRY(const auto refused_samples, write(layer.samples));
    MAMORI_TRY(const auto refused_histograms, write(layer.histograms));
    refused += refused_samples + refused_histograms;
  }
  // Several requests of one resource repeat it and overtake one another: what of it is refused is no loss.
  if (!batches.target_info.samples.empty()) MAMORI_TRY_VOID(store_.write(batches.target_info));
  return refused;
}

void OtlpMetrics::keep_exemplars(const OtlpConverter& converted) {
  using Outcome = metrics::ExemplarRing::Outcome;
  for (const auto& [series, exemplar] : converted.exemplars) {
    const auto outcome = exemplars_.add(series, exemplar);
    if (outcome == Outcome::Kept || outcome == Outcome::Duplicate) ++counters_.exemplars;
  }
}

}  // namespace mamori::ingest
