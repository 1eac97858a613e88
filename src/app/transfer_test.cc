#include "app/transfer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/data_dir.h"
#include "metrics/store.h"

namespace mamori::app {
namespace {

namespace fs = std::filesystem;
using Args = std::vector<std::string_view>;

class TransferTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-transfer-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }

  static std::string export_text(const Args& args) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_export(args), 0);
    return testing::internal::GetCapturedStdout();
  }

  std::string dir_;
};

TEST_F(TransferTest, WhatPrometheusStoredComesOutAgainAsItWentIn) {
  ASSERT_TRUE(fs::exists("/usr/bin/promtool")) << "it comes with the package prometheus, which packages.txt names";
  std::string text;
  for (const std::string metric : {"payments_total", "queue_depth"}) {
    text += "# TYPE " + metric + " unknown\n";
    for (int series = 0; series < 3; ++series) {
      for (int i = 0; i < 1500; ++i) {  // over several blocks of two hours
        text += metric + "{job=\"shop\",n=\"" + std::to_string(series) + "\"} " +
                std::to_string(i * (series + 1) % 977) + " " + std::to_string(1'764'000'000 + i * 15) + ".250\n";
      }
    }
  }
  text += "# EOF\n";
  std::ofstream(dir_ + "/in.om") << text;
  const auto command =
      "/usr/bin/promtool tsdb create-blocks-from openmetrics " + dir_ + "/in.om " + dir_ + "/blocks > /dev/null 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string blocks = dir_ + "/blocks", data = dir_ + "/data";
  testing::internal::CaptureStdout();
  ASSERT_EQ(run_import(Args{"prometheus", blocks, "--data", data, "--quiet"}), 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("imported 9000 samples"), std::string::npos);
  EXPECT_EQ(export_text({"--data", data}), text);

  const auto some =
      export_text({"--data", data, "--match", "queue_depth{n=\"1\"}", "--start", "1764000015", "--end", "1764000031"});
  EXPECT_EQ(some,
            "# TYPE queue_depth unknown\nqueue_depth{job=\"shop\",n=\"1\"} 2 1764000015.250\n"
            "queue_depth{job=\"shop\",n=\"1\"} 4 1764000030.250\n# EOF\n");
}

TEST_F(TransferTest, ExportsFromASnapshotWhereItIsAndMakesNoFolders) {
  const SystemClock clock;
  std::vector<std::string> warnings;
  auto store = *metrics::Store::open(dir_ + "/data/metrics", {}, clock, warnings);
  const metrics::SeriesSample sample{metrics::Labels({{"__name__", "paid"}}), {to_millis(clock.now()), 1}};
  ASSERT_TRUE(store->append({&sample, 1}));
  const auto snapshot = store->snapshot(/*skip_head=*/false);
  ASSERT_TRUE(snapshot);
  EXPECT_NE(export_text({"--data", *snapshot}).find("paid 1"), std::string::npos);
  EXPECT_FALSE(fs::exists(*snapshot + "/LOCK"));
  EXPECT_FALSE(fs::exists(*snapshot + "/metrics"));

  const std::string typo = dir_ + "/dato";
  testing::internal::CaptureStderr();
  EXPECT_NE(run_export(Args{"--data", typo}), 0);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("there are no metrics in " + typo), std::string::npos);
  EXPECT_FALSE(fs::exists(typo));
  EXPECT_FALSE(DataDir::open(*snapshot)) << "a server must not start empty in it";
}

TEST_F(TransferTest, SaysWhatIsMissing) {
  testing::internal::CaptureStderr();
  const std::string data = dir_ + "/data", nothing = dir_ + "/nothing";
  EXPECT_EQ(run_import(Args{"prometheus", nothing, "--data", data}), 2);
  EXPECT_EQ(run_import(Args{"graphite", nothing, "--data", data}), 2);
  EXPECT_EQ(run_import(Args{"prometheus", nothing}), 2);
  EXPECT_EQ(run_export(Args{"--data", data, "--match", "up{"}), 2);
  EXPECT_EQ(run_export(Args{"--data", data, "--format", "csv"}), 2);
  EXPECT_EQ(run_export(Args{"--data", data, "--format", "remote-write"}), 2);
  EXPECT_EQ(run_export(Args{}), 2);
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("is no folder"), std::string::npos) << said;
  EXPECT_NE(said.find("needs --to URL"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(data));
}

}  // namespace
}  // namespace mamori::app
