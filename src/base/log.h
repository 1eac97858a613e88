// base/log.h: the program's own log, one logfmt line per event on stderr: ts=… level=… msg="…" key=value.
// Thread-safe. Nothing logged may hold a secret or a card number: the caller masks before, and the writer masks
// card-number-like runs once more.
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace mamori {

enum class LogLevel { Debug, Info, Warn, Error };

/// A key and its value as text.
struct LogField {
  LogField(std::string_view key_, std::string_view value_) : key(key_), value(value_) {}
  LogField(std::string_view key_, const char* value_) : key(key_), value(value_) {}
  LogField(std::string_view key_, const std::string& value_) : key(key_), value(value_) {}
  LogField(std::string_view key_, std::integral auto value_) : key(key_), value(std::to_string(value_)) {}
  LogField(std::string_view key_, double value_);
  std::string_view key;
  std::string value;
};

/// Lines below `level` are not written. Default: Info.
void set_log_level(LogLevel level);

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Info, message, fields);
}
inline void log_warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Warn, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Error, message, fields);
}

}  // namespace mamori
