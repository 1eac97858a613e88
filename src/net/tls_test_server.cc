#include "net/tls_test_server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace mamori::net {

TestCertificate make_certificate(const std::string& dns_name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> cert(X509_new(), X509_free);
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 86'400);
  X509_set_pubkey(cert.get(), key.get());
  auto* const name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(dns_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(cert.get(), name);
  auto* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + dns_name).c_str());
  X509_add_ext(cert.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(cert.get(), key.get(), EVP_sha256());

  const auto text = [](BIO* bio) {
    char* bytes = nullptr;
    const auto length = BIO_get_mem_data(bio, &bytes);
    return std::string(bytes, static_cast<std::size_t>(length));
  };
  const std::unique_ptr<BIO, decltype(&BIO_free)> to_cert(BIO_new(BIO_s_mem()), BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> to_key(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(to_cert.get(), cert.get());
  PEM_write_bio_PrivateKey(to_key.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text(to_cert.get()), text(to_key.get())};
}

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

struct TlsTestServer::Impl {
  Impl(const TestCertificate& own, const std::string& client_ca, std::string page) : body(std::move(page)) {
    context.use_certificate_chain(asio::buffer(own.cert));
    context.use_private_key(asio::buffer(own.key), ssl::context::pem);
    if (!client_ca.empty()) {
      context.add_certificate_authority(asio::buffer(client_ca));
      context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    }
    thread = std::thread([this] { serve(); });
  }
  ~Impl() {
    stopping = true;
    boost::system::error_code ignored;
    tcp::socket knock(io);
    knock.connect(acceptor.local_endpoint(), ignored);
    thread.join();
  }

  void serve() {
    for (;;) {
      boost::system::error_code error;
      auto socket = acceptor.accept(error);
      if (stopping) return;
      if (error) continue;
      ssl::stream<tcp::socket> stream(std::move(socket), context);
      stream.handshake(ssl::stream_base::server, error);
      if (error) continue;
      std::string request;
      asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
      const auto reply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
      asio::write(stream, asio::buffer(reply), error);
      stream.shutdown(error);
    }
  }

  const std::string body;
  asio::io_context io;
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  ssl::context context{ssl::context::tls_server};
  std::atomic<bool> stopping{false};
  std::thread thread;
};

TlsTestServer::TlsTestServer(const TestCertificate& own, const std::string& client_ca, std::string body)
    : impl_(std::make_unique<Impl>(own, client_ca, std::move(body))) {}
TlsTestServer::~TlsTestServer() = default;

std::string TlsTestServer::url() const {
  return "https://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port()) + "/";
}

void TlsTestServer::use_only(int tls_version) {
  SSL_CTX_set_min_proto_version(impl_->context.native_handle(), tls_version);
  SSL_CTX_set_max_proto_version(impl_->context.native_handle(), tls_version);
}

}  // namespace mamori::net
