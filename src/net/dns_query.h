// net/dns_query.h: asks the system's name servers for records of one type, as /etc/resolv.conf says.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mamori::net {

enum class DnsType { A, Aaaa, Srv, Mx, Ns };

struct DnsRecord {
  std::string text;        // an address as numbers; for Srv, Mx and Ns a name with its last dot: "db1.example.com."
  std::uint16_t port = 0;  // Srv only
};

/// In the order of the answer; empty when the name, or the type of the name, does not exist. A short name is tried with
/// the search domains. `server`: asked instead of the system's, as IPv4 address and port.
/// Errors: InvalidArgument for what is no name; Unavailable when no server answers properly; DeadlineExceeded when
/// `until` comes first, or when to give up.
Result<std::vector<DnsRecord>> query_dns(const std::string& name, DnsType type,
                                         std::chrono::steady_clock::time_point until,
                                         const std::function<bool()>& give_up = {}, const std::string& server = "");

}  // namespace mamori::net
