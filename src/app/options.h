// app/options.h: command-line options, each declared once: its help and its check come from the same line.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mamori::app {

struct Option {
  std::string_view name;           // "--listen"
  std::string_view value;          // what stands for its value in help: "ADDRESS:PORT"; "" for a switch
  std::string_view default_value;  // "" when there is none
  std::string_view help;           // with the unit and the bounds
  bool repeatable = false;
};

class ParsedOptions {
 public:
  /// The last value given, or the default.
  std::string get(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;  // given values only
  bool given(std::string_view name) const;
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  friend Result<ParsedOptions> parse_options(std::span<const Option>, std::span<const std::string_view>);
  std::span<const Option> options_;
  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::string> positional_;
};

/// Takes "--name VALUE", "--name=VALUE" and, for switches, "--name"; "--" ends the options. `options` must outlive the
/// result. Errors: InvalidArgument naming the flag and the nearest known one.
Result<ParsedOptions> parse_options(std::span<const Option> options, std::span<const std::string_view> args);

/// A line or two per option, aligned.
std::string options_help(std::span<const Option> options);

}  // namespace mamori::app
