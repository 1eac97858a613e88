#include <simdjson.h>

#include <charconv>
#include <limits>

#include "base/json.h"
#include "ingest/otlp.h"

namespace mamori::ingest {
namespace {

namespace dom = simdjson::dom;
using Kind = OtlpMetric::Kind;

// Of things that are handed over one by one: the body's size bounds them.
constexpr std::size_t kAnyNumber = ~std::size_t{0};

/// Reads what it is asked for; what is of another type is noted once, and its default goes on in its place.
class Reader {
 public:
  explicit Reader(OtlpSink& sink) : sink_(sink) {}
  void read_request(const dom::object& request);
  Result<void> outcome() const {
    if (!malformed_.empty()) return invalid_argument(malformed_);
    if (stopped_) return Error{Code::TooLarge, "the request holds too many data points; send it in parts"};
    return {};
  }

 private:
  bool ended() const { return stopped_ || !malformed_.empty(); }
  void refuse(std::string_view field, std::string_view want) {
    if (malformed_.empty()) malformed_ = "\"" + std::string(field) + "\" must be " + std::string(want);
  }
  std::string text(const dom::object& object, std::string_view field);
  template <typename T>
  T integer_of(const dom::element& value, std::string_view field);
  template <typename T>
  T integer(const dom::object& object, std::string_view field);
  double real_of(const dom::element& value, std::string_view field);
  std::optional<double> real(const dom::object& object, std::string_view field);
  bool boolean(const dom::object& object, std::string_view field);
  template <typename Take>
  void each(const dom::object& object, std::string_view field, Take take, std::size_t max = kOtlpListMax);
  template <typename Take>
  void each_object(const dom::object& object, std::string_view field, Take take, std::size_t max = kOtlpListMax);
  std::optional<dom::object> object_in(const dom::object& object, std::string_view field);
  void append_any_value(const dom::object& value, JsonWriter& json, int depth);
  OtlpAttributes attributes(const dom::object& object, std::string_view field);
  std::optional<double> number_value(const dom::object& object);
  OtlpBuckets buckets(const dom::object& object, std::string_view field);
  OtlpPoint read_point(const dom::object& object, Kind kind);
  OtlpMetric::Temporality temporality(const dom::object& data);
  void read_metric(const dom::object& object);

  OtlpSink& sink_;
  std::string malformed_;  // what was wrong first
  bool stopped_ = false;
};

/// The field's value; none if it is absent or null, which stands for its default.
std::optional<dom::element> find(const dom::object& object, std::string_view field) {
  dom::element value;
  if (object.at_key(field).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::string Reader::text(const dom::object& object, std::string_view field) {
  const auto value = find(object, field);
  if (!value) return {};
  std::string_view result;
  if (value->get(result) != simdjson::SUCCESS) refuse(field, "a string");
  return std::string(result);
}

/// 64-bit numbers are strings in protobuf's JSON; numbers are taken too.
template <typename T>
T Reader::integer_of(const dom::element& value, std::string_view field) {
  std::string_view digits;
  if (value.get(digits) == simdjson::SUCCESS) {
    T number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty())
      refuse(field, "a whole number in its range");
    return number;
  }
  std::uint64_t natural = 0;
  if (value.get(natural) == simdjson::SUCCESS && natural <= static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
    return static_cast<T>(natural);
  std::int64_t whole = 0;
  if (value.get(whole) == simdjson::SUCCESS && std::in_range<T>(whole)) return static_cast<T>(whole);
  // 1e3 and 5.0 are whole numbers as well.
  double real = 0;
  if (value.get(real) == simdjson::SUCCESS && real >= -0x1p53 && real <= 0x1p53 &&
      real == static_cast<double>(static_cast<std::int64_t>(real)) && std::in_range<T>(static_cast<std::int64_t>(real)))
    return static_cast<T>(real);
  refuse(field, "a whole number in its range");
  return 0;
}

template <typename T>
T Reader::integer(const dom::object& object, std::string_view field) {
  const auto value = find(object, field);
  return value ? integer_of<T>(*value, field) : 0;
}

double Reader::real_of(const dom::element& value, std::string_view field) {
  double number = 0;
  if (value.get(number) == simdjson::SUCCESS) return number;
  std::string_view digits;
  if (value.get(digits) == simdjson::SUCCESS) {
    if (digits == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (digits == "Infinity") return std::numeric_limits<double>::infinity();
    if (digits == "-Infinity") return -std::numeric_limits<double>::infinity();
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc{} && end == digits.data() + digits.size()) return number;
  }
  refuse(field, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
  return 0;
}

std::optional<double> Reader::real(const dom::object& object, std::string_view field) {
  const auto value = find(object, field);
  return value ? std::optional(real_of(*value, field)) : std::nullopt;
}

bool Reader::boolean(const dom::object& object, std::string_view field) {
  const auto value = find(object, field);
  bool result = false;
  if (value && value->get(result) != simdjson::SUCCESS) refuse(field, "true or false");
  return result;
}

template <typename Take>
void Reader::each(const dom::object& object, std::string_view field, Take take, std::size_t max) {
  const auto value = find(object, field);
  if (!value) return;
  dom::array list;
  if (value->get(list) != simdjson::SUCCESS) return refuse(field, "a list");
  std::size_t count = 0;
  for (const auto item : list) {
    if (++count > max) return refuse(field, "a list of at most " + std::to_string(max));
    if (ended()) return;
    take(item);
  }
}

template <typename Take>
void Reader::each_object(const dom::object& object, std::string_view field, Take take, std::size_t max) {
  each(
      object, field,
      [&](const dom::element& item) {
        dom::object one;
        if (item.get(one) != simdjson::SUCCESS) return refuse(field, "a list of objects");
        take(one);
      },
      max);
}

/// What is in `field`, or an empty object.
std::optional<dom::object> Reader::object_in(const dom::object& object, std::string_view field) {
  const auto value = find(object, field);
  if (!value) return std::nullopt;
  dom::object result;
  if (value->get(result) == simdjson::SUCCESS) return result;
  refuse(field, "an object");
  return std::nullopt;
}

void Reader::append_any_value(const dom::object& value, JsonWriter& json, int depth) {
  if (depth > kOtlpDepthMax) return refuse("value", "nested at most " + std::to_string(kOtlpDepthMax) + " deep");
  if (find(value, "boolValue")) {
    json.boolean(boolean(value, "boolValue"));
  } else if (find(value, "intValue")) {
    json.integer(integer<std::int64_t>(value, "intValue"));
  } else if (const auto number = real(value, "doubleValue")) {
    json.raw(otlp_number(*number));
  } else if (const auto list = object_in(value, "arrayValue")) {
    json.begin_array();
    each_object(*list, "values", [&](const dom::object& item) { append_any_value(item, json, depth + 1); });
    json.end_array();
  } else if (const auto map = object_in(value, "kvlistValue")) {
    json.begin_object();
    each_object(*map, "values", [&](const dom::object& item) {
      json.key(text(item, "key"));
      if (const auto held = object_in(item, "value")) {
        append_any_value(*held, json, depth + 1);
      } else {
        json.null();
      }
    });
    json.end_object();
  } else if (find(value, "bytesValue")) {
    json.string(text(value, "bytesValue"));
  } else if (find(value, "stringValue")) {
    json.string(text(value, "stringValue"));
  } else {
    json.null();
  }
}

OtlpAttributes Reader::attributes(const dom::object& object, std::string_view field) {
  OtlpAttributes result;
  each_object(object, field, [&](const dom::object& item) {
    auto& attribute = result.emplace_back(text(item, "key"), "");
    const auto value = object_in(item, "value");
    if (!value) return;
    if (find(*value, "stringValue")) {
      attribute.value = text(*value, "stringValue");
    } else if (find(*value, "bytesValue")) {
      attribute.value = text(*value, "bytesValue");  // base64 already
    } else if (value->size() > 0) {
      JsonWriter json;
      append_any_value(*value, json, 0);
      if (json.text() != "null") attribute.value = std::move(json).take();
    }
  });
  return result;
}

/// asDouble or asInt.
std::optional<double> Reader::number_value(const dom::object& object) {
  if (find(object, "asInt")) return static_cast<double>(integer<std::int64_t>(object, "asInt"));
  return real(object, "asDouble");
}

OtlpBuckets Reader::buckets(const dom::object& object, std::string_view field) {
  OtlpBuckets result;
  const auto value = object_in(object, field);
  if (!value) return result;
  result.offset = integer<std::int32_t>(*value, "offset");
  each(*value, "bucketCounts",
       [&](const dom::element& item) { result.counts.push_back(integer_of<std::uint64_t>(item, "bucketCounts")); });
  return result;
}

OtlpPoint Reader::read_point(const dom::object& object, Kind kind) {
  OtlpPoint point;
  point.attributes = attributes(object, "attributes");
  point.time_ns = integer<std::uint64_t>(object, "timeUnixNano");
  point.flags = integer<std::uint32_t>(object, "flags");
  each_object(object, "exemplars", [&](const dom::object& item) {
    OtlpExemplar exemplar{.attributes = attributes(item, "filteredAttributes"),
                          .trace_id = text(item, "traceId"),
                          .span_id = text(item, "spanId"),
                          .time_ns = integer<std::uint64_t>(item, "timeUnixNano")};
    exemplar.value = number_value(item).value_or(0);
    point.exemplars.push_back(std::move(exemplar));
  });
  if (kind == Kind::Gauge || kind == Kind::Sum) {
    point.value = number_value(object);
    return point;
  }
  point.count = integer<std::uint64_t>(object, "count");
  point.sum = real(object, "sum");
  if (kind == Kind::Histogram) {
    each(object, "bucketCounts", [&](const dom::element& item) {
      point.bucket_counts.push_back(integer_of<std::uint64_t>(item, "bucketCounts"));
    });
    each(object, "explicitBounds",
         [&](const dom::element& item) { point.bounds.push_back(real_of(item, "explicitBounds")); });
  } else if (kind == Kind::ExponentialHistogram) {
    point.scale = integer<std::int32_t>(object, "scale");
    point.zero_count = integer<std::uint64_t>(object, "zeroCount");
    point.zero_threshold = real(object, "zeroThreshold").value_or(0);
    point.positive = buckets(object, "positive");
    point.negative = buckets(object, "negative");
  } else {
    point.sum = point.sum.value_or(0);  // not optional here
    each_object(object, "quantileValues", [&](const dom::object& item) {
      point.quantile_values.emplace_back(real(item, "quantile").value_or(0), real(item, "value").value_or(0));
    });
  }
  return point;
}

OtlpMetric::Temporality Reader::temporality(const dom::object& data) {
  const auto value = find(data, "aggregationTemporality");
  if (!value) return OtlpMetric::Temporality::Unspecified;
  // A number in OTLP; protobuf's JSON elsewhere writes the name.
  std::string_view name;
  if (value->get(name) == simdjson::SUCCESS) {
    if (name == "AGGREGATION_TEMPORALITY_DELTA") return OtlpMetric::Temporality::Delta;
    if (name == "AGGREGATION_TEMPORALITY_CUMULATIVE") return OtlpMetric::Temporality::Cumulative;
    if (name == "AGGREGATION_TEMPORALITY_UNSPECIFIED") return OtlpMetric::Temporality::Unspecified;
  }
  const auto number = integer_of<std::int32_t>(*value, "aggregationTemporality");
  return number == 1   ? OtlpMetric::Temporality::Delta
         : number == 2 ? OtlpMetric::Temporality::Cumulative
                       : OtlpMetric::Temporality::Unspecified;
}

void Reader::read_metric(const dom::object& object) {
  OtlpMetric metric{
      .name = text(object, "name"), .description = text(object, "description"), .unit = text(object, "unit")};
  std::optional<dom::object> data;
  for (const auto& [field, kind] :
       {std::pair{"gauge", Kind::Gauge}, std::pair{"sum", Kind::Sum}, std::pair{"histogram", Kind::Histogram},
        std::pair{"exponentialHistogram", Kind::ExponentialHistogram}, std::pair{"summary", Kind::Summary}}) {
    if (const auto found = object_in(object, field)) {
      data = found;
      metric.kind = kind;
    }
  }
  const auto kind = metric.kind;
  if (data && kind != Kind::Gauge && kind != Kind::Summary) metric.temporality = temporality(*data);
  if (data && kind == Kind::Sum) metric.is_monotonic = boolean(*data, "isMonotonic");
  sink_.begin_metric(std::move(metric));
  if (!data) return;
  each_object(
      *data, "dataPoints",
      [&](const dom::object& item) {
        const auto point = read_point(item, kind);
        if (!ended()) stopped_ = !sink_.take_point(point);
      },
      kAnyNumber);
}

void Reader::read_request(const dom::object& request) {
  each_object(
      request, "resourceMetrics",
      [&](const dom::object& resource_metrics) {
        const auto resource = object_in(resource_metrics, "resource");
        sink_.begin_resource(resource ? attributes(*resource, "attributes") : OtlpAttributes{});
        each_object(
            resource_metrics, "scopeMetrics",
            [&](const dom::object& scope_metrics) {
              each_object(
                  scope_metrics, "metrics", [&](const dom::object& metric) { read_metric(metric); }, kAnyNumber);
            },
            kAnyNumber);
        sink_.end_resource();
      },
      kAnyNumber);
}

}  // namespace

Result<void> read_otlp_json(std::string_view json, OtlpSink& sink) {
  dom::parser parser;
  dom::object request;
  const simdjson::padded_string padded(json);
  if (const auto error = parser.parse(padded).get(request); error != simdjson::SUCCESS)
    return invalid_argument("the body is not a JSON object: " + std::string(simdjson::error_message(error)));
  Reader reader(sink);
  reader.read_request(request);
  return reader.outcome();
}

}  // namespace mamori::ingest
