// ingest/otlp_convert.h: OTLP's data points as Prometheus' samples. As Prometheus 3's own OTLP endpoint converts by
// default: service.name and service.instance.id become job and instance, the other attributes of a resource go to
// target_info; a histogram becomes the series of a classic one, an exponential histogram a native one.
// What always holds: a point is converted whole or refused whole.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingest/exposition.h"
#include "ingest/otlp.h"
#include "metrics/exemplars.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"

namespace mamori::ingest {

class OtlpConverter final : public OtlpSink {
 public:
  struct Sample {
    metrics::Labels labels;
    std::int64_t time_ms = 0;
    double value = 0;                                     // a staleness marker where a point has no value
    std::shared_ptr<const metrics::Histogram> histogram;  // null: `value` counts
    std::uint32_t point = 0;                              // which point it is of, counted from 0
  };
  struct SeriesExemplar {
    metrics::Labels series;
    metrics::Exemplar exemplar;
  };

  /// Of all kinds together; take_point() stops past it.
  explicit OtlpConverter(std::size_t samples_max) : samples_max_(samples_max) {}

  void begin_resource(OtlpAttributes attributes) override;
  void begin_metric(OtlpMetric metric) override;
  bool take_point(const OtlpPoint& point) override;
  void end_resource() override;

  std::vector<Sample> samples, target_info;
  std::vector<SeriesExemplar> exemplars;
  std::vector<std::pair<std::string, MetricMetadata>> metadata;  // by metric family
  std::uint32_t points = 0;                                      // taken and refused
  std::uint64_t refused = 0, refused_delta = 0;                  // points; of them, for their temporality
  std::string first_refused;                                     // why

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  /// Errors: InvalidArgument saying why the point is refused.
  Result<void> convert(const OtlpPoint& point);
  Result<void> convert_number(const OtlpPoint& point);
  Result<void> convert_histogram(const OtlpPoint& point);
  Result<void> convert_exponential(const OtlpPoint& point);
  Result<void> convert_summary(const OtlpPoint& point);
  /// `suffix`: of the metric's name. `extra`: one more label, unless its name is "".
  Result<metrics::Labels> labels(const std::string& suffix, const std::string& extra, const std::string& value) const;
  Result<void> add(const OtlpPoint& point, const std::string& suffix, double value, const std::string& extra = "",
                   const std::string& extra_value = "");
  void add_exemplar(const metrics::Labels& series, const OtlpExemplar& exemplar);
  void add_target_info();

  const std::size_t samples_max_;
  OtlpAttributes resource_;
  Pairs identity_;                            // job and instance
  std::uint64_t first_ns_ = 0, last_ns_ = 0;  // of the resource's points
  OtlpMetric metric_;
  std::string name_;  // the metric's, translated
  Pairs base_;        // the point's labels without its name
};

}  // namespace mamori::ingest
