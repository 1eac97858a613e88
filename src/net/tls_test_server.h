// net/tls_test_server.h: a TLS server for tests: answers each connection with one fixed page.
#pragma once
#include <memory>
#include <string>

namespace mamori::net {

struct TestCertificate {
  std::string cert, key;  // PEM; signed by itself, so it is its own CA
};

TestCertificate make_certificate(const std::string& dns_name);

class TlsTestServer {
 public:
  /// `client_ca`: only who shows a certificate of it is answered; "": everybody.
  explicit TlsTestServer(const TestCertificate& own, const std::string& client_ca = "", std::string body = "a 1\n");
  ~TlsTestServer();

  std::string url() const;         // "https://127.0.0.1:PORT/"
  void use_only(int tls_version);  // such as TLS1_2_VERSION

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mamori::net
