#include "spec/shown_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mamori::spec {
namespace {

constexpr std::string_view kHidden = "<hidden>";
constexpr std::size_t kNodesMax = 50'000;  // aliases of aliases make a small file endless
constexpr int kDepthMax = 100;

bool names_secret(std::string_view key) {
  constexpr std::array<std::string_view, 12> kNames = {"password", "passwd",  "credentials", "token",
                                                       "secret",   "secrets", "key",         "authorization",
                                                       "cookie",   "apikey",  "passphrase",  "connection_string"};
  constexpr std::array<std::string_view, 12> kEnds = {"_password",    "-password",   "_token",   "-token",
                                                      "_secret",      "-secret",     "_key",     "-key",
                                                      "_credentials", "_passphrase", "_secrets", "-auth"};
  const auto lower = to_lower(key);
  return std::ranges::find(kNames, lower) != kNames.end() ||
         std::ranges::any_of(kEnds, [&](std::string_view end) { return lower.ends_with(end); });
}

std::string hide_urls(std::string_view text) {
  constexpr std::string_view kMark = "://";
  constexpr std::string_view kEnds = " \t\r\n\"'`<>";  // what no URL holds
  std::string out;
  for (auto at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark)) {
    at += kMark.size();
    out += text.substr(0, at);
    text.remove_prefix(at);
    const auto url = text.substr(0, std::min(text.find_first_of(kEnds), text.size()));
    text.remove_prefix(url.size());
    auto host = url.substr(0, url.find_first_of("/?#,]}"));
    if (const auto user = host.rfind('@'); user != std::string_view::npos) host.remove_prefix(user + 1);
    out += host;
    if (host.size() < url.size()) out += "/<hidden>";
  }
  return out += text;
}

/// Copies, for aliases share their node. Null when there are too many nodes.
class Writer {
 public:
  YAML::Node copy(const YAML::Node& node, int depth) {
    if (++nodes_ > kNodesMax || depth > kDepthMax) {
      too_many_ = true;
      return {};
    }
    if (node.IsScalar()) {
      YAML::Node out(hide_urls(node.Scalar()));
      out.SetTag(node.Tag());
      return out;
    }
    YAML::Node out(node.Type());
    out.SetStyle(node.Style());
    if (node.IsSequence()) {
      for (const auto& item : node) out.push_back(copy(item, depth + 1));
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        const auto shown =
            is_hidden(entry.first, entry.second) ? YAML::Node(std::string(kHidden)) : copy(entry.second, depth + 1);
        out.force_insert(copy(entry.first, depth + 1), shown);
      }
    }
    return out;
  }

  bool too_many() const { return too_many_; }

 private:
  /// `authorization` holds a type and credentials in a prometheus.yml, and a header's text elsewhere.
  static bool is_hidden(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar() || value.IsNull() || !names_secret(key.Scalar())) return false;
    return !value.IsMap();
  }

  std::size_t nodes_ = 0;
  bool too_many_ = false;
};

}  // namespace

std::string shown_yaml(std::string_view text) {
  try {
    std::string out;
    for (const auto& document : YAML::LoadAll(std::string(text))) {
      Writer writer;
      const auto copy = writer.copy(document, 0);
      if (writer.too_many()) return "# too large to be shown\n";
      if (copy.IsNull()) continue;
      YAML::Emitter emitter;
      emitter << copy;
      out += (out.empty() ? "" : "---\n") + std::string(emitter.c_str()) + "\n";
    }
    return out;
  } catch (const YAML::Exception& error) {
    return "# cannot be shown: line " + std::to_string(error.mark.line + 1) + " is no YAML\n";
  }
}

}  // namespace mamori::spec
