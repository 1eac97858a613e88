#include "demo/state_file.h"

#include <unistd.h>
#include <csignal>

#include <array>
#include <cerrno>
#include <cstdio>
#include <random>

#include "base/json.h"
#include "demo/json_object.h"
#include "demo/workdir.h"

namespace mamori::demo {
namespace {

std::string path_in(const std::string& dir) { return dir + "/demo.json"; }

Error no_demo(const std::string& dir) {
  return {Code::NotFound, "no demo runs in " + dir + ": start one with `mamori demo`, or name its --dir"};
}

}  // namespace

Result<void> write_state(const std::string& dir, const DemoState& state) {
  JsonWriter json;
  json.begin_object().field("pid", state.pid).field("token", state.token);
  json.field("control_url", state.control_url).field("page_url", state.page_url).field("shop_url", state.shop_url);
  json.end_object();
  return write_private_file(path_in(dir), std::move(json).take() + '\n');
}

Result<DemoState> read_state(const std::string& dir) {
  const auto text = read_file(path_in(dir));
  if (!text) return text.error().code == Code::NotFound ? no_demo(dir) : text.error();
  MAMORI_TRY(const auto object, JsonObject::parse(*text));
  DemoState state{.pid = static_cast<int>(object.integer("pid", 0)),
                  .token = object.text("token"),
                  .control_url = object.text("control_url"),
                  .page_url = object.text("page_url"),
                  .shop_url = object.text("shop_url")};
  if (state.pid <= 0 || state.token.empty() || state.control_url.empty()) {
    return invalid_argument(path_in(dir) + " is damaged: stop the demo and start it again");
  }
  if (::kill(state.pid, 0) != 0 && errno == ESRCH) return no_demo(dir);  // left behind by a kill -9
  return state;
}

void remove_state(const std::string& dir) { ::unlink(path_in(dir).c_str()); }

std::string make_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) {
    std::array<char, 9> hex{};
    std::snprintf(hex.data(), hex.size(), "%08x", device());
    token += hex.data();
  }
  return token;
}

}  // namespace mamori::demo
