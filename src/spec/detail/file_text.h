// spec/detail/file_text.h: a whole file as text, bounded.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori::spec {

/// At most one byte more than `bytes_max`, so that the reader sees that a file is too large. `what`: "the spec".
/// Errors: NotFound, Io.
Result<std::string> read_file_text(const std::string& path, std::string_view what, std::size_t bytes_max);

}  // namespace mamori::spec
