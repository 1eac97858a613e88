// Holds the documents to what is there: both READMEs have the same sections, every link leads somewhere, every package
// and room is explained, and lockfiles name no registry but npm's public one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace mamori {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path kRoot = MAMORI_SOURCE_DIR;

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  EXPECT_FALSE(lines.empty()) << file << " is missing or empty";
  return lines;
}

/// The levels of the headings in order ("##" -> 2); lines in fenced code do not count.
std::vector<std::size_t> heading_levels(const fs::path& file) {
  std::vector<std::size_t> levels;
  bool in_code = false;
  for (const auto& line : lines_of(file)) {
    if (line.starts_with("```")) in_code = !in_code;
    if (!in_code && line.starts_with("#")) levels.push_back(line.find_first_not_of('#'));
  }
  return levels;
}

/// All files of the project with that name or extension; build folders and npm packages are left out.
std::vector<fs::path> project_files(auto matches) {
  std::vector<fs::path> found;
  for (auto it = fs::recursive_directory_iterator(kRoot); it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name == "build" || name == "node_modules" || name == "dist" || name == ".git")) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && matches(it->path())) {
      found.push_back(it->path());
    }
  }
  return found;
}

std::set<std::string> packages_listed() {
  std::set<std::string> packages;
  for (const auto& line : lines_of(kRoot / "packages.txt")) {
    if (!line.empty() && line[0] != '#' && line[0] != '[') packages.insert(line);
  }
  return packages;
}

/// The first column, `in backticks`, of the table below "## Debian packages".
std::set<std::string> packages_explained() {
  std::set<std::string> packages;
  bool inside = false;
  for (const auto& line : lines_of(kRoot / "docs/dependencies.md")) {
    if (line.starts_with("## ")) inside = line == "## Debian packages";
    if (inside && line.starts_with("| `")) packages.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return packages;
}

TEST(Readmes, HaveTheSameSections) {
  EXPECT_EQ(heading_levels(kRoot / "README.md"), heading_levels(kRoot / "README.ja.md"));
}

TEST(Documents, LinkToFilesThatAreThere) {
  std::vector<std::string> broken;
  for (const auto& file : project_files([](const fs::path& path) { return path.extension() == ".md"; })) {
    bool in_code = false;
    for (const auto& line : lines_of(file)) {
      if (line.starts_with("```")) in_code = !in_code;
      for (std::size_t at = line.find("]("); !in_code && at != std::string::npos; at = line.find("](", at + 1)) {
        std::string target = line.substr(at + 2, line.find(')', at) - at - 2);
        target = target.substr(0, target.find('#'));
        if (target.empty() || target.find(':') != std::string::npos) continue;
        if (!fs::exists(file.parent_path() / target)) broken.push_back(file.string() + ": " + target);
      }
    }
  }
  EXPECT_THAT(broken, IsEmpty());
}

TEST(Dependencies, AreEachExplainedAndNothingElseIs) { EXPECT_EQ(packages_listed(), packages_explained()); }

TEST(Lockfiles, NameOnlyNpmsPublicRegistry) {
  std::vector<std::string> foreign;
  for (const auto& file : project_files([](const fs::path& path) { return path.filename() == "package-lock.json"; })) {
    for (const auto& line : lines_of(file)) {
      const bool names_source = line.find("\"resolved\":") != std::string::npos;
      if (names_source && line.find("\"https://registry.npmjs.org/") == std::string::npos) foreign.push_back(line);
    }
  }
  EXPECT_THAT(foreign, IsEmpty());
}

TEST(Rooms, EachHaveAReadme) {
  std::vector<std::string> without;
  for (const auto& entry : fs::directory_iterator(kRoot / "src")) {
    if (entry.is_directory() && fs::exists(entry.path() / "CMakeLists.txt") &&
        !fs::exists(entry.path() / "README.md")) {
      without.push_back(entry.path().filename());
    }
  }
  EXPECT_THAT(without, IsEmpty());
}

}  // namespace
}  // namespace mamori
