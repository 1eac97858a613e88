#include "demo/state_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo/temp_dir_for_test.h"
#include "demo/workdir.h"

namespace mamori::demo {
namespace {

const DemoState kState{.pid = ::getpid(),
                       .token = "t",
                       .control_url = "http://127.0.0.1:1",
                       .page_url = "http://127.0.0.1:2/ui/",
                       .shop_url = "http://127.0.0.1:3/"};

TEST(StateFile, TellsWhereTheRunningDemoIs) {
  const TempDir dir;
  ASSERT_TRUE(write_state(dir.path(), kState));
  const auto state = read_state(dir.path());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->pid, ::getpid());
  EXPECT_EQ(state->token, "t");
  EXPECT_EQ(state->page_url, "http://127.0.0.1:2/ui/");
  remove_state(dir.path());
  EXPECT_EQ(read_state(dir.path()).error().code, Code::NotFound);
}

TEST(StateFile, OfADemoThatWasKilledCountsAsNone) {
  const TempDir dir;
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  auto state = kState;
  state.pid = gone;
  ASSERT_TRUE(write_state(dir.path(), state));
  EXPECT_EQ(read_state(dir.path()).error().code, Code::NotFound);
}

TEST(StateFile, ThatIsDamagedSaysSo) {
  const TempDir dir;
  ASSERT_TRUE(write_private_file(dir / "demo.json", "{}"));
  EXPECT_EQ(read_state(dir.path()).error().code, Code::InvalidArgument);
}

TEST(Token, IsLongAndNeverTheSame) {
  EXPECT_EQ(make_token().size(), 32u);
  EXPECT_NE(make_token(), make_token());
}

}  // namespace
}  // namespace mamori::demo
