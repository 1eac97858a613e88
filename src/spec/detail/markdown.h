// spec/detail/markdown.h: takes a Markdown file apart: fenced blocks by language, and the prose between them. Knows
// nothing about what they mean. Positions are those of the Markdown file.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "spec/detail/node.h"

namespace mamori::spec {

struct Markdown {
  std::vector<Block> blocks;
  std::vector<ProseLine> prose;
};

/// Fences are ``` or ~~~ with an optional language; one that is never closed ends with the file (CommonMark 4.5).
/// The lines of a fence marked `markdown` count as prose.
Markdown take_apart(std::string_view text, int file);

bool is_markdown_name(std::string_view name);

}  // namespace mamori::spec
