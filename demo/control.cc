#include "demo/control.h"

#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "demo/role.h"

namespace mamori::demo {

Faults ControlState::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

Result<void> ControlState::set_fault(std::string_view name, bool on) {
  MAMORI_TRY(const FaultInfo* const fault, find_fault(name));
  {
    const std::lock_guard lock(mutex_);
    faults_.*(fault->member) = on;
  }
  return {};
}

void ControlState::set_processes(std::vector<ProcessStatus> processes) {
  const std::lock_guard lock(mutex_);
  processes_ = std::move(processes);
}

void ControlState::set_ready(bool ready) {
  const std::lock_guard lock(mutex_);
  ready_ = ready;
}

std::string ControlState::status_json() const {
  const std::lock_guard lock(mutex_);
  JsonWriter json;
  json.begin_object().field("pid", static_cast<int>(::getpid())).field("ready", ready_);
  json.key("faults").raw(to_json(faults_)).key("processes").begin_array();
  for (const auto& process : processes_) {
    json.begin_object().field("name", process.name).field("pid", process.pid);
    json.field("restarts", process.restarts).field("address", process.address).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

Result<std::unique_ptr<net::HttpServer>> start_control(ControlState& state, const std::string& token) {
  auto router = std::make_shared<net::Router>();
  router->add("GET", "/faults",
              [&state](const net::Request&) { return net::Response::json(200, to_json(state.faults())); });
  router->add("GET", "/status",
              [&state](const net::Request&) { return net::Response::json(200, state.status_json()); });
  router->add("POST", "/faults/{name}", [&state](const net::Request& request) {
    const auto word = trim(request.body);
    if (word != "on" && word != "off") return net::Response::text(400, "the body must be on or off\n");
    const auto done = state.set_fault(request.path_params.at(0), word == "on");
    if (!done) return net::Response::text(net::http_status(done.error().code), done.error().message + "\n");
    return net::Response::json(200, to_json(state.faults()));
  });
  net::HttpServerOptions options{.listen = "127.0.0.1:0", .body_bytes_max = 4096, .worker_threads = 2};
  return net::HttpServer::start(options, [router, token](net::Request& request) {
    if (!has_token(request, token)) return net::Response::text(401, "the token of demo.json is needed\n");
    return router->handle(request);
  });
}

}  // namespace mamori::demo
