#include "spec/detail/markdown.h"

#include <algorithm>

#include "base/text.h"

namespace mamori::spec {

namespace {

struct Fence {
  char mark = 0;
  std::size_t length = 0, indent = 0;
  std::string language;
};

/// The fence that `line` opens or closes; mark 0 when it is none.
Fence read_fence(std::string_view line) {
  Fence fence;
  fence.indent = std::min(line.find_first_not_of(' '), line.size());
  if (fence.indent > 3 || fence.indent == line.size()) return {};
  const char mark = line[fence.indent];
  if (mark != '`' && mark != '~') return {};
  const std::string_view rest = line.substr(fence.indent);
  fence.length = std::min(rest.find_first_not_of(mark), rest.size());
  if (fence.length < 3) return {};
  fence.mark = mark;
  const std::string_view info = trim(rest.substr(fence.length));
  fence.language = to_lower(info.substr(0, info.find_first_of(" \t{")));
  return fence;
}

}  // namespace

Markdown take_apart(std::string_view text, int file) {
  Markdown parts;
  Fence open;
  Block block;
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const Fence fence = read_fence(line);
    if (open.mark == 0) {
      if (fence.mark == 0) {
        parts.prose.push_back({{file, number, 1}, std::string(line), false});
        continue;
      }
      open = fence;
      block = Block{fence.language, {file, number + 1, 1}, {}};
      continue;
    }
    if (fence.mark == open.mark && fence.length >= open.length && fence.language.empty()) {
      parts.blocks.push_back(std::move(block));
      block = {};
      open = {};
    } else if (open.language == "markdown" || open.language == "md") {
      parts.prose.push_back({{file, number, 1}, std::string(line), true});
    } else {
      block.lines.emplace_back(line);
    }
  }
  if (open.mark != 0) parts.blocks.push_back(std::move(block));
  return parts;
}

bool is_markdown_name(std::string_view name) {
  const std::string lower = to_lower(name);
  return lower.ends_with(".md") || lower.ends_with(".markdown");
}

}  // namespace mamori::spec
