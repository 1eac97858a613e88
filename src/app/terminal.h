// app/terminal.h: what the terminal behind standard output can show.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mamori::app {

struct Terminal {
  std::size_t columns = 80;
  bool color = false;
  bool utf8 = true;
};

/// COLUMNS, else the kernel's word, else 80. Colours only on a terminal, not with NO_COLOR (no-color.org) or TERM=dumb.
Terminal find_terminal();

/// Columns that UTF-8 text takes, one per character: close enough for labels.
std::size_t display_width(std::string_view text);

/// The text, its end replaced by "…" (or "~" without UTF-8) when it is wider than `columns`.
std::string shortened(std::string_view text, std::size_t columns, bool utf8);

}  // namespace mamori::app
