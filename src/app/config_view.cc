#include "app/config_view.h"

#include <algorithm>

namespace mamori::app {

std::string hide_url_secrets(std::string_view text) {
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

}  // namespace mamori::app
