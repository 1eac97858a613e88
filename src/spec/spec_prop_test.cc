// For any text: loading ends, every finding has a known id and a place inside the text; for any duration: what is
// written is read back; for any order of files: the findings are the same.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/text.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"
#include "spec/spec.h"

namespace mamori::spec {
namespace {

std::string read(const std::string& name) {
  std::ifstream file(std::string(MAMORI_SOURCE_DIR) + "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::string& document() {
  static const std::string text = read("tests/golden/spec/log-verbatim.yaml");
  return text;
}

void check_places(const std::string& name, const std::string& text) {
  const Loaded loaded = load_text(name, text);
  const auto lines = split(text, '\n');
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    RC_ASSERT(find_rule(diagnostic.id) != nullptr);
    RC_ASSERT(diagnostic.line >= 0);
    RC_ASSERT(static_cast<std::size_t>(diagnostic.line) <= lines.size());
    RC_ASSERT(diagnostic.column >= 0);
    RC_ASSERT(static_cast<std::size_t>(diagnostic.column) <= text.size() + 1);
    RC_ASSERT(!diagnostic.message.empty());
    RC_ASSERT(!diagnostic.fix.empty());
  }
}

RC_GTEST_PROP(SpecProperty, AnyMutationOfADocumentIsJudgedWithPlacesInside, ()) {
  std::string text = document();
  const std::string letters = "[]{}:,-#&*!|>'\"%@`\n \t\r0a\xE3$<";
  for (int i = *rc::gen::inRange(1, 8); i > 0; --i) {
    const auto at = static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(0, text.size()));
    const auto letter = letters[*rc::gen::inRange<std::size_t>(0, letters.size())];
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = letter;
        break;
      case 1:
        text.insert(at, 1, letter);
        break;
      case 2:
        text.erase(at, *rc::gen::inRange<std::size_t>(1, 30));
        break;
      default:
        text.insert(at, text.substr(*rc::gen::inRange<std::size_t>(0, text.size()), 40));
    }
    if (text.empty()) text = "a";
  }
  check_places("a.yaml", text);
  check_places("a.md", "```yaml\n" + text + "\n```\n");
}

RC_GTEST_PROP(SpecProperty, AnyBytesAreJudged, (const std::string& text)) {
  check_places("a.yaml", text);
  check_places("a.md", text);
}

RC_GTEST_PROP(SpecProperty, ADurationThatIsWrittenIsReadBack, ()) {
  const Nanos duration = Millis{*rc::gen::inRange<std::int64_t>(0, 40LL * 365 * 86'400'000)};
  const auto back = read_duration(format_duration(duration));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == duration);
}

RC_GTEST_PROP(SpecProperty, ANetworkIsRefusedExactlyWhenAnOctetOrThePrefixIsTooLarge, ()) {
  std::string text;
  bool fits = true;
  for (int i = 0; i < 4; ++i) {
    const int octet = *rc::gen::inRange(0, 400);
    fits = fits && octet <= 255;
    text += std::to_string(octet) + (i < 3 ? "." : "/");
  }
  const int prefix = *rc::gen::inRange(0, 40);
  fits = fits && prefix <= 32;
  RC_ASSERT(read_cidr(text + std::to_string(prefix)).has_value() == fits);
}

RC_GTEST_PROP(SpecProperty, TheOrderOfSectionsDoesNotMatter, ()) {
  std::vector<std::string> sections;
  for (const std::string_view line : split(document(), '\n')) {
    const bool key = !line.empty() && line[0] != ' ' && line[0] != '#';
    if (key) sections.emplace_back();
    if (!sections.empty()) sections.back() += std::string(line) + "\n";
  }
  const auto ids = [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += part + "---\n";
    std::multiset<std::string> found;
    for (const Diagnostic& diagnostic : load_text("a.yaml", text).diagnostics) found.insert(diagnostic.message);
    return found;
  };
  const auto before = ids(sections);
  RC_ASSERT(before.size() > 20u);
  for (std::size_t i = sections.size(); i > 1; --i)
    std::swap(sections[i - 1], sections[*rc::gen::inRange<std::size_t>(0, i)]);
  RC_ASSERT(ids(sections) == before);
}

}  // namespace
}  // namespace mamori::spec
