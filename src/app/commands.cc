#include "app/commands.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "app/check_metrics.h"
#include "app/check_rules_command.h"
#include "app/query_command.h"
#include "app/serve.h"
#include "app/test_rules_command.h"
#include "app/transfer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "demo/demo.h"
#include "spec/check_command.h"

namespace mamori::app {
namespace {

using Args = std::span<const std::string_view>;

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(Args args);
  std::string (*help)();
};

int run_version(Args) {
  std::cout << "mamori " << kVersion << "\n";
  return 0;
}

int run_check(Args args) { return spec::run_check(args, std::cout, std::cerr); }

int check_metrics(Args args) { return run_check_metrics(args, std::cin, std::cout, std::cerr); }

int check_rules(Args args) { return run_check_rules(args, std::cin, std::cout, std::cerr); }

int test_rules(Args args) {
  set_log_level(LogLevel::Error);  // a rule that fails is the outcome of its test
  return run_test_rules(args, std::cout, std::cerr);
}

int query(Args args) {
  return run_query(
      args, {.out = std::cout,
             .err = std::cerr,
             .terminal = find_terminal(),
             .now = SystemClock().now(),
             .send = [](const net::ClientRequest& request, Millis timeout) { return net::send(request, timeout); }});
}

/// The command prints its own help.
std::string check_help() {
  std::ostringstream out;
  const std::string_view help = "--help";
  spec::run_check(std::span(&help, 1), out, out);
  return out.str() +
         "'mamori check rules' checks rule files of Prometheus; 'mamori check metrics' an exporter's page\n";
}

int run_demo(Args args) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return demo::run_demo(args, error ? "mamori" : self.string());
}

constexpr std::array kCommands = {
    Command{"serve", "take in metrics and logs, judge them, tell, and show the page", run_serve, serve_help},
    Command{"check", "check a spec: what is wrong, where, and how to mend it", run_check, check_help},
    Command{"check metrics", "check an exporter's page: its form, and its names", check_metrics, check_metrics_help},
    Command{"check rules", "check rule files: recording and alerting rules as Prometheus reads them", check_rules,
            check_rules_help},
    Command{"test rules", "run tests of rule files, in promtool's format", test_rules, test_rules_help},
    Command{"query", "ask a running mamori or Prometheus: a table, or a chart in the terminal", query, query_help},
    Command{"demo", "run a small shop on loopback whose payments mamori watches", run_demo, demo::demo_help},
    Command{"import", "copy another system's samples into the data folder", run_import, import_help},
    Command{"export", "write stored samples as text, or send them by remote write", run_export, export_help},
    Command{"version", "print the version", run_version, [] { return std::string("mamori version\n"); }},
};

/// The command that `args` begin with; of two whose names are one or two words, the longer.
const Command* find_command(Args args) {
  const Command* found = nullptr;
  for (const auto& command : kCommands) {
    const auto words = split(command.name, ' ');
    if (words.size() > args.size() || !std::equal(words.begin(), words.end(), args.begin())) continue;
    if (found == nullptr || command.name.size() > found->name.size()) found = &command;
  }
  return found;
}

std::string overview() {
  std::string text =
      "mamori keeps a payment service up, and proves it.\n\n"
      "usage: mamori COMMAND [options]\n\ncommands:\n";
  for (const auto& command : kCommands) {
    std::string line = "  " + std::string(command.name);
    line.resize(17, ' ');
    text += line + std::string(command.summary) + "\n";
  }
  return text + "\n'mamori help COMMAND' tells more.\n";
}

int unknown_command(std::string_view name) {
  std::vector<std::string> names = {"help"};
  for (const auto& command : kCommands) names.emplace_back(command.name);
  const auto near = nearest(name, names);
  std::cerr << "mamori: there is no command '" << name << "'"
            << (near.empty() ? "; 'mamori help' lists them" : "; did you mean '" + near + "'?") << "\n";
  return 2;
}

int run_help(Args args) {
  if (args.empty()) {
    std::cout << overview();
    return 0;
  }
  const auto* command = find_command(args);
  if (command == nullptr) return unknown_command(args[0]);
  std::cout << command->help();
  return 0;
}

bool asks_for_help(Args args) {
  for (const auto arg : args) {
    if (arg == "--") return false;
    if (arg == "--help" || arg == "-h") return true;
  }
  return false;
}

}  // namespace

int run_command(Args args) {
  if (args.empty()) {
    std::cerr << overview();
    return 2;
  }
  if (args[0] == "help" || args[0] == "--help" || args[0] == "-h") return run_help(args.subspan(1));
  if (args[0] == "--version" || args[0] == "-V") return run_version({});
  const auto* command = find_command(args);
  if (command == nullptr) return unknown_command(args[0]);
  args = args.subspan(split(command->name, ' ').size());
  if (asks_for_help(args)) {
    std::cout << command->help();
    return 0;
  }
  return command->run(args);
}

}  // namespace mamori::app
