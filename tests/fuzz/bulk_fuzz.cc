// Fuzzes the _bulk body: any bytes give an answer that is JSON, and no card number gets through.
#include <simdjson.h>

#include <cstdint>
#include <string>

#include "base/pan.h"
#include "ingest/bulk.h"
#include "ingest/fake_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  ingest::FakeStore store;
  const FakeClock clock{Timestamp{Seconds{1'800'000'000}}};
  std::size_t told = 0;
  ingest::BulkIngest bulk{store, clock, 1, {.line_bytes_max = 1 << 16}, [&](std::span<const ingest::Accepted> lines) {
                            told += lines.size();
                          }};
  const auto answer = bulk.ingest(body, "payment_logs", "");
  simdjson::dom::parser parser;
  MAMORI_ASSERT(answer.status == 200 || answer.status == 400);
  MAMORI_ASSERT(parser.parse(answer.body).error() == simdjson::SUCCESS);
  MAMORI_ASSERT(told == store.docs.size());
  for (auto& line : store.docs) {
    MAMORI_ASSERT(parser.parse(line).error() == simdjson::SUCCESS);
    MAMORI_ASSERT(line.find('\n') == std::string::npos);
    MAMORI_ASSERT(mask_pans_in_json(line) == 0);
  }
  return 0;
}
