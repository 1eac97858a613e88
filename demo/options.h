// demo/options.h: the flags of `mamori demo` and its subcommands.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "demo/role.h"

namespace mamori::demo {

enum class Command { Run, Shop, Provider, Traffic, Fault, Status, Help };

struct Options {
  Command command = Command::Run;
  std::string dir;                          // "" means the default (workdir.h)
  std::string listen = "127.0.0.1:9650";    // mamori's; port 0 takes a free one
  std::string shop_listen = "127.0.0.1:0";  // the shop's, through nginx
  std::string notify;                       // URL for alert notifications, or ""
  std::optional<Nanos> duration;            // end by itself after this
  Nanos history = std::chrono::hours{1};
  double rate = 4;
  std::optional<std::uint64_t> seed;
  bool json = false;       // status, fault: for programs
  std::string fault_name;  // fault: "" lists all
  std::optional<bool> fault_on;
  RoleOptions role;  // shop, provider, traffic
};

/// Errors: InvalidArgument naming the flag and what it takes.
Result<Options> parse_options(std::span<const std::string_view> args);

std::string_view usage();

}  // namespace mamori::demo
