#include "console/detail/prometheus_json.h"

#include <charconv>
#include <cmath>

#include "base/json.h"

namespace mamori::console {
namespace {

int status_of(std::string_view type) {
  if (type == "bad_data") return 400;
  if (type == "not_found") return 404;
  if (type == "execution") return 422;
  if (type == "timeout" || type == "canceled") return 503;
  return 500;
}

void append_notes(std::string& out, std::string_view name, const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  out += ",\"" + std::string(name) + "\":[";
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, notes[i]);
  }
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

}  // namespace

net::Response prometheus_success(std::string_view data, const std::vector<std::string>& warnings,
                                 const std::vector<std::string>& infos) {
  std::string body = R"({"status":"success","data":)";
  body += data;
  append_notes(body, "warnings", warnings);
  append_notes(body, "infos", infos);
  body += '}';
  return net::Response::json(200, std::move(body));
}

net::Response prometheus_error(std::string_view type, std::string_view message) {
  JsonWriter json;
  json.begin_object().field("status", "error").field("errorType", type).field("error", message).end_object();
  return net::Response::json(status_of(type), std::move(json).take());
}

void append_api_time(std::string& out, std::int64_t time_ms) {
  const bool negative = time_ms < 0;
  const auto size = negative ? 0 - static_cast<std::uint64_t>(time_ms) : static_cast<std::uint64_t>(time_ms);
  if (negative) out += '-';
  out += std::to_string(size / 1000);
  const auto millis = size % 1000;
  if (millis == 0) return;
  const auto text = std::to_string(1000 + millis);
  out += '.' + text.substr(1);
}

void append_api_value(std::string& out, double value) {
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
  if (size != 0 && (size < 1e-6 || size >= 1e21)) {
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
  out += '[';
  append_api_time(out, sample.time_ms);
  out += ",\"";
  append_api_value(out, sample.value);
  out += "\"]";
}

}  // namespace mamori::console
