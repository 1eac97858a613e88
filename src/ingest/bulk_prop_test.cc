#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include "ingest/bulk.h"
#include "ingest/fake_store.h"

namespace mamori::ingest {
namespace {

struct Step {
  std::string action;  // the action line's key
  std::string text;    // the lines that go into the body
  int status = 0;
};

std::vector<Step> steps() {
  return {
      {"index", "{\"index\":{\"_index\":\"payment_logs\"}}\n{\"status\":\"failed\"}\n", 201},
      {"create", "{\"create\":{\"_index\":\"security_logs\",\"_id\":7}}\r\n{\"a\":[1,{\"b\":null}]}\r\n", 201},
      {"index", "{\"index\":{\"_index\":\"payment_logs\"}}\n{\"status\":\"ok\"}\n", 400},
      {"index", "{\"index\":{\"_index\":\"nginx\"}}\n{}\n", 400},
      {"create", "{\"create\":{\"_index\":\"payment_logs\"}}\n{\"x\":\n", 400},
      {"create", "{\"create\":{\"_index\":\"payment_logs\"}}\n\n", 400},
      {"delete", "{\"delete\":{\"_index\":\"payment_logs\",\"_id\":\"1\"}}\n", 400},
      {"update", "{\"update\":{\"_index\":\"payment_logs\",\"_id\":\"1\"}}\n{\"doc\":{}}\n", 400},
      {"index", "{\"index\":[]}\n{\"a\":1}\n", 400},
  };
}

RC_GTEST_PROP(Bulk, AnswersOneItemPerActionInOrder, ()) {
  const auto kinds = steps();
  const auto chosen = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, kinds.size()));
  RC_PRE(std::ranges::any_of(chosen, [&](std::size_t i) { return kinds[i].text.find("[]") == std::string::npos; }));
  std::string body;
  std::size_t accepted = 0;
  for (const auto i : chosen) {
    body += kinds[i].text;
    accepted += kinds[i].status == 201 ? 1 : 0;
  }
  FakeStore store;
  const FakeClock clock{Timestamp{Seconds{1'800'000'000}}};
  std::size_t told = 0;
  BulkIngest bulk{store, clock, 1, {}, [&](std::span<const Accepted> lines) { told += lines.size(); }};
  const auto answer = bulk.ingest(body, "", "");
  RC_ASSERT(answer.status == 200);

  simdjson::dom::parser parser;
  const simdjson::dom::element reply = parser.parse(answer.body);
  const simdjson::dom::array items = reply["items"];
  RC_ASSERT(items.size() == chosen.size());
  RC_ASSERT(bool(reply["errors"]) == (accepted != chosen.size()));
  std::size_t at = 0;
  for (const simdjson::dom::object item : items) {
    const Step& want = kinds[chosen[at++]];
    RC_ASSERT(item.size() == 1u);
    const auto field = *item.begin();
    RC_ASSERT(std::string(field.key) == want.action);
    RC_ASSERT(std::int64_t(field.value["status"]) == want.status);
  }
  RC_ASSERT(store.docs.size() == accepted);
  RC_ASSERT(told == accepted);
}

RC_GTEST_PROP(Bulk, TakesAnyBytesWithoutLosingTheGoodItem, (const std::string& noise)) {
  FakeStore store;
  const FakeClock clock{Timestamp{Seconds{1'800'000'000}}};
  BulkIngest bulk{store, clock, 1, {}, nullptr};
  std::string line = noise;
  std::erase(line, '\n');
  bulk.ingest(
      "{\"index\":{\"_index\":\"payment_logs\"}}\n" + line + "\n{\"index\":{\"_index\":\"payment_logs\"}}\n{\"n\":1}",
      "", "");
  RC_ASSERT(!store.docs.empty());
}

}  // namespace
}  // namespace mamori::ingest
