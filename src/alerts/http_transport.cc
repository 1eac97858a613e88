#include <charconv>

#include "alerts/notifier.h"
#include "net/http_client.h"

namespace mamori::alerts {
namespace {

/// Retry-After as a number of seconds; the date form is rare in answers to a POST and is not read.
std::optional<Seconds> retry_after(const net::Headers& headers) {
  const std::string_view text = headers.get("Retry-After");
  int seconds = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || at != text.data() + text.size() || seconds < 0) return std::nullopt;
  return Seconds{seconds};
}

}  // namespace

Transport http_transport() {
  return [](const std::string& url, const std::string& body, Millis deadline) -> Result<PostReply> {
    net::ClientRequest request;
    request.method = "POST";
    request.url = url;
    request.headers.set("Content-Type", "application/json");
    request.headers.set("User-Agent", "mamori");
    request.body = body;
    request.body_wanted = false;  // the status is the answer; a page of 2 MiB around it is no failure
    MAMORI_TRY(const auto response, net::send(request, deadline));
    return PostReply{.status = response.status, .retry_after = retry_after(response.headers)};
  };
}

}  // namespace mamori::alerts
