#include "app/test_rules_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/log.h"

namespace mamori::app {
namespace {

class TestRules : public testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::Error);
    dir_ = std::filesystem::temp_directory_path() / ("mamori-test-rules-" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
    put("rules.yml", "groups: [{name: g, rules: [{record: twice, expr: up * 2}, {alert: Down, expr: up == 0}]}]\n");
  }
  void TearDown() override {
    std::filesystem::remove_all(dir_);
    set_log_level(LogLevel::Info);
  }

  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ / name) << text;
    return (dir_ / name).string();
  }

  void run(std::vector<std::string> args) {
    const std::vector<std::string_view> views(args.begin(), args.end());
    std::ostringstream out, err;
    code_ = run_test_rules(views, out, err);
    out_ = out.str();
    err_ = err.str();
  }

  static std::string test(const std::string& name, int value) {
    return "- name: " + name +
           "\n  input_series: [{series: up, values: 1 1}]\n"
           "  promql_expr_test: [{expr: twice, eval_time: 1m, exp_samples: [{labels: twice, value: " +
           std::to_string(value) + "}]}]\n";
  }

  std::filesystem::path dir_;
  int code_ = -1;
  std::string out_, err_;
};

const std::string kHead = "rule_files: [rules.yml]\ntests:\n";

TEST_F(TestRules, SayThatAllPassed) {
  const auto file = put("t.yml", kHead + test("one", 2));
  run({file});
  EXPECT_EQ(code_, 0) << err_;
  EXPECT_EQ(out_, "Unit Testing:  " + file + "\n  SUCCESS\n\n");
  EXPECT_EQ(err_, "");
}

TEST_F(TestRules, ShowWhatWasExpectedAndWhatIsThere) {
  const auto file = put("t.yml", kHead + test("one", 3));
  run({file});
  EXPECT_EQ(code_, 1);
  EXPECT_EQ(out_, "Unit Testing:  " + file + "\n\n");
  EXPECT_EQ(
      err_,
      "  FAILED:\n    name: one,\n    expr: \"twice\", time: 1m,\n        exp: twice 3\n        got: twice 2\n\n");
}

TEST_F(TestRules, ShowDifferencesByLine) {
  const auto file = put("t.yml", kHead + R"(- input_series: [{series: 'up{a="b"}', values: 0 0}]
  alert_rule_test: [{eval_time: 1m, alertname: Down, exp_alerts: [{exp_labels: {a: c}}]}]
)");
  run({"--diff", file});
  EXPECT_EQ(code_, 1);
  EXPECT_EQ(err_,
            "  FAILED:\n    alertname: Down, time: 1m,\n        diff:\n"
            "              [\n"
            "              0:\n"
            "            -   Labels:{a=\"c\", alertname=\"Down\"}\n"
            "            +   Labels:{a=\"b\", alertname=\"Down\"}\n"
            "                Annotations:{}\n"
            "              ]\n\n");
}

TEST_F(TestRules, RunOnlyThoseThatAreNamed) {
  const auto file = put("t.yml", kHead + test("good", 2) + test("bad", 3));
  run({"--run", "goo", file});
  EXPECT_EQ(code_, 0) << err_;
  run({"--run", "goo", "--run", "^b", file});
  EXPECT_EQ(code_, 1);
  run({"--run", "(", file});
  EXPECT_EQ(code_, 2);
}

TEST_F(TestRules, TellWhatIsThereWhenDebugging) {
  run({"--debug", put("t.yml", kHead + test("good", 2))});
  EXPECT_NE(err_.find("DEBUG: Starting test good\n"), std::string::npos) << err_;
  EXPECT_NE(err_.find("twice => 2@0 2@60\n"), std::string::npos) << err_;
}

TEST_F(TestRules, FailWithFilesThatCannotBeUsed) {
  run({(dir_ / "missing.yml").string()});
  EXPECT_EQ(code_, 1);
  EXPECT_NE(err_.find("missing.yml"), std::string::npos) << err_;
  run({put("t.yml", "tests:\n- foo: 1\n")});
  EXPECT_EQ(code_, 1);
  EXPECT_NE(err_.find("t.yml:2:"), std::string::npos) << err_;
  put("broken.yml", "groups: [{name: g, rules: [{record: r, expr: up +}]}]\n");
  run({put("t.yml", "rule_files: [broken.yml]\ntests:\n" + test("one", 2))});
  EXPECT_EQ(code_, 1);
  EXPECT_NE(err_.find("broken.yml:1:"), std::string::npos) << err_;
  run({put("t.yml", "rule_files: [nothing*.yml]\n")});
  EXPECT_EQ(code_, 0);
  EXPECT_NE(err_.find("  WARNING: no file match pattern"), std::string::npos) << err_;
  run({});
  EXPECT_EQ(code_, 2);
}

TEST_F(TestRules, GiveJson) {
  const auto file = put("t.yml", kHead + test("good", 2) + test("bad", 3));
  run({"--json", file});
  EXPECT_EQ(code_, 1);
  EXPECT_EQ(out_, "[{\"file\":\"" + file +
                      "\",\"passed\":false,\"warnings\":[],\"errors\":[],\"tests\":["
                      "{\"name\":\"good\",\"passed\":true,\"failures\":[]},"
                      "{\"name\":\"bad\",\"passed\":false,\"failures\":[{\"what\":\"expr: \\\"twice\\\", time: 1m\","
                      "\"expected\":\"twice 3\",\"got\":\"twice 2\"}]}]}]\n");
}

}  // namespace
}  // namespace mamori::app
