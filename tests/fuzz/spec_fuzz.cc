// Any bytes as a spec, in YAML and in Markdown: loading ends, and every finding has a known id and a place.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "spec/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"a.yaml", "a.md"}) {
    const auto loaded = mamori::spec::load_text(name, text);
    for (const auto& diagnostic : loaded.diagnostics) {
      if (diagnostic.line < 0 || diagnostic.column < 0 || !mamori::spec::explain(diagnostic.id)) std::abort();
      (void)mamori::spec::to_string(diagnostic);
    }
    (void)mamori::spec::to_json(loaded.diagnostics);
  }
  return 0;
}
