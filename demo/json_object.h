// demo/json_object.h: reads one JSON object into names and texts; all that the demo's small messages need.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mamori::demo {

class JsonObject {
 public:
  /// Errors: InvalidArgument unless `json` is one JSON object.
  static Result<JsonObject> parse(std::string_view json);

  /// A string's text, or any other value's JSON text ("true", "12", "{…}"); "" when absent or null.
  std::string text(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t fallback) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// The JSON texts of an array's items; none when `json` is no array.
std::vector<std::string> json_array_items(std::string_view json);

}  // namespace mamori::demo
