// spec/shown_yaml.h: a configuration as it may be shown to whoever can open the page.
#pragma once
#include <string>
#include <string_view>

namespace mamori::spec {

/// The YAML written anew, without comments. What stands under a key that names a secret (password, credentials, token,
/// …_key, …_secret) becomes "<hidden>"; every URL keeps its scheme and host only, for a path, a query or a user's part
/// may hold a secret, whatever key the URL stands under. Text that cannot be read is not shown: a comment says why.
std::string shown_yaml(std::string_view text);

}  // namespace mamori::spec
