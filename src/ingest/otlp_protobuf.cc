#include <bit>

#include "ingest/otlp.h"
#include "ingest/otlp_attribute.h"
#include "ingest/protobuf_reader.h"

namespace mamori::ingest {
namespace {

using Kind = OtlpMetric::Kind;

bool read_exemplar(std::string_view message, std::vector<OtlpExemplar>& exemplars) {
  OtlpExemplar exemplar;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 2:
        exemplar.time_ns = in.fixed64();
        break;
      case 3:
        exemplar.value = in.float64();
        break;
      case 4:
        exemplar.span_id = hexadecimal(in.bytes());
        break;
      case 5:
        exemplar.trace_id = hexadecimal(in.bytes());
        break;
      case 6:
        exemplar.value = static_cast<double>(static_cast<std::int64_t>(in.fixed64()));
        break;
      case 7:
        if (!read_otlp_attribute(in.bytes(), exemplar.attributes)) return false;
        break;
      default:
        in.skip();
    }
  }
  if (exemplars.size() >= kOtlpListMax) return false;
  exemplars.push_back(std::move(exemplar));
  return in.ok();
}

/// Up to the bound; false past it.
template <typename T>
struct BoundedList {
  std::vector<T>& list;
  bool within = true;
  void add(std::uint64_t bits) {
    within = within && list.size() < kOtlpListMax;
    if (within) list.push_back(std::bit_cast<T>(bits));
  }
};

bool read_fixed64s(ProtobufReader& in, std::vector<std::uint64_t>& list) {
  BoundedList<std::uint64_t> bounded{list};
  in.each_fixed64([&](std::uint64_t bits) { bounded.add(bits); });
  return bounded.within;
}

bool read_doubles(ProtobufReader& in, std::vector<double>& list) {
  BoundedList<double> bounded{list};
  in.each_fixed64([&](std::uint64_t bits) { bounded.add(bits); });
  return bounded.within;
}

bool read_number_point(std::string_view message, OtlpPoint& point) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 3:
        point.time_ns = in.fixed64();
        break;
      case 4:
        point.value = in.float64();
        break;
      case 5:
        if (!read_exemplar(in.bytes(), point.exemplars)) return false;
        break;
      case 6:
        point.value = static_cast<double>(static_cast<std::int64_t>(in.fixed64()));
        break;
      case 7:
        if (!read_otlp_attribute(in.bytes(), point.attributes)) return false;
        break;
      case 8:
        point.flags = in.uint32();
        break;
      default:
        in.skip();
    }
  }
  return in.ok();
}

bool read_histogram_point(std::string_view message, OtlpPoint& point) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 3:
        point.time_ns = in.fixed64();
        break;
      case 4:
        point.count = in.fixed64();
        break;
      case 5:
        point.sum = in.float64();
        break;
      case 6:
        if (!read_fixed64s(in, point.bucket_counts)) return false;
        break;
      case 7:
        if (!read_doubles(in, point.bounds)) return false;
        break;
      case 8:
        if (!read_exemplar(in.bytes(), point.exemplars)) return false;
        break;
      case 9:
        if (!read_otlp_attribute(in.bytes(), point.attributes)) return false;
        break;
      case 10:
        point.flags = in.uint32();
        break;
      default:
        in.skip();
    }
  }
  return in.ok();
}

bool read_buckets(std::string_view message, OtlpBuckets& buckets) {
  BoundedList<std::uint64_t> bounded{buckets.counts};
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      buckets.offset = static_cast<std::int32_t>(in.sint64());
    } else if (in.field() == 2) {
      in.each_varint([&](std::uint64_t count) { bounded.add(count); });
    } else {
      in.skip();
    }
  }
  return in.ok() && bounded.within;
}

bool read_exponential_point(std::string_view message, OtlpPoint& point) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        if (!read_otlp_attribute(in.bytes(), point.attributes)) return false;
        break;
      case 3:
        point.time_ns = in.fixed64();
        break;
      case 4:
        point.count = in.fixed64();
        break;
      case 5:
        point.sum = in.float64();
        break;
      case 6:
        point.scale = static_cast<std::int32_t>(in.sint64());
        break;
      case 7:
        point.zero_count = in.fixed64();
        break;
      case 8:
        if (!read_buckets(in.bytes(), point.positive)) return false;
        break;
      case 9:
        if (!read_buckets(in.bytes(), point.negative)) return false;
        break;
      case 10:
        point.flags = in.uint32();
        break;
      case 11:
        if (!read_exemplar(in.bytes(), point.exemplars)) return false;
        break;
      case 14:
        point.zero_threshold = in.float64();
        break;
      default:
        in.skip();
    }
  }
  return in.ok();
}

bool read_quantile(std::string_view message, OtlpPoint& point) {
  std::pair<double, double> quantile_value;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      quantile_value.first = in.float64();
    } else if (in.field() == 2) {
      quantile_value.second = in.float64();
    } else {
      in.skip();
    }
  }
  if (point.quantile_values.size() >= kOtlpListMax) return false;
  point.quantile_values.push_back(quantile_value);
  return in.ok();
}

bool read_summary_point(std::string_view message, OtlpPoint& point) {
  point.sum = 0;  // not optional here
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 3:
        point.time_ns = in.fixed64();
        break;
      case 4:
        point.count = in.fixed64();
        break;
      case 5:
        point.sum = in.float64();
        break;
      case 6:
        if (!read_quantile(in.bytes(), point)) return false;
        break;
      case 7:
        if (!read_otlp_attribute(in.bytes(), point.attributes)) return false;
        break;
      case 8:
        point.flags = in.uint32();
        break;
      default:
        in.skip();
    }
  }
  return in.ok();
}

bool read_point(Kind kind, std::string_view message, OtlpPoint& point) {
  switch (kind) {
    case Kind::Gauge:
    case Kind::Sum:
      return read_number_point(message, point);
    case Kind::Histogram:
      return read_histogram_point(message, point);
    case Kind::ExponentialHistogram:
      return read_exponential_point(message, point);
    case Kind::Summary:
      return read_summary_point(message, point);
    case Kind::None:
      break;
  }
  return false;
}

Kind kind_of(std::uint32_t field) {
  switch (field) {
    case 5:
      return Kind::Gauge;
    case 7:
      return Kind::Sum;
    case 9:
      return Kind::Histogram;
    case 10:
      return Kind::ExponentialHistogram;
    case 11:
      return Kind::Summary;
    default:
      return Kind::None;
  }
}

/// The parts of a message that its points depend on may stand behind them, so each message is walked twice.
class Reader {
 public:
  explicit Reader(OtlpSink& sink) : sink_(sink) {}
  bool stopped() const { return stopped_; }

  bool read_request(std::string_view message) {
    ProtobufReader in(message);
    while (in.next()) {
      if (in.field() != 1) {
        in.skip();
      } else if (!read_resource_metrics(in.bytes())) {
        return false;
      }
    }
    return in.ok();
  }

 private:
  bool read_resource_metrics(std::string_view message) {
    OtlpAttributes attributes;
    ProtobufReader first(message);
    while (first.next()) {
      if (first.field() != 1) {
        first.skip();
        continue;
      }
      ProtobufReader resource(first.bytes());
      while (resource.next()) {
        if (resource.field() != 1) {
          resource.skip();
        } else if (!read_otlp_attribute(resource.bytes(), attributes)) {
          return false;
        }
      }
      if (!resource.ok()) return false;
    }
    if (!first.ok()) return false;
    sink_.begin_resource(std::move(attributes));
    ProtobufReader second(message);
    while (second.next()) {
      if (second.field() != 2) {
        second.skip();
      } else if (!read_scope_metrics(second.bytes())) {
        return false;
      }
    }
    sink_.end_resource();
    return true;
  }

  bool read_scope_metrics(std::string_view message) {
    ProtobufReader in(message);
    while (in.next()) {
      if (in.field() != 2) {
        in.skip();
      } else if (!read_metric(in.bytes())) {
        return false;
      }
    }
    return in.ok();
  }

  bool read_metric(std::string_view message) {
    OtlpMetric metric;
    std::string_view data;
    ProtobufReader in(message);
    while (in.next()) {
      if (in.field() == 1) {
        metric.name = in.bytes();
      } else if (in.field() == 2) {
        metric.description = in.bytes();
      } else if (in.field() == 3) {
        metric.unit = in.bytes();
      } else if (const auto kind = kind_of(in.field()); kind != Kind::None) {
        metric.kind = kind;
        data = in.bytes();
      } else {
        in.skip();
      }
    }
    if (!in.ok() || !read_data(data, metric)) return false;
    const auto kind = metric.kind;
    sink_.begin_metric(std::move(metric));
    return read_points(kind, data);
  }

  static bool read_data(std::string_view data, OtlpMetric& metric) {
    ProtobufReader in(data);
    while (in.next()) {
      if (in.field() == 2 && metric.kind != Kind::Gauge && metric.kind != Kind::Summary) {
        const auto temporality = in.varint();
        metric.temporality =
            temporality <= 2 ? static_cast<OtlpMetric::Temporality>(temporality) : OtlpMetric::Temporality::Unspecified;
      } else if (in.field() == 3 && metric.kind == Kind::Sum) {
        metric.is_monotonic = in.varint() != 0;
      } else {
        in.skip();
      }
    }
    return in.ok();
  }

  bool read_points(Kind kind, std::string_view data) {
    ProtobufReader in(data);
    while (in.next()) {
      if (in.field() != 1) {
        in.skip();
        continue;
      }
      OtlpPoint point;
      if (!read_point(kind, in.bytes(), point)) return false;
      if (!sink_.take_point(point)) {
        stopped_ = true;
        return false;
      }
    }
    return in.ok();
  }

  OtlpSink& sink_;
  bool stopped_ = false;
};

}  // namespace

Result<void> read_otlp_protobuf(std::string_view message, OtlpSink& sink) {
  Reader reader(sink);
  if (reader.read_request(message)) return {};
  if (reader.stopped()) return Error{Code::TooLarge, "the request holds too many data points; send it in parts"};
  return invalid_argument(
      "the body is not a well-formed ExportMetricsServiceRequest, or one of its lists is longer than " +
      std::to_string(kOtlpListMax));
}

}  // namespace mamori::ingest
