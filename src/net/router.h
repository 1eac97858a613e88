// net/router.h: chooses the handler of a request by method and path. Exact segments win over {parameters}.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace mamori::net {

/// Runs on a worker thread; may block for as long as the request may take. A thrown exception becomes a 500.
using Handler = std::function<Response(const Request&)>;

class Router {
 public:
  /// `methods`: "GET", or several as "GET|POST". `pattern`: "/api/v1/label/{name}/values"; a last segment "{rest...}"
  /// takes all that remains. REQUIRES: no two routes with the same method and pattern.
  void add(std::string_view methods, std::string_view pattern, Handler handler);

  /// Answers 404 when no pattern fits and 405 with Allow when only the method does not. HEAD falls back to GET.
  /// Sets request.path_params.
  Response handle(Request& request) const;

 private:
  struct Route {
    std::vector<std::string> methods;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace mamori::net
