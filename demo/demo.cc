#include "demo/demo.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "demo/child.h"
#include "demo/json_object.h"
#include "demo/options.h"
#include "demo/state_file.h"
#include "demo/supervisor.h"
#include "demo/workdir.h"
#include "net/http_client.h"

namespace mamori::demo {
namespace {

int refuse(const Error& error) {
  std::fprintf(stderr, "mamori demo: %s\n", error.message.c_str());
  return 2;
}

/// Every thread started from here on inherits the mask; signals are read where they are waited for.
void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Result<std::string> ask_demo(const DemoState& state, std::string method, const std::string& path, std::string body) {
  net::ClientRequest request{.method = std::move(method), .url = state.control_url + path};
  request.headers.set("Authorization", "Bearer " + state.token);
  request.body = std::move(body);
  MAMORI_TRY(auto reply, net::send(request, Millis{5'000}));
  if (reply.status == 200) return std::move(reply.body);
  while (reply.body.ends_with('\n')) reply.body.pop_back();
  return Error{reply.status == 404 ? Code::NotFound : Code::Unavailable, reply.body};
}

void print_faults(const std::string& json) {
  const auto faults = faults_from_json(json);
  for (const auto& fault : kFaults) {
    const bool on = faults && *faults.*(fault.member);
    std::printf("  %-16.*s %-4s %.*s\n", static_cast<int>(fault.name.size()), fault.name.data(), on ? "ON" : "off",
                static_cast<int>(fault.effect.size()), fault.effect.data());
  }
}

int run_fault(const Options& options, const DemoState& state) {
  if (!options.fault_name.empty()) {
    if (const auto known = find_fault(options.fault_name); !known) return refuse(known.error());
  }
  const auto reply = options.fault_name.empty()
                         ? ask_demo(state, "GET", "/faults", "")
                         : ask_demo(state, "POST", "/faults/" + options.fault_name, *options.fault_on ? "on" : "off");
  if (!reply) return refuse(reply.error());
  if (options.json) {
    std::printf("%s\n", reply->c_str());
  } else if (options.fault_name.empty()) {
    print_faults(*reply);
  } else {
    std::printf("%s is %s\n", options.fault_name.c_str(), *options.fault_on ? "on" : "off");
  }
  return 0;
}

int run_status(const Options& options, const DemoState& state) {
  const auto reply = ask_demo(state, "GET", "/status", "");
  if (!reply) return refuse(reply.error());
  if (options.json) {
    std::printf("%s\n", reply->c_str());
    return 0;
  }
  std::printf("The demo runs (pid %d).\n  page %s\n  shop %s\n", state.pid, state.page_url.c_str(),
              state.shop_url.c_str());
  const auto object = JsonObject::parse(*reply);
  if (!object) return refuse(object.error());
  std::printf("Processes:\n");
  for (const auto& text : json_array_items(object->text("processes"))) {
    const auto process = JsonObject::parse(text);
    if (!process) continue;
    const auto restarts = process->integer("restarts", 0);
    std::printf("  %-14s %-22s pid %-8s%s\n", process->text("name").c_str(), process->text("address").c_str(),
                process->text("pid").c_str(),
                restarts == 0 ? "" : (" started again " + std::to_string(restarts) + " times").c_str());
  }
  std::printf("Faults:\n");
  print_faults(object->text("faults"));
  return 0;
}

int run_role(Options options) {
  const char* token = std::getenv(kTokenVariable);
  if (token == nullptr || *token == '\0') {
    return refuse(invalid_argument("shop, provider and traffic are started by `mamori demo`, not by hand"));
  }
  options.role.token = token;
  // A process that is started again must not draw the ids of its first life once more: equal payment ids are one
  // payment.
  const char* starts = std::getenv(kStartsVariable);
  options.role.seed += 1'000'003ull * std::strtoull(starts != nullptr ? starts : "0", nullptr, 10);
  if (options.command == Command::Shop) return run_shop(options.role);
  if (options.command == Command::Provider) return run_provider(options.role);
  return run_traffic(options.role);
}

}  // namespace

std::string demo_help() { return std::string(usage()); }

int run_demo(std::span<const std::string_view> args, const std::string& self_exe) {
  const auto options = parse_options(args);
  if (!options) return refuse(options.error());
  switch (options->command) {
    case Command::Help:
      std::fwrite(usage().data(), 1, usage().size(), stdout);
      return 0;
    case Command::Run:
      block_signals();
      return run_supervisor(*options, self_exe);
    case Command::Shop:
    case Command::Provider:
    case Command::Traffic:
      block_signals();
      return run_role(*options);
    case Command::Fault:
    case Command::Status:
      break;
  }
  const auto state = read_state(options->dir.empty() ? default_workdir() : options->dir);
  if (!state) return refuse(state.error());
  return options->command == Command::Fault ? run_fault(*options, *state) : run_status(*options, *state);
}

}  // namespace mamori::demo
