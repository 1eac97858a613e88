// app/query_command.h: `mamori query`: asks a server with Prometheus' HTTP API and shows the answer in a terminal.
#pragma once
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "app/terminal.h"
#include "base/time.h"
#include "net/http_client.h"

namespace mamori::app {

/// What the command needs of the world.
struct QueryWorld {
  std::ostream& out;
  std::ostream& err;
  Terminal terminal;
  Timestamp now;
  std::function<Result<net::ClientResponse>(const net::ClientRequest&, Millis)> send;
};

std::string query_help();

/// Exit codes: 0 answered, 1 the server refused the query or could not be asked, 2 usage.
int run_query(std::span<const std::string_view> args, const QueryWorld& world);

}  // namespace mamori::app
