#include "ingest/otlp_attribute.h"

#include <bit>

#include "base/json.h"
#include "ingest/protobuf_reader.h"

namespace mamori::ingest {
namespace {

/// One AnyValue, appended to `json` as JSON. False if it is malformed or too deep.
bool append_any_value(std::string_view message, JsonWriter& json, int depth);

bool append_list(std::string_view message, JsonWriter& json, int depth) {
  json.begin_array();
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() != 1) {
      in.skip();
    } else if (!append_any_value(in.bytes(), json, depth + 1)) {
      return false;
    }
  }
  json.end_array();
  return in.ok();
}

bool append_map(std::string_view message, JsonWriter& json, int depth) {
  json.begin_object();
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() != 1) {
      in.skip();
      continue;
    }
    std::string_view key, value;
    ProtobufReader pair(in.bytes());
    while (pair.next()) {
      if (pair.field() == 1) {
        key = pair.bytes();
      } else if (pair.field() == 2) {
        value = pair.bytes();
      } else {
        pair.skip();
      }
    }
    json.key(key);
    if (!pair.ok() || !append_any_value(value, json, depth + 1)) return false;
  }
  json.end_object();
  return in.ok();
}

struct AnyValue {
  std::uint32_t field = 0;  // 0: none
  std::string_view bytes;
  std::uint64_t number = 0;
};

bool read_any_value(std::string_view message, AnyValue& value) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
      case 5:
      case 6:
      case 7:
        value = {in.field(), in.bytes(), 0};
        break;
      case 2:
      case 3:
        value = {in.field(), {}, in.varint()};
        break;
      case 4:
        value = {in.field(), {}, in.fixed64()};
        break;
      default:
        in.skip();
    }
  }
  return in.ok();
}

bool append_any_value(std::string_view message, JsonWriter& json, int depth) {
  AnyValue value;
  if (depth > kOtlpDepthMax || !read_any_value(message, value)) return false;
  switch (value.field) {
    case 1:
      json.string(value.bytes);
      return true;
    case 2:
      json.boolean(value.number != 0);
      return true;
    case 3:
      json.integer(static_cast<std::int64_t>(value.number));
      return true;
    case 4:
      json.raw(otlp_number(std::bit_cast<double>(value.number)));
      return true;
    case 5:
      return append_list(value.bytes, json, depth);
    case 6:
      return append_map(value.bytes, json, depth);
    case 7:
      json.string(base64(value.bytes));
      return true;
    default:
      json.null();
      return true;
  }
}

bool read_value_text(std::string_view message, std::string& text) {
  AnyValue value;
  if (!read_any_value(message, value)) return false;
  JsonWriter json;
  switch (value.field) {
    case 0:
      text.clear();
      return true;
    case 1:
      text = value.bytes;
      return true;
    case 7:
      text = base64(value.bytes);
      return true;
    default:
      if (!append_any_value(message, json, 0)) return false;
      text = std::move(json).take();
      return true;
  }
}

}  // namespace

bool read_otlp_attribute(std::string_view message, OtlpAttributes& attributes) {
  OtlpAttribute attribute;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      attribute.key = in.bytes();
    } else if (in.field() == 2) {
      if (!read_value_text(in.bytes(), attribute.value)) return false;
    } else {
      in.skip();
    }
  }
  if (attributes.size() >= kOtlpListMax) return false;
  attributes.push_back(std::move(attribute));
  return in.ok();
}

}  // namespace mamori::ingest
