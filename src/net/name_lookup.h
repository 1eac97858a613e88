// net/name_lookup.h: turns a host name into addresses, and gives up in time (detail/in_time.h says how).
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mamori::net {

using Addresses = std::vector<std::string>;  // as numbers: "127.0.0.1", "::1"

/// Asks the system: /etc/hosts, then name servers. Takes as long as it takes. Errors: Unavailable.
Result<Addresses> system_lookup(const std::string& host);

/// The addresses of `host`, in the order in which to try them. `give_up`, when given, is asked every 50 ms.
/// Errors: Unavailable, also when too many look-ups are under way; DeadlineExceeded when `until` comes first, or when
/// to give up.
Result<Addresses> look_up(const std::string& host, std::chrono::steady_clock::time_point until,
                          const std::function<bool()>& give_up = {},
                          std::function<Result<Addresses>(const std::string&)> lookup = system_lookup);

}  // namespace mamori::net
