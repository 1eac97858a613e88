// alerts/detail/atomic_file.h: small files that are either the old or the new text, whatever happens in between.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori::alerts::detail {

/// Writes beside `path`, syncs, renames over it, syncs the directory. Errors: Io naming the call and the path.
Result<void> write_atomically(const std::string& path, std::string_view bytes);

/// Nothing when there is no such file. Errors: Io.
Result<std::optional<std::string>> read_if_there(const std::string& path);

/// Renames a file that makes no sense to `path`.damaged, so that it can be looked at; a sentence that says so.
std::string set_aside(const std::string& path, const Error& why);

}  // namespace mamori::alerts::detail
