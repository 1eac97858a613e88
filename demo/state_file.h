// demo/state_file.h: DIR/demo.json tells `mamori demo fault` and `status` where the running demo is and proves, by the
// token that only its owner can read, that they may command it.
#pragma once
#include <string>

#include "base/result.h"

namespace mamori::demo {

struct DemoState {
  int pid = 0;  // the supervisor's
  std::string token;
  std::string control_url, page_url, shop_url;
};

Result<void> write_state(const std::string& dir, const DemoState& state);

/// Errors: NotFound when no demo runs in `dir`, with the remedy; Io; InvalidArgument for a damaged file.
Result<DemoState> read_state(const std::string& dir);

void remove_state(const std::string& dir);

/// 128 random bits from the operating system, in hex.
std::string make_token();

}  // namespace mamori::demo
