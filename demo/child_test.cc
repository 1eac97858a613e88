#include "demo/child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "demo/temp_dir_for_test.h"

namespace mamori::demo {
namespace {

std::unique_ptr<Child> shell(const TempDir& dir, const std::string& script, Millis grace = Millis{2000}) {
  return std::make_unique<Child>(ChildSpec{.name = "shell",
                                           .argv = {"/bin/sh", "-c", script},
                                           .environment = {"DEMO_WORD=hello"},
                                           .output_path = dir / "shell.log",
                                           .grace = grace});
}

/// Polls until `done`, at most 10 s.
template <typename Done>
bool eventually(Done done) {
  const auto deadline = std::chrono::steady_clock::now() + Seconds{10};
  while (std::chrono::steady_clock::now() < deadline) {
    if (done()) return true;
    std::this_thread::sleep_for(Millis{5});
  }
  return false;
}

std::string await_exit(Child& child) {
  std::optional<std::string> how;
  EXPECT_TRUE(eventually([&] {
    child.drain();
    how = child.take_exit();
    return how.has_value();
  }));
  return how.value_or("still running");
}

std::string await_line(Child& child) {
  eventually([&] {
    child.drain();
    return !child.last_lines(1).empty();
  });
  const auto lines = child.last_lines(1);
  return lines.empty() ? "" : lines[0];
}

TEST(Child, TellsHowItEndedAndWhatItLastPrinted) {
  const TempDir dir;
  auto child = shell(dir, "for i in 1 2 3; do echo line $i $DEMO_WORD; done; exit 3");
  ASSERT_TRUE(child->start());
  EXPECT_EQ(await_exit(*child), "exit code 3");
  EXPECT_EQ(child->last_lines(2), (std::vector<std::string>{"line 2 hello", "line 3 hello"}));
  EXPECT_FALSE(child->running());
}

TEST(Child, ThatCannotBeExecutedEndsWith127) {
  const TempDir dir;
  Child child({.name = "none", .argv = {"/nonexistent"}, .output_path = dir / "none.log"});
  ASSERT_TRUE(child.start());
  EXPECT_EQ(await_exit(child), "exit code 127");
  EXPECT_EQ(child.last_lines(1), std::vector<std::string>{"cannot be executed"});
}

TEST(Child, IsKilledWhenItIgnoresTheRequestToStop) {
  const TempDir dir;
  auto child = shell(dir, "trap '' TERM; echo ready; while :; do sleep 0.05; done", Millis{100});
  ASSERT_TRUE(child->start());
  ASSERT_EQ(await_line(*child), "ready");
  const pid_t pid = child->pid();
  child->stop();
  EXPECT_FALSE(child->running());
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Child, TakesItsOwnChildrenWithIt) {
  const TempDir dir;
  auto child = shell(dir, "sleep 300 & echo $!; wait");
  ASSERT_TRUE(child->start());
  const pid_t grandchild = std::atoi(await_line(*child).c_str());
  ASSERT_GT(grandchild, 0);
  child->signal(SIGKILL);
  EXPECT_EQ(await_exit(*child), "signal 9");
  // Adopted and reaped by init, or by whoever stands for it, a moment later.
  EXPECT_TRUE(eventually([&] {
    std::ifstream status("/proc/" + std::to_string(grandchild) + "/stat");
    std::string pid, name, state;
    return !(status >> pid >> name >> state) || state == "Z";
  }));
}

TEST(Child, CanBeStartedAgainAndKnowsHowOftenItWas) {
  const TempDir dir;
  auto child = shell(dir, "exit $MAMORI_DEMO_STARTS");
  for (const char* how : {"exit code 0", "exit code 1"}) {
    ASSERT_TRUE(child->start());
    EXPECT_EQ(await_exit(*child), how);
  }
}

}  // namespace
}  // namespace mamori::demo
