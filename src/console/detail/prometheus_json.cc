#include "console/detail/prometheus_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "metrics/histogram_buckets.h"

namespace mamori::console {
namespace {

int status_of(std::string_view type) {
  if (type == "bad_data") return 400;
  if (type == "not_found") return 404;
  if (type == "execution") return 422;
  if (type == "not_acceptable") return 406;
  if (type == "canceled") return 499;
  if (type == "timeout" || type == "unavailable") return 503;
  return 500;
}

constexpr std::size_t kNotesMax = 10;  // of each kind, as Prometheus: a query may warn once per series

void append_notes(std::string& out, std::string_view kind, const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  out += ",\"" + std::string(kind) + "s\":[";
  const auto shown = std::min(notes.size(), kNotesMax);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ',';
    append_json_string(out, notes[i]);
  }
  if (notes.size() > shown)
    out += ",\"" + std::to_string(notes.size() - shown) + " more " + std::string(kind) + " annotations omitted\"";
  out += ']';
}

/// Digits and a power of ten without an exponent: "12345", 2 -> "123.45". std::to_chars' fixed form writes all digits
/// of a large whole number; Go's writes the shortest ones and zeros.
void append_fixed(std::string& out, std::string_view digits, int point) {
  if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else if (static_cast<std::size_t>(point) >= digits.size()) {
    out += digits;
    out.append(static_cast<std::size_t>(point) - digits.size(), '0');
  } else {
    out += digits.substr(0, static_cast<std::size_t>(point));
    out += '.';
    out += digits.substr(static_cast<std::size_t>(point));
  }
}

/// Writes seconds, returns the end. Takes at most 24 bytes.
char* write_time(char* at, std::int64_t time_ms) {
  const bool negative = time_ms < 0;
  const auto size = negative ? 0 - static_cast<std::uint64_t>(time_ms) : static_cast<std::uint64_t>(time_ms);
  if (negative) *at++ = '-';
  at = std::to_chars(at, at + 20, size / 1000).ptr;
  const auto millis = static_cast<int>(size % 1000);
  if (millis == 0) return at;
  *at++ = '.';
  *at++ = static_cast<char>('0' + millis / 100);
  *at++ = static_cast<char>('0' + millis / 10 % 10);
  *at++ = static_cast<char>('0' + millis % 10);
  return at;
}

/// Writes a value whose shortest digits need no exponent and no zeros behind them, returns the end; null for another.
/// Takes at most 32 bytes.
char* write_usual_value(char* at, double value) {
  const double size = std::fabs(value);
  if (!(size < 1e15) || (size < 1e-6 && size != 0)) return nullptr;
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value && !(whole == 0 && std::signbit(value))) {
    return std::to_chars(at, at + 24, whole).ptr;
  }
  return std::to_chars(at, at + 32, value, std::chars_format::fixed).ptr;
}

void append_unusual_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const double size = std::fabs(value);
  if (size < 1e-6 || size >= 1e21) {
    out += text;
    return;
  }
  const bool negative = text.starts_with('-');
  const auto e = text.find('e');
  std::string digits(text.substr(negative ? 1 : 0, e - (negative ? 1 : 0)));
  std::erase(digits, '.');
  int exponent = 0;
  const auto exponent_text = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  if (negative) out += '-';
  append_fixed(out, digits, exponent + 1);
}

}  // namespace

std::string begin_prometheus_success() { return R"({"status":"success","data":)"; }

net::Response end_prometheus_success(std::string body, const std::vector<std::string>& warnings,
                                     const std::vector<std::string>& infos) {
  append_notes(body, "warning", warnings);
  append_notes(body, "info", infos);
  body += '}';
  return net::Response::json(200, std::move(body));
}

net::Response prometheus_success(std::string_view data, const std::vector<std::string>& warnings,
                                 const std::vector<std::string>& infos) {
  return end_prometheus_success(begin_prometheus_success().append(data), warnings, infos);
}

net::Response prometheus_error(std::string_view type, std::string_view message) {
  JsonWriter json;
  json.begin_object().field("status", "error").field("errorType", type).field("error", message).end_object();
  return net::Response::json(status_of(type), std::move(json).take());
}

void append_api_time(std::string& out, std::int64_t time_ms) {
  char buffer[32];
  out.append(buffer, write_time(buffer, time_ms));
}

void append_api_value(std::string& out, double value) {
  char buffer[40];
  if (auto* const end = write_usual_value(buffer, value)) {
    out.append(buffer, end);
  } else {
    append_unusual_value(out, value);
  }
}

std::string api_texts(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

void append_api_labels(std::string& out, const metrics::Labels& labels) {
  out += '{';
  bool first = true;
  for (const auto& [name, value] : labels) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}

void append_api_sample(std::string& out, const metrics::Sample& sample) {
  // A large answer is mostly samples: each is written in place and appended once.
  char buffer[96];
  buffer[0] = '[';
  char* at = write_time(buffer + 1, sample.time_ms);
  at = std::copy_n(",\"", 2, at);
  if (auto* const end = write_usual_value(at, sample.value)) {
    at = end;
  } else {
    out.append(buffer, at);
    append_unusual_value(out, sample.value);
    at = buffer;
  }
  at = std::copy_n("\"]", 2, at);
  out.append(buffer, at);
}

void append_api_histogram(std::string& out, const metrics::HistogramPoint& point) {
  const auto quoted = [&](double value) {
    out += '"';
    append_api_value(out, value);
    out += '"';
  };
  out += '[';
  append_api_time(out, point.time_ms);
  out += ",{\"count\":";
  quoted(point.value->count);
  out += ",\"sum\":";
  quoted(point.value->sum);
  std::vector<metrics::HistogramBucket> buckets;
  metrics::list_buckets(*point.value, buckets);
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto& bucket = buckets[i];
    out += i == 0 ? ",\"buckets\":[[" : ",[";
    const char with_upper = bucket.lower_inclusive ? '3' : '0', without = bucket.lower_inclusive ? '1' : '2';
    out += bucket.upper_inclusive ? with_upper : without;
    for (const double number : {bucket.lower, bucket.upper, bucket.count}) {
      out += ',';
      quoted(number);
    }
    out += ']';
  }
  out += buckets.empty() ? "}]" : "]}]";
}

}  // namespace mamori::console
