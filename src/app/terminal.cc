#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/text.h"

namespace mamori::app {
namespace {

constexpr std::size_t kColumnsMin = 40, kColumnsMax = 500;  // narrower shows nothing; wider is a mistake in COLUMNS

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::size_t find_columns() {
  const auto given = environment("COLUMNS");
  std::size_t columns = 0;
  if (std::from_chars(given.data(), given.data() + given.size(), columns).ec == std::errc{} && columns > 0)
    return columns;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// By POSIX, the first of these that is set decides. None set: a machine without locales, whose terminal is modern.
bool speaks_utf8() {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = to_lower(environment(name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return true;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Terminal find_terminal() {
  const bool plain = !environment("NO_COLOR").empty() || environment("TERM") == "dumb";
  return {.columns = std::clamp(find_columns(), kColumnsMin, kColumnsMax),
          .color = !plain && ::isatty(STDOUT_FILENO) == 1,
          .utf8 = speaks_utf8()};
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

std::string shortened(std::string_view text, std::size_t columns, bool utf8) {
  if (display_width(text) <= columns) return std::string(text);
  std::size_t end = 0;
  for (std::size_t shown = 0; end < text.size(); ++end) {
    if (!continues_character(text[end]) && ++shown >= columns) break;
  }
  return std::string(text.substr(0, end)) + (utf8 ? "…" : "~");
}

}  // namespace mamori::app
