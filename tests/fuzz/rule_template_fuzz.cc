// Any bytes as a template of an alert: reading and expanding end within their bounds; a mistake has a place in the
// text.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rules/template.h"

using mamori::Result;
namespace rules = mamori::rules;

namespace {

Result<std::vector<rules::TemplateSample>> ask(std::string_view query) {
  if (query.find('!') != std::string_view::npos) return mamori::invalid_argument("refused");
  return std::vector<rules::TemplateSample>{{.labels = {{"__name__", "up"}, {"job", "a"}}, .value = 1.5},
                                            {.labels = {{"job", "b"}}, .value = -0.0},
                                            {.labels = {}, .value = std::string("{count:1}")}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  rules::TemplateMistake mistake;
  const auto parsed = rules::Template::parse("fuzz", text, &mistake);
  if (!parsed) {
    if (parsed.error().message.empty() || mistake.offset > size) std::abort();
    return 0;
  }
  const rules::TemplateData given{.labels = {{"instance", "h:9100"}, {"job", "shop"}},
                                  .value = 1234.5,
                                  .external_labels = {{"region", "tokyo"}},
                                  .external_url = "http://p:9090/x",
                                  .now = mamori::Timestamp{mamori::Seconds{1'700'000'000}},
                                  .query = ask};
  const rules::TemplateBounds bounds{.steps = 2'000, .output_bytes = 20'000, .queries = 5};
  const auto expanded = parsed->expand(given, bounds);
  if (expanded && expanded->size() > bounds.output_bytes) std::abort();
  if (!expanded && expanded.error().message.empty()) std::abort();
  return 0;
}
