// tests/floors/floors.h: reads every #include below src/ and demo/ and says which of them break the rule of floors
// (ARCHITECTURE.md): includes point down the floors only, rooms of one floor do not know each other, `detail/` belongs
// to its room, heavy headers stay in .cc files, and no header includes itself by way of others.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace mamori::floors {

/// One sentence per broken rule, "src/logs/store.h:7: …", sorted. `root`: the folder that holds src/.
std::vector<std::string> broken_rules(const std::filesystem::path& root);

}  // namespace mamori::floors
