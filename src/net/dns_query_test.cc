#include "net/dns_query.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/time.h"

namespace mamori::net {
namespace {

/// A name as labels with their lengths (RFC 1035 section 3.1).
std::string wire_name(const std::string& name) {
  std::string wire;
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    wire += static_cast<char>(dot - at);
    wire += name.substr(at, dot - at);
    at = dot + 1;
  }
  return wire + '\0';
}
std::string two_bytes(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }

struct TestRecord {
  int type;
  std::string data;
};

/// Answers each question on loopback with the same records, or with a code, or never.
class DnsServer {
 public:
  DnsServer(std::vector<TestRecord> records, int code = 0, bool silent = false)
      : records_(std::move(records)), code_(code), silent_(silent) {
    fd_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    std::array<char, 512> buffer{};
    for (;;) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const auto n = ::recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (n <= 0) return;
      if (silent_ || n < 12) continue;
      const std::string question(buffer.data(), static_cast<std::size_t>(n));
      auto end = question.find('\0', 12) + 5;
      std::string reply = question.substr(0, 2) + two_bytes(0x8180 | code_) + two_bytes(1) +
                          two_bytes(static_cast<int>(records_.size())) + two_bytes(0) + two_bytes(0) +
                          question.substr(12, end - 12);
      for (const auto& record : records_) {
        reply += two_bytes(0xC00C) + two_bytes(record.type) + two_bytes(1) + std::string(4, '\0') +
                 two_bytes(static_cast<int>(record.data.size())) + record.data;
      }
      ::sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  const std::vector<TestRecord> records_;
  const int code_;
  const bool silent_;
  int fd_ = -1, port_ = 0;
  std::thread thread_;
};

Result<std::vector<DnsRecord>> ask(const DnsServer& server, DnsType type) {
  return query_dns("x.example.com.", type, std::chrono::steady_clock::now() + Seconds{10}, {}, server.address());
}

std::string text_of(const Result<std::vector<DnsRecord>>& records) {
  if (!records) return records.error().message;
  std::string text;
  for (const auto& record : *records) text += record.text + ":" + std::to_string(record.port) + " ";
  return text;
}

TEST(QueryDns, ReadsEachTypeAndSkipsAliases) {
  const TestRecord alias{5, wire_name("y.example.com")};
  EXPECT_EQ(text_of(ask(DnsServer({alias, {1, "\x7f\x01\x02\x03"}, {1, std::string("\x0a\0\0\x01", 4)}}), DnsType::A)),
            "127.1.2.3:0 10.0.0.1:0 ");
  EXPECT_EQ(text_of(ask(DnsServer({{28, std::string(15, '\0') + "\x01"}}), DnsType::Aaaa)), "::1:0 ");
  const auto srv = two_bytes(10) + two_bytes(20) + two_bytes(9100) + wire_name("db1.example.com");
  EXPECT_EQ(text_of(ask(DnsServer({{33, srv}}), DnsType::Srv)), "db1.example.com.:9100 ");
  EXPECT_EQ(text_of(ask(DnsServer({{15, two_bytes(5) + wire_name("mail.example.com")}}), DnsType::Mx)),
            "mail.example.com.:0 ");
  EXPECT_EQ(text_of(ask(DnsServer({{2, wire_name("ns.example.com")}}), DnsType::Ns)), "ns.example.com.:0 ");
}

TEST(QueryDns, ANameThatDoesNotExistHasNoRecords) {
  EXPECT_EQ(text_of(ask(DnsServer({}, /*code=*/3), DnsType::A)), "");
  EXPECT_EQ(text_of(ask(DnsServer({}), DnsType::Srv)), "");
}

TEST(QueryDns, AServerThatFailsIsAnError) {
  const auto records = ask(DnsServer({}, /*code=*/2), DnsType::A);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, Code::Unavailable);
}

TEST(QueryDns, ARecordThatIsCutShortIsLeftOut) {
  EXPECT_EQ(text_of(ask(DnsServer({{1, "\x7f"}, {33, "\x01"}}), DnsType::A)), "");
  EXPECT_EQ(text_of(ask(DnsServer({{33, "\x01"}}), DnsType::Srv)), "");
}

TEST(QueryDns, GivesUpInTimeOnASilentServer) {
  const DnsServer server({}, 0, /*silent=*/true);
  const auto began = std::chrono::steady_clock::now();
  const auto records = query_dns("x.example.com.", DnsType::A, began + Millis{100}, {}, server.address());
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, Code::DeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{3});
}

TEST(QueryDns, RefusesWhatIsNoName) {
  EXPECT_EQ(query_dns("", DnsType::A, {}).error().code, Code::InvalidArgument);
  EXPECT_EQ(query_dns(std::string(300, 'a'), DnsType::A, {}).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace mamori::net
