#include "floors.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace mamori::floors {
namespace {

namespace fs = std::filesystem;

// The floors of DESIGN and ARCHITECTURE.md, the ground floor first.
const std::vector<std::vector<std::string>> kFloors = {
    {"base"},
    {"net", "spec", "state", "audit"},
    {"metrics", "logs"},
    {"ingest", "rules", "probes"},
    {"alerts", "guard", "relay", "recovery", "edge", "load"},
    {"incidents", "compliance", "infra", "cost"},
    {"console"},
    {"app"},
};

// Headers that cost seconds to compile: for .cc files, and for headers in detail/ that only .cc files include.
// `rooms`: whose; empty: any room's.
struct HeavyHeader {
  std::string_view prefix;
  std::vector<std::string> rooms;
};
const std::vector<HeavyHeader> kHeavy = {
    {"boost/beast", {"net"}},
    {"boost/asio/ssl", {"net"}},
    {"boost/asio", {"net", "app"}},
    {"yaml-cpp/", {"spec"}},
    {"simdjson", {}},
    {"re2/", {}},
    {"rapidcheck", {}},
};

struct Include {
  std::string file;  // "src/logs/store.h"
  int line = 0;
  std::string target;  // "base/result.h"
  bool quoted = false;
};

std::optional<int> floor_of(const std::string& room) {
  for (std::size_t floor = 0; floor < kFloors.size(); ++floor) {
    if (std::ranges::find(kFloors[floor], room) != kFloors[floor].end()) return static_cast<int>(floor) + 1;
  }
  return std::nullopt;
}

std::string first_segment(const std::string& path) { return path.substr(0, path.find('/')); }

/// The `#include`s of one file, in order.
std::vector<Include> includes_of(const fs::path& root, const fs::path& file) {
  std::vector<Include> found;
  std::ifstream in(file);
  std::string text;
  for (int line = 1; std::getline(in, text); ++line) {
    std::size_t at = text.find_first_not_of(" \t");
    if (at == std::string::npos || text[at] != '#') continue;
    at = text.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || text.compare(at, 7, "include") != 0) continue;
    const std::size_t open = text.find_first_of("\"<", at);
    if (open == std::string::npos) continue;
    const bool quoted = text[open] == '"';
    const std::size_t close = text.find(quoted ? '"' : '>', open + 1);
    if (close == std::string::npos) continue;
    found.push_back({fs::relative(file, root).generic_string(), line, text.substr(open + 1, close - open - 1), quoted});
  }
  return found;
}

std::vector<Include> all_includes(const fs::path& root) {
  std::vector<Include> found;
  for (const char* top : {"src", "demo"}) {
    if (!fs::is_directory(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      std::ranges::move(includes_of(root, entry.path()), std::back_inserter(found));
    }
  }
  return found;
}

class Checker {
 public:
  explicit Checker(const fs::path& root) : root_(root), includes_(all_includes(root)) {}

  std::vector<std::string> run() {
    for (const auto& include : includes_) {
      const auto is_heavy = [&](const HeavyHeader& heavy) { return include.target.starts_with(heavy.prefix); };
      if (include.file.ends_with(".h") && std::ranges::any_of(kHeavy, is_heavy)) heavy_details_.insert(include.file);
    }
    for (const auto& include : includes_) {
      check_weight(include);
      if (include.quoted) check_arrow(include);
    }
    find_circles();
    check_rooms();
    std::ranges::sort(problems_);
    return problems_;
  }

 private:
  void report(const Include& at, const std::string& what) {
    problems_.push_back(at.file + ":" + std::to_string(at.line) + ": " + what);
  }

  /// "logs" for src/logs/store.h, "demo" for demo/shop.cc.
  static std::string room_of(const std::string& file) {
    return file.starts_with("src/") ? first_segment(file.substr(4)) : first_segment(file);
  }

  void check_arrow(const Include& include) {
    const std::string from = room_of(include.file);
    if (include.target.starts_with("../") || include.target.find('/') == std::string::npos) {
      report(include, "\"" + include.target + "\" is not written as a path from src/");
      return;
    }
    const std::string to = first_segment(include.target);
    if (to == from) return;
    if (include.target.find("/detail/") != std::string::npos) {
      report(include, "detail/ belongs to " + to + " alone");
    }
    if (to == "demo" && from == "app") return;  // the command `mamori demo`
    if (from == "demo") {
      if (to != "base" && to != "net")
        report(include, "demo stands apart and may include base and net only, not " + to);
      return;
    }
    const auto floor_from = floor_of(from), floor_to = floor_of(to);
    if (!floor_from || !floor_to) {
      if (!floor_to) report(include, "room " + to + " has no floor");
      return;
    }
    if (*floor_to == *floor_from) {
      report(include, from + " and " + to + " stand on one floor and meet in app only");
    } else if (*floor_to > *floor_from) {
      report(include, from + " (floor " + std::to_string(*floor_from) + ") includes " + to + " (floor " +
                          std::to_string(*floor_to) + ") above it");
    }
  }

  static bool is_offered(const std::string& file) {
    return file.ends_with(".h") && file.find("/detail/") == std::string::npos;
  }

  void check_weight(const Include& include) {
    if (include.quoted && is_offered(include.file) && heavy_details_.contains("src/" + include.target)) {
      report(include, "\"" + include.target + "\" includes heavy headers and belongs into .cc files");
    }
    for (const auto& heavy : kHeavy) {
      if (!include.target.starts_with(heavy.prefix)) continue;
      if (is_offered(include.file)) {
        report(include, "<" + include.target + "> is heavy and belongs into .cc files");
      } else if (!heavy.rooms.empty() && std::ranges::find(heavy.rooms, room_of(include.file)) == heavy.rooms.end()) {
        report(include, "<" + include.target + "> belongs into the .cc files of " + heavy.rooms.front());
      }
      return;
    }
  }

  void find_circles() {
    for (const auto& include : includes_) {
      const fs::path target = root_ / "src" / include.target;
      if (include.quoted && fs::is_regular_file(target)) edges_[include.file].push_back(&include);
    }
    for (const auto& [file, unused] : edges_) visit(file);
  }

  void visit(const std::string& file) {
    if (done_.contains(file)) return;
    on_path_.insert(file);
    if (const auto edges = edges_.find(file); edges != edges_.end()) {
      for (const Include* include : edges->second) {
        const std::string next = "src/" + include->target;
        if (on_path_.contains(next)) {
          report(*include, "goes round: " + next + " includes this file, directly or by way of others");
        } else {
          visit(next);
        }
      }
    }
    on_path_.erase(file);
    done_.insert(file);
  }

  void check_rooms() {
    if (!fs::is_directory(root_ / "src")) return;
    for (const auto& entry : fs::directory_iterator(root_ / "src")) {
      const std::string room = entry.path().filename().string();
      if (entry.is_directory() && !floor_of(room)) problems_.push_back("src/" + room + ": this room has no floor");
    }
  }

  fs::path root_;
  std::vector<Include> includes_;
  std::vector<std::string> problems_;
  std::map<std::string, std::vector<const Include*>> edges_;
  std::set<std::string> on_path_, done_;
  std::set<std::string> heavy_details_;  // headers that include a heavy one
};

}  // namespace

std::vector<std::string> broken_rules(const fs::path& root) { return Checker(root).run(); }

}  // namespace mamori::floors
