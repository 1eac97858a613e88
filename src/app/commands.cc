#include "app/commands.h"

#include <array>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "app/check_metrics.h"
#include "app/rule_files.h"
#include "app/serve.h"
#include "app/transfer.h"
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

int run_check(Args args) {
  if (!args.empty() && args[0] == "rules") return run_check_rules(args.subspan(1));
  if (!args.empty() && args[0] == "metrics") return run_check_metrics(args.subspan(1), std::cin, std::cout, std::cerr);
  return spec::run_check(args, std::cout, std::cerr);
}

/// The command prints its own help.
std::string check_help() {
  std::ostringstream out;
  const std::string_view help = "--help";
  spec::run_check(std::span(&help, 1), out, out);
  return out.str() + "\n" + check_rules_help() + "\n" + check_metrics_help();
}

int run_demo(Args args) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return demo::run_demo(args, error ? "mamori" : self.string());
}

constexpr std::array kCommands = {
    Command{"serve", "take in metrics and logs, judge them, tell, and show the page", run_serve, serve_help},
    Command{"check", "check a spec: what is wrong, where, and how to mend it", run_check, check_help},
    Command{"demo", "run a small shop on loopback whose payments mamori watches", run_demo, demo::demo_help},
    Command{"import", "copy another system's samples into the data folder", run_import, import_help},
    Command{"export", "write stored samples as text, or send them by remote write", run_export, export_help},
    Command{"version", "print the version", run_version, [] { return std::string("mamori version\n"); }},
};

const Command* find_command(std::string_view name) {
  for (const auto& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string overview() {
  std::string text =
      "mamori keeps a payment service up, and proves it.\n\n"
      "usage: mamori COMMAND [options]\n\ncommands:\n";
  for (const auto& command : kCommands) {
    std::string line = "  " + std::string(command.name);
    line.resize(12, ' ');
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
  const auto* command = find_command(args[0]);
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
  const auto* command = find_command(args[0]);
  if (command == nullptr) return unknown_command(args[0]);
  if (asks_for_help(args.subspan(1))) {
    std::cout << command->help();
    return 0;
  }
  return command->run(args.subspan(1));
}

}  // namespace mamori::app
