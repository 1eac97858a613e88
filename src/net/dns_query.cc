#include "net/dns_query.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "net/detail/in_time.h"

namespace mamori::net {
namespace {

constexpr std::size_t kAnswerBytesMax = NS_MAXMSG;  // what one TCP answer may have
constexpr std::size_t kNameBytesMax = 253;          // RFC 1035 section 2.3.4, as text

ns_type number_of(DnsType type) {
  switch (type) {
    case DnsType::A:
      return ns_t_a;
    case DnsType::Aaaa:
      return ns_t_aaaa;
    case DnsType::Srv:
      return ns_t_srv;
    case DnsType::Mx:
      return ns_t_mx;
    case DnsType::Ns:
      return ns_t_ns;
  }
  return ns_t_a;
}

class Resolver {
 public:
  Resolver() { ready_ = ::res_ninit(&state_) == 0; }
  ~Resolver() {
    if (ready_) ::res_nclose(&state_);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  bool ready() const { return ready_; }
  res_state state() { return &state_; }

  bool use(const std::string& server) {
    const auto colon = server.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(server.c_str() + colon + 1)));
    if (colon == std::string::npos || ::inet_pton(AF_INET, server.substr(0, colon).c_str(), &address.sin_addr) != 1)
      return false;
    state_.nscount = 1;
    state_.nsaddr_list[0] = address;
    return true;
  }

 private:
  struct __res_state state_{};
  bool ready_ = false;
};

std::string address_text(int family, const unsigned char* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, bytes, text.data(), text.size());
  return text.data();
}

/// The name that stands `skip` bytes into the record, as text with its last dot.
std::optional<std::string> name_in(const ns_msg& message, const ns_rr& record, std::size_t skip) {
  if (ns_rr_rdlen(record) < skip) return std::nullopt;
  std::array<char, NS_MAXDNAME> text{};
  if (::dn_expand(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + skip, text.data(), text.size()) < 0)
    return std::nullopt;
  return std::string(text.data()) + ".";
}

std::optional<DnsRecord> read_record(const ns_msg& message, const ns_rr& record, DnsType type) {
  if (ns_rr_type(record) != number_of(type)) return std::nullopt;  // a CNAME on the way
  const auto named = [&](std::size_t skip, std::uint16_t port) -> std::optional<DnsRecord> {
    auto name = name_in(message, record, skip);
    if (!name) return std::nullopt;
    return DnsRecord{.text = *std::move(name), .port = port};
  };
  switch (type) {
    case DnsType::A:
      if (ns_rr_rdlen(record) != NS_INADDRSZ) return std::nullopt;
      return DnsRecord{.text = address_text(AF_INET, ns_rr_rdata(record))};
    case DnsType::Aaaa:
      if (ns_rr_rdlen(record) != NS_IN6ADDRSZ) return std::nullopt;
      return DnsRecord{.text = address_text(AF_INET6, ns_rr_rdata(record))};
    case DnsType::Srv:  // priority, weight, port, name (RFC 2782)
      return ns_rr_rdlen(record) < 7 ? std::nullopt
                                     : named(6, static_cast<std::uint16_t>(ns_get16(ns_rr_rdata(record) + 4)));
    case DnsType::Mx:  // preference, name
      return named(2, 0);
    case DnsType::Ns:
      return named(0, 0);
  }
  return std::nullopt;
}

Result<std::vector<DnsRecord>> query(const std::string& name, DnsType type, const std::string& server) {
  const auto resolver = std::make_unique<Resolver>();
  if (!resolver->ready()) return Error{Code::Unavailable, "/etc/resolv.conf cannot be read"};
  if (!server.empty() && !resolver->use(server)) return invalid_argument("\"" + server + "\" is no address and port");
  std::vector<unsigned char> answer(kAnswerBytesMax);
  const int length = ::res_nsearch(resolver->state(), name.c_str(), ns_c_in, number_of(type), answer.data(),
                                   static_cast<int>(answer.size()));
  if (length < 0) {
    const int why = resolver->state()->res_h_errno;
    if (why == HOST_NOT_FOUND || why == NO_DATA) return std::vector<DnsRecord>{};
    return Error{Code::Unavailable, ::hstrerror(why)};
  }
  ns_msg message;
  if (::ns_initparse(answer.data(), std::min(length, static_cast<int>(answer.size())), &message) != 0) {
    return Error{Code::Unavailable, "the answer is malformed"};
  }
  std::vector<DnsRecord> records;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) return Error{Code::Unavailable, "the answer is malformed"};
    if (auto read = read_record(message, record, type)) records.push_back(*std::move(read));
  }
  return records;
}

}  // namespace

Result<std::vector<DnsRecord>> query_dns(const std::string& name, DnsType type,
                                         std::chrono::steady_clock::time_point until,
                                         const std::function<bool()>& give_up, const std::string& server) {
  if (name.empty() || name.size() > kNameBytesMax || name.find('\0') != std::string::npos) {
    return invalid_argument("\"" + name.substr(0, kNameBytesMax) + "\" is no DNS name");
  }
  return in_time<std::vector<DnsRecord>>([name, type, server] { return query(name, type, server); }, until, give_up);
}

}  // namespace mamori::net
