// app/config_view.h: a spec's text as it may be shown.
#pragma once
#include <string>
#include <string_view>

namespace mamori::app {

/// Every URL keeps its scheme and host only: a path, a query or a user's part may hold a secret, whatever key the URL
/// stands under.
std::string hide_url_secrets(std::string_view text);

}  // namespace mamori::app
