#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <charconv>

#include "base/clock.h"
#include "base/json.h"
#include "base/pan.h"

namespace mamori {
namespace {

std::atomic<LogLevel> g_level{LogLevel::Info};

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warn:
      return "warn";
    case LogLevel::Error:
      return "error";
  }
  return "info";
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\\\t\r\n") != std::string_view::npos ||
         value.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "!#$%&'()*+,-./:;<>?@[]^_`{|}~") != std::string_view::npos;
}

}  // namespace

LogField::LogField(std::string_view key_, double value_) : key(key_) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value_);
  value.assign(buffer, end);
}

void set_log_level(LogLevel level) { g_level = level; }

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  std::string line = "ts=" + format_rfc3339(SystemClock{}.now()) + " level=" + std::string(name(level)) + " msg=";
  append_json_string(line, message);
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (needs_quotes(field.value)) {
      append_json_string(line, field.value);
    } else {
      line += field.value;
    }
  }
  mask_pans(line);
  line += '\n';
  // One write per line, so that lines of several threads do not mix. Nothing can be done if stderr is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mamori
