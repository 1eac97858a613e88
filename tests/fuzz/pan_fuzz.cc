// Fuzzes the card-number scanner: it must neither crash nor leave behind a number that it has found.
#include <cstdint>
#include <string>

#include "base/pan.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::string text = input;
  MAMORI_ASSERT(mamori::mask_pans(text) >= mamori::find_pans(input).size());
  MAMORI_ASSERT(mamori::find_pans(text).empty());
  MAMORI_ASSERT(text.size() == input.size());
  std::string json = input;
  mamori::mask_pans_in_json(json);
  return 0;
}
