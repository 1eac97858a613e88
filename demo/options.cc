#include "demo/options.h"

#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <vector>

#include "base/text.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace mamori::demo {
namespace {

using Setter = std::function<Result<void>(const std::string& value)>;

Error bad_value(std::string_view flag, const std::string& value, std::string_view takes) {
  return invalid_argument(std::string(flag) + " " + value + ": takes " + std::string(takes));
}

Setter text_of(std::string& target) {
  return [&target](const std::string& value) -> Result<void> {
    target = value;
    return {};
  };
}

template <typename Number>
bool read_number(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// Loopback only: the demo has no authentication worth the name.
Setter loopback_of(std::string_view flag, std::string& target) {
  return [flag, &target](const std::string& value) -> Result<void> {
    const auto colon = value.rfind(':');
    int port = -1;
    // IPv4 only: nginx, rsyslog and URLs each write an IPv6 address in another way.
    if (!value.starts_with("127.") || !net::is_loopback(value) || colon == std::string::npos ||
        !read_number(value.substr(colon + 1), port) || port < 0 || port > 65535) {
      return bad_value(flag, value, "a loopback address and port, such as 127.0.0.1:9650 (port 0: a free one)");
    }
    target = value;
    return {};
  };
}

Setter duration_of(std::string_view flag, Nanos longest, std::function<void(Nanos)> assign) {
  return [=](const std::string& value) -> Result<void> {
    const auto duration = value == "0" ? Result<Nanos>(Nanos{0}) : parse_duration(value);
    if (!duration || *duration > longest) {
      return bad_value(flag, value, "a duration up to " + format_duration(longest) + ", such as 90s, 10m or 1h");
    }
    assign(*duration);
    return {};
  };
}

std::map<std::string, Setter, std::less<>> setters_of(Options& options) {
  std::map<std::string, Setter, std::less<>> setters;
  const Command command = options.command;
  const bool role = command == Command::Shop || command == Command::Provider || command == Command::Traffic;
  if (!role) setters["--dir"] = text_of(options.dir);
  if (command == Command::Run || role) {
    setters["--seed"] = [&options](const std::string& value) -> Result<void> {
      std::uint64_t seed = 0;
      if (!read_number(value, seed)) return bad_value("--seed", value, "a whole number");
      options.seed = seed;
      options.role.seed = seed;
      return {};
    };
    setters["--rate"] = [&options](const std::string& value) -> Result<void> {
      double rate = 0;
      // 50: the shop's and the provider's threads carry about twice that.
      if (!read_number(value, rate) || !(rate > 0 && rate <= 50)) {
        return bad_value("--rate", value, "payments per second, above 0 and at most 50");
      }
      options.rate = rate;
      options.role.rate = rate;
      return {};
    };
  }
  if (command == Command::Run) {
    setters["--listen"] = loopback_of("--listen", options.listen);
    setters["--shop-listen"] = loopback_of("--shop-listen", options.shop_listen);
    setters["--notify"] = [&options](const std::string& value) -> Result<void> {
      const bool printable = value.find_first_of("\"\\\n\r") == std::string::npos;
      if (!printable || !net::parse_url(value)) return bad_value("--notify", value, "an http:// or https:// URL");
      options.notify = value;
      return {};
    };
    setters["--duration"] =
        duration_of("--duration", std::chrono::days{7}, [&options](Nanos value) { options.duration = value; });
    setters["--history"] =
        duration_of("--history", std::chrono::hours{24}, [&options](Nanos value) { options.history = value; });
  }
  if (role) {
    setters["--listen"] = loopback_of("--listen", options.role.listen);
    setters["--front"] = text_of(options.role.front_url);
    setters["--provider"] = text_of(options.role.provider_url);
    setters["--control"] = text_of(options.role.control_url);
    setters["--log-dir"] = text_of(options.role.log_dir);
  }
  return setters;
}

std::vector<std::string> names_of(const std::map<std::string, Setter, std::less<>>& setters) {
  std::vector<std::string> names;
  for (const auto& [name, setter] : setters) names.push_back(name);
  return names;
}

Result<Command> command_of(std::string_view word) {
  static const std::map<std::string_view, Command> kCommands{
      {"shop", Command::Shop},   {"provider", Command::Provider}, {"traffic", Command::Traffic},
      {"fault", Command::Fault}, {"status", Command::Status},     {"help", Command::Help}};
  if (const auto found = kCommands.find(word); found != kCommands.end()) return found->second;
  return invalid_argument("demo has no subcommand \"" + std::string(word) +
                          "\": fault and status are there, or none to start the demo (mamori demo --help)");
}

Result<void> take_word(std::string_view word, Options& options) {
  if (options.command == Command::Fault && options.fault_name.empty()) {
    options.fault_name = word;
    return {};
  }
  if (options.command == Command::Fault && !options.fault_on && (word == "on" || word == "off")) {
    options.fault_on = word == "on";
    return {};
  }
  return invalid_argument("\"" + std::string(word) + "\" is one word too many (mamori demo --help)");
}

}  // namespace

Result<Options> parse_options(std::span<const std::string_view> args) {
  Options options;
  std::size_t next = 0;
  if (!args.empty() && !args[0].starts_with("-")) {
    MAMORI_TRY(options.command, command_of(args[0]));
    next = 1;
  }
  const auto setters = setters_of(options);
  for (; next < args.size(); ++next) {
    std::string_view word = args[next];
    if (word == "--help" || word == "-h") {
      options.command = Command::Help;
      return options;
    }
    if (word == "--json" && (options.command == Command::Status || options.command == Command::Fault)) {
      options.json = true;
      continue;
    }
    if (!word.starts_with("-")) {
      MAMORI_TRY_VOID(take_word(word, options));
      continue;
    }
    std::optional<std::string> value;
    if (const auto equals = word.find('='); equals != std::string_view::npos) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    const auto setter = setters.find(word);
    if (setter == setters.end()) {
      const std::string near = nearest(word, names_of(setters));
      return invalid_argument("demo does not know the flag " + std::string(word) +
                              (near.empty() ? "" : ", did you mean " + near + "?") + " (mamori demo --help)");
    }
    if (!value) {
      if (++next >= args.size()) return invalid_argument(std::string(word) + " needs a value (mamori demo --help)");
      value = args[next];
    }
    MAMORI_TRY_VOID(setter->second(*value));
  }
  if (options.command == Command::Fault && !options.fault_name.empty() && !options.fault_on) {
    return invalid_argument("say whether: mamori demo fault " + options.fault_name + " on|off");
  }
  return options;
}

std::string_view usage() {
  return R"(mamori demo: a small shop on this machine, watched by mamori. All its data is generated.

  mamori demo [flags]                start everything; Ctrl-C stops everything
    --listen 127.0.0.1:9650          where mamori answers (port 0: a free one)
    --shop-listen 127.0.0.1:0        where the shop answers, through nginx (port 0: a free one)
    --notify URL                     send alert notifications there (Alertmanager's webhook format)
    --rate 4                         payments per second, mean over a day; the clock of Japan shapes it
    --history 1h                     generated lines of the time before, so that charts are not empty; 0 for none
    --duration 60s                   end by itself; without it, runs until Ctrl-C
    --seed N                         the same customers and outcomes again
    --dir DIR                        working directory (default: $XDG_RUNTIME_DIR/mamori-demo, or one below /tmp)
  mamori demo fault                  list what can be broken, and what is
  mamori demo fault NAME on|off      provider-errors, slow-provider, webhook-lag, card-testing
  mamori demo status                 what runs, and where
    --dir DIR  --json
)";
}

}  // namespace mamori::demo
