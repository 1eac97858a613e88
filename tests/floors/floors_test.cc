#include "floors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace mamori::floors {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A made-up project in a folder of its own, gone at the end of the test.
class Tree {
 public:
  Tree() {
    std::string name = (fs::temp_directory_path() / "mamori-floors-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~Tree() { fs::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  Tree& file(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
    return *this;
  }
  std::vector<std::string> broken() const { return broken_rules(root_); }

 private:
  fs::path root_;
};

TEST(Floors, HoldInThisProject) { EXPECT_THAT(broken_rules(MAMORI_SOURCE_DIR), IsEmpty()); }

TEST(Floors, LetIncludesPointDown) {
  Tree tree;
  tree.file("src/base/time.h", "#include <chrono>\n")
      .file("src/logs/store.h", "#include \"base/time.h\"\n")
      .file("src/rules/window.cc", "#include \"rules/window.h\"\n#include <vector>\n\n  #  include \"logs/store.h\"\n")
      .file("demo/shop.cc", "#include \"base/time.h\"\n#include \"net/http.h\"\n");
  EXPECT_THAT(tree.broken(), IsEmpty());
}

TEST(Floors, RefuseAnArrowThatGoesUp) {
  Tree tree;
  tree.file("src/base/time.h", "// time\n#include \"alerts/state.h\"\n");
  EXPECT_THAT(tree.broken(), ElementsAre("src/base/time.h:2: base (floor 1) includes alerts (floor 5) above it"));
}

TEST(Floors, RefuseAnArrowBetweenRoomsOfOneFloor) {
  Tree tree;
  tree.file("src/logs/store.cc", "#include \"metrics/store.h\"\n");
  EXPECT_THAT(tree.broken(),
              ElementsAre("src/logs/store.cc:1: logs and metrics stand on one floor and meet in app only"));
}

TEST(Floors, RefuseHeadersThatGoRound) {
  Tree tree;
  tree.file("src/logs/a.h", "#include \"logs/b.h\"\n")
      .file("src/logs/b.h", "#include \"logs/c.h\"\n")
      .file("src/logs/c.h", "#include \"logs/a.h\"\n");
  EXPECT_THAT(tree.broken(), ElementsAre(HasSubstr("src/logs/c.h:1: goes round: src/logs/a.h")));
}

TEST(Floors, RefuseTheDetailOfAnotherRoom) {
  Tree tree;
  tree.file("src/rules/window.cc", "#include \"rules/detail/ring.h\"\n#include \"logs/detail/part.h\"\n");
  EXPECT_THAT(tree.broken(), ElementsAre("src/rules/window.cc:2: detail/ belongs to logs alone"));
}

TEST(Floors, KeepHeavyHeadersInTheirCcFiles) {
  Tree tree;
  tree.file("src/net/client.cc", "#include <boost/beast/http.hpp>\n#include <boost/asio/ssl.hpp>\n")
      .file("src/net/client.h", "#include <boost/beast/http.hpp>\n")
      .file("src/alerts/notify.cc", "#include <boost/asio/ssl.hpp>\n")
      .file("src/spec/read.cc", "#include <yaml-cpp/yaml.h>\n")
      .file("src/ingest/bulk.cc", "#include <simdjson.h>\n#include <yaml-cpp/yaml.h>\n")
      .file("src/ingest/bulk.h", "#include <simdjson.h>\n");
  EXPECT_THAT(tree.broken(),
              ElementsAre("src/alerts/notify.cc:1: <boost/asio/ssl.hpp> belongs into the .cc files of net",
                          "src/ingest/bulk.cc:2: <yaml-cpp/yaml.h> belongs into the .cc files of spec",
                          "src/ingest/bulk.h:1: <simdjson.h> is heavy and belongs into .cc files",
                          "src/net/client.h:1: <boost/beast/http.hpp> is heavy and belongs into .cc files"));
}

TEST(Floors, LetADetailHeaderBeHeavyIfOnlyCcFilesIncludeIt) {
  Tree tree;
  tree.file("src/alerts/detail/codec.h", "#include <simdjson.h>\n")
      .file("src/alerts/manager.cc", "#include \"alerts/detail/codec.h\"\n")
      .file("src/alerts/manager.h", "#include \"alerts/detail/codec.h\"\n");
  EXPECT_THAT(tree.broken(), ElementsAre("src/alerts/manager.h:1: \"alerts/detail/codec.h\" includes heavy headers and "
                                         "belongs into .cc files"));
}

TEST(Floors, KeepTheDemoApartFromTheProduct) {
  Tree tree;
  tree.file("demo/shop.cc", "#include \"logs/store.h\"\n")
      .file("src/rules/judge.cc", "#include \"demo/faults.h\"\n")
      .file("src/app/commands.cc", "#include \"demo/demo.h\"\n");
  EXPECT_THAT(tree.broken(),
              ElementsAre("demo/shop.cc:1: demo stands apart and may include base and net only, not logs",
                          "src/rules/judge.cc:1: room demo has no floor"));
}

TEST(Floors, RefuseARoomWithoutAFloorAndAPathThatDoesNotStartAtSrc) {
  Tree tree;
  tree.file("src/logs/store.cc", "#include \"store.h\"\n").file("src/attic/old.h", "\n");
  EXPECT_THAT(tree.broken(), ElementsAre("src/attic: this room has no floor",
                                         "src/logs/store.cc:1: \"store.h\" is not written as a path from src/"));
}

}  // namespace
}  // namespace mamori::floors
