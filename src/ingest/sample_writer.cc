#include "ingest/sample_writer.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "ingest/protobuf_writer.h"

namespace mamori::ingest {
namespace {

bool is_plain_name(std::string_view name, bool colon) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!letter && !(colon && c == ':')) return false;
  }
  return true;
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  out += '"';
}

void append_value(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
  }
}

/// Seconds with thousandths.
void append_time(std::int64_t time_ms, std::string& out) {
  const bool negative = time_ms < 0;
  const auto absolute = negative ? 0 - static_cast<std::uint64_t>(time_ms) : static_cast<std::uint64_t>(time_ms);
  char text[32];
  std::snprintf(text, sizeof text, "%s%llu.%03llu", negative ? "-" : "",
                static_cast<unsigned long long>(absolute / 1000), static_cast<unsigned long long>(absolute % 1000));
  out += text;
}

ProtobufWriter spans_of(const metrics::BucketSpan& span) {
  ProtobufWriter out;
  out.sint64(1, span.offset).varint(2, span.length);
  return out;
}

ProtobufWriter histogram_message(const metrics::HistogramPoint& point) {
  const auto& h = *point.value;
  ProtobufWriter out;
  out.float64(2, h.count).float64(3, h.sum).sint64(4, h.schema).float64(5, h.zero_threshold).float64(7, h.zero_count);
  for (const auto& span : h.negative_spans) out.message(8, spans_of(span));
  if (!h.negative.empty()) out.packed_doubles(10, h.negative);
  for (const auto& span : h.positive_spans) out.message(11, spans_of(span));
  if (!h.positive.empty()) out.packed_doubles(13, h.positive);
  out.varint(14, static_cast<std::uint64_t>(h.reset)).int64(15, point.time_ms);
  if (!h.custom_bounds.empty()) out.packed_doubles(16, h.custom_bounds);
  return out;
}

}  // namespace

void write_openmetrics_head(std::string_view metric, std::string& out) {
  out += "# TYPE ";
  is_plain_name(metric, true) ? void(out += metric) : append_quoted(metric, out);
  out += " unknown\n";
}

std::size_t write_openmetrics(const metrics::SeriesData& series, std::string& out) {
  std::string name;
  const auto metric = series.labels.get(metrics::kMetricName);
  const bool plain = is_plain_name(metric, true);
  if (plain) name += metric;
  std::string inner;
  if (!plain && !metric.empty()) append_quoted(metric, inner);
  for (const auto& [label, value] : series.labels) {
    if (label == metrics::kMetricName) continue;
    if (!inner.empty()) inner += ',';
    is_plain_name(label, false) ? void(inner += label) : append_quoted(label, inner);
    inner += '=';
    append_quoted(value, inner);
  }
  if (!inner.empty()) name += "{" + inner + "}";
  for (const auto& [time_ms, value] : series.samples) {
    if (metrics::is_stale_nan(value)) continue;
    out += name;
    out += ' ';
    append_value(value, out);
    out += ' ';
    append_time(time_ms, out);
    out += '\n';
  }
  return series.histograms.size();
}

std::string remote_write_message(std::span<const metrics::SeriesData> series) {
  ProtobufWriter request;
  for (const auto& one : series) {
    ProtobufWriter message;
    for (const auto& [name, value] : one.labels) {
      ProtobufWriter label;
      label.bytes(1, name).bytes(2, value);
      message.message(1, label);
    }
    for (const auto& [time_ms, value] : one.samples) {
      ProtobufWriter sample;
      sample.float64(1, value).int64(2, time_ms);
      message.message(2, sample);
    }
    for (const auto& point : one.histograms) message.message(4, histogram_message(point));
    request.message(1, message);
  }
  return std::move(request).take();
}

}  // namespace mamori::ingest
