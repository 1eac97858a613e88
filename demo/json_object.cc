#include "demo/json_object.h"

#include <simdjson.h>

#include <charconv>

namespace mamori::demo {

Result<JsonObject> JsonObject::parse(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get_object().get(object) != simdjson::SUCCESS) {
    return invalid_argument("the message is not a JSON object");
  }
  JsonObject read;
  for (const auto field : object) {
    std::string_view text;
    if (field.value.is_null()) continue;
    if (field.value.get_string().get(text) == simdjson::SUCCESS) {
      read.values_.emplace(field.key, text);
    } else {
      read.values_.emplace(field.key, simdjson::minify(field.value));
    }
  }
  return read;
}

std::string JsonObject::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string{} : found->second;
}

std::int64_t JsonObject::integer(std::string_view name, std::int64_t fallback) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return fallback;
  std::int64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, error] = std::from_chars(found->second.data(), end, value);
  return error == std::errc{} && stop == end ? value : fallback;
}

std::vector<std::string> json_array_items(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  std::vector<std::string> items;
  if (parser.parse(json.data(), json.size()).get_array().get(array) != simdjson::SUCCESS) return items;
  for (const auto item : array) items.push_back(simdjson::minify(item));
  return items;
}

}  // namespace mamori::demo
