// What stands for an amount of memory in an option or a header: any bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/size.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = mamori::parse_size({reinterpret_cast<const char*>(data), size});
  if (!bytes) return 0;
  const auto again = mamori::parse_size(mamori::format_size(*bytes));
  if (!again || *again != *bytes) std::abort();
  return 0;
}
