// Fuzzes the log query language: any text is parsed or refused with a caret, and what is parsed can be matched.
#include <cstdint>
#include <string_view>

#include "logs/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori;
  constexpr std::string_view kLine =
      R"({"status":"failed","amount":1200,"a":{"b":["x y",true,null]},"t":"2026-01-31T12:00:00Z","note":"支払い"})";
  const auto query = logs::Query::parse({reinterpret_cast<const char*>(data), size});
  if (query) {
    (void)query->matches(logs::Line{"payment_logs", Timestamp{Seconds{1'800'000'000}}, kLine});
  } else {
    MAMORI_ASSERT(query.error().code == Code::InvalidArgument);
  }
  return 0;
}
