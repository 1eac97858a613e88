#include "console/detail/query_bounds.h"

#include <algorithm>
#include <charconv>

#include "base/size.h"
#include "base/text.h"
#include "console/detail/prometheus_params.h"

namespace mamori::console {
namespace {

constexpr std::size_t kClientBytesMax = 200;  // a name in a map, not a place to store things

Result<std::optional<std::uint64_t>> samples_of(std::string_view text) {
  if (text.empty()) return std::optional<std::uint64_t>();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return invalid_argument("invalid header X-Mamori-Max-Samples: \"" + std::string(text.substr(0, 100)) +
                            "\" is not a whole number");
  }
  return std::optional(number);
}

Result<std::optional<std::uint64_t>> bytes_of(std::string_view text) {
  if (text.empty()) return std::optional<std::uint64_t>();
  const auto size = parse_size(text);
  if (!size) return invalid_argument("invalid header X-Mamori-Max-Memory: " + size.error().message);
  return std::optional(*size);
}

}  // namespace

std::string query_client(const net::Request& request) {
  std::string client;
  if (const auto named = request.headers.get("X-Mamori-Client"); !named.empty()) {
    client = named;
  } else {
    const auto forwarded = request.headers.get("X-Forwarded-For");
    const std::string_view peer = request.peer;
    client = forwarded.empty() ? peer.substr(0, peer.rfind(':')) : trim(forwarded.substr(0, forwarded.find(',')));
    client += ' ';
    client += request.headers.get("User-Agent");
  }
  client.resize(std::min(client.size(), kClientBytesMax));
  return client;
}

Result<QueryBounds> query_bounds(const net::Request& request, const net::Params& params, Millis timeout_max) {
  QueryBounds bounds{.timeout = timeout_max};
  MAMORI_TRY(const auto timeout, duration_parameter(params, "timeout"));
  if (timeout) bounds.timeout = std::min(bounds.timeout, Millis{std::max<std::int64_t>(*timeout, 0)});
  MAMORI_TRY(const auto lookback,
             duration_parameter(params, "lookback_delta", "error parsing lookback delta duration: "));
  if (lookback) bounds.lookback = Millis{std::max<std::int64_t>(*lookback, 0)};
  MAMORI_TRY(bounds.samples_max, samples_of(request.headers.get("X-Mamori-Max-Samples")));
  MAMORI_TRY(bounds.bytes_max, bytes_of(request.headers.get("X-Mamori-Max-Memory")));
  bounds.client = query_client(request);
  bounds.client_is_gone = request.client_is_gone;
  return bounds;
}

}  // namespace mamori::console
