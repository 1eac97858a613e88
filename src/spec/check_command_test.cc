#include "spec/check_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "spec/detail/rule.h"

namespace mamori::spec {
namespace {

class CheckCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "mamori-check-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

  int run(std::vector<std::string> args) {
    std::vector<std::string_view> views(args.begin(), args.end());
    out_.str("");
    err_.str("");
    return run_check(views, out_, err_);
  }

  std::filesystem::path folder_;
  std::ostringstream out_, err_;
};

TEST_F(CheckCommand, ExitsZeroWithWarningsAlone) {
  const std::string file = write("a.yaml",
                                 "business_continuity: {backup_strategy: {application_data: "
                                 "{glacier_transition: 90}}}\n");
  EXPECT_EQ(run({file}), 0);
  EXPECT_NE(out_.str().find(file + ":1:80: warning: "), std::string::npos) << out_.str();
  EXPECT_NE(out_.str().find("[continuity.glacier-too-early]\n"), std::string::npos);
  EXPECT_NE(out_.str().find("accepted, not active yet: business_continuity\n"), std::string::npos);
  EXPECT_NE(out_.str().find("1 file: 0 errors, 1 warning, 0 info\n"), std::string::npos);
}

TEST_F(CheckCommand, ExitsThreeWithErrorsAndTwoWithoutAFile) {
  EXPECT_EQ(run({write("a.yaml", "x: 1\n")}), 3);
  EXPECT_EQ(run({(folder_ / "missing.yaml").string()}), 2);
  EXPECT_NE(err_.str().find("missing.yaml"), std::string::npos);
  EXPECT_EQ(std::ranges::count(err_.str(), '\n'), 1);
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(std::ranges::count(err_.str(), '\n'), 1);
  EXPECT_EQ(run({"--jsn", "a"}), 2);
  EXPECT_NE(err_.str().find("did you mean --json?"), std::string::npos);
  EXPECT_EQ(run({"--explain"}), 2);
}

TEST_F(CheckCommand, PrintsNothingButJsonWithJson) {
  EXPECT_EQ(run({"--json", write("a.yaml", "x: 1\nload_testing: {}\n")}), 3);
  EXPECT_TRUE(out_.str().starts_with("[{\"file\":")) << out_.str();
  EXPECT_TRUE(out_.str().ends_with("}]\n")) << out_.str();
  EXPECT_EQ(run({"--json", write("b.yaml", "load_testing: {}\n")}), 0);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(CheckCommand, JudgesSeveralFilesAsOne) {
  const std::string a = write("a.yaml",
                              "payment_monitoring: {metrics: [{name: payment_latency_p99, threshold: 3000, "
                              "period: 60, statistic: p99, alarm_action: warning_alert}]}\n");
  const std::string b = write("b.yaml", "load_testing: {acceptance_criteria: {response_time: {p99: \"< 5s\"}}}\n");
  EXPECT_EQ(run({a}), 0);
  EXPECT_EQ(run({b}), 0);
  EXPECT_EQ(run({a, b}), 3);
  EXPECT_NE(out_.str().find("payment.latency-limits-contradict"), std::string::npos);
}

TEST_F(CheckCommand, ExplainsARule) {
  EXPECT_EQ(run({"--explain", "infra.cidr-invalid"}), 0);
  EXPECT_NE(out_.str().find("error, mistake 1"), std::string::npos);
  EXPECT_EQ(run({"--explain", "infra.cidr-invalit"}), 2);
  EXPECT_NE(err_.str().find("did you mean 'infra.cidr-invalid'?"), std::string::npos);
}

TEST_F(CheckCommand, ListsEveryRule) {
  EXPECT_EQ(run({"--list-rules"}), 0);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(out_.str(), '\n')), all_rules().size());
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(CheckCommand, ItsDocumentsAreUpToDate) {
  const std::filesystem::path docs = std::filesystem::path(MAMORI_SOURCE_DIR) / "docs";
  ASSERT_EQ(run({"--list-rules", "--markdown"}), 0);
  EXPECT_TRUE(read(docs / "spec-rules.md").ends_with(out_.str()))
      << "write it anew: the head of docs/spec-rules.md, then the output of mamori check --list-rules --markdown";
  ASSERT_EQ(run({"--list-keys", "--markdown"}), 0);
  EXPECT_TRUE(read(docs / "spec-keys.md").ends_with(out_.str()))
      << "write it anew: the head of docs/spec-keys.md, then the output of mamori check --list-keys --markdown";
}

}  // namespace
}  // namespace mamori::spec
