#include "ingest/prometheus_block.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "ingest/prometheus_chunk.h"
#include "ingest/sample_writer.h"
#include "metrics/store.h"

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;

/// Blocks are made by promtool from text, so that the reader is held against Prometheus' own writer.
class PrometheusBlockTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-block-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    ASSERT_TRUE(fs::exists("/usr/bin/promtool")) << "it comes with the package prometheus, which packages.txt names";
  }
  void TearDown() override { fs::remove_all(dir_); }

  void make_blocks(const std::string& openmetrics) {
    std::ofstream(dir_ + "/in.om") << openmetrics;
    const auto command =
        "/usr/bin/promtool tsdb create-blocks-from openmetrics " + dir_ + "/in.om " + dir_ + "/blocks > /dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  /// All blocks again as text, series by series.
  std::string read_blocks() {
    std::string text;
    const auto blocks = find_prometheus_blocks(dir_ + "/blocks");
    EXPECT_TRUE(blocks) << blocks.error().message;
    for (const auto& path : *blocks) {
      const auto block = PrometheusBlock::open(path);
      EXPECT_TRUE(block) << block.error().message;
      const auto outcome = (*block)->each_series([&](const metrics::SeriesData& data) -> Result<void> {
        write_openmetrics(data, text);
        return {};
      });
      EXPECT_TRUE(outcome) << outcome.error().message;
    }
    return text;
  }

  std::string dir_;
};

TEST_F(PrometheusBlockTest, ReadsWhatPromtoolWrote) {
  std::string samples;
  for (int i = 0; i < 300; ++i) {
    samples += "payments_total{job=\"shop\",status=\"ok\"} " + std::to_string(i * i) + " " +
               std::to_string(1'700'000'000 + i * 15 + (i % 50 == 7 ? 1 : 0)) + ".000\n";
  }
  samples += "temperature{room=\"\\\"1\\\"\"} 21.5 1700000001.250\n";
  make_blocks("# TYPE payments_total unknown\n" + samples + "# EOF\n");
  EXPECT_EQ(read_blocks(), samples);
}

TEST_F(PrometheusBlockTest, NamesTheFileOfADamagedChunk) {
  make_blocks("# TYPE a unknown\na 1 1700000000.000\na 2 1700000015.000\n# EOF\n");
  const auto blocks = find_prometheus_blocks(dir_ + "/blocks");
  ASSERT_TRUE(blocks);
  const auto chunks = blocks->at(0) + "/chunks/000001";
  {
    std::fstream file(chunks, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(12);
    file.put('x');
  }
  const auto block = PrometheusBlock::open(blocks->at(0));
  ASSERT_TRUE(block);
  const auto outcome = (*block)->each_series([](const metrics::SeriesData&) -> Result<void> { return {}; });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::Corrupt);
  EXPECT_NE(outcome.error().message.find("/chunks/000001"), std::string::npos) << outcome.error().message;
}

TEST_F(PrometheusBlockTest, SaysThatAFolderIsNoBlock) {
  const auto found = find_prometheus_blocks(dir_);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::NotFound);
}

TEST(PrometheusChunk, NeverReadsBeyondDamagedBytes) {
  std::uint32_t random = 7;
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes;
    for (int b = 0; b < 40; ++b) {
      random = random * 1664525 + 1013904223;
      bytes += static_cast<char>(random >> 24);
    }
    bytes[0] = 0;  // at most 255 samples
    metrics::SeriesData out;
    for (const auto encoding : {PrometheusChunk::Xor, PrometheusChunk::Histogram, PrometheusChunk::FloatHistogram})
      (void)read_prometheus_chunk(encoding, bytes, out);
  }
}

}  // namespace
}  // namespace mamori::ingest
