// spec/detail/reader.h: YAML or JSON text to nodes, and several documents to one. The only place that knows yaml-cpp.
// Bounds (tools write a large prometheus.yml; a bomb is larger): 8 MiB of text, 64 levels, 400,000 nodes after aliases
// are expanded, over all files. What exceeds them is a diagnostic, never a crash.
#pragma once
#include <cstddef>
#include <string_view>

#include "spec/detail/node.h"
#include "spec/detail/rule.h"

namespace mamori::spec {

inline constexpr std::size_t kTextBytesMax = 8u << 20;
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kNodesMax = 400'000;
inline constexpr std::size_t kKeysMax = 1'000;  // of one map: they are searched one by one

/// What is left to read for all files of one load.
struct ReadBudget {
  std::size_t nodes = kNodesMax;
  std::size_t text_bytes_max = kTextBytesMax;
};

/// Reads `text` and merges it into `root`: maps are merged, lists appended, one scalar given twice is an error.
/// Several documents in one text ("---") are merged like files. `first`: the file, and the line that the text's first
/// line is. Problems are reported; of a document with a syntax error nothing is kept.
void read_into(Node& root, std::string_view text, Position first, ReadBudget& budget, Findings& findings,
               const std::vector<std::string>& files);

/// The first document of `text`, of any kind; Missing when there is none or it could not be read.
Node read_document(std::string_view text, Position first, ReadBudget& budget, Findings& findings);

}  // namespace mamori::spec
