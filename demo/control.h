// demo/control.h: the supervisor's HTTP port on loopback: faults in force and what runs. Every call needs the token of
// the state file as a bearer token.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "demo/faults.h"
#include "net/http_server.h"

namespace mamori::demo {

struct ProcessStatus {
  std::string name;
  int pid = 0;  // 0: not running
  int restarts = 0;
  std::string address;  // "127.0.0.1:40123", or ""
};

/// What the supervisor's main loop and the control port's threads share. Thread-safe.
class ControlState {
 public:
  Faults faults() const;
  /// Errors: NotFound with the known names.
  Result<void> set_fault(std::string_view name, bool on);
  void set_processes(std::vector<ProcessStatus> processes);
  void set_ready(bool ready);
  /// {"pid":…,"ready":true,"faults":{…},"processes":[{"name":…,"pid":…,"restarts":…,"address":…}]}
  std::string status_json() const;

 private:
  mutable std::mutex mutex_;
  Faults faults_;
  std::vector<ProcessStatus> processes_;
  bool ready_ = false;
};

/// GET /faults, POST /faults/{name} with the body "on" or "off", GET /status.
Result<std::unique_ptr<net::HttpServer>> start_control(ControlState& state, const std::string& token);

}  // namespace mamori::demo
