#include "ingest/discovery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;
using spec::TargetGroup;

class FileTargetsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = dir_ + "/" + name;
    std::ofstream(path + ".new") << text;
    fs::rename(path + ".new", path);
    return path;
  }
  FileTargets targets() const { return FileTargets({{.files = {dir_ + "/*.json", dir_ + "/*.yml"}}}); }

  std::string dir_;
};

TEST_F(FileTargetsTest, FollowsFilesThatComeChangeAndGo) {
  auto targets = this->targets();
  EXPECT_TRUE(targets.refresh().groups.empty());
  const auto path = write("a.json", R"([{"targets": ["a:1"], "labels": {"zone": "x"}}])");
  auto found = targets.refresh();
  EXPECT_TRUE(found.changed);
  EXPECT_EQ(found.groups, (std::vector<TargetGroup>{{{"a:1"}, {{"zone", "x"}, {"__meta_filepath", path}}}}));
  found = targets.refresh();
  EXPECT_FALSE(found.changed);
  EXPECT_EQ(found.groups.size(), 1u);

  write("b.yml", "- targets: [b:1, b:2]\n");
  EXPECT_TRUE(targets.refresh().changed);
  write("a.json", "[]");
  found = targets.refresh();
  EXPECT_TRUE(found.changed);
  EXPECT_EQ(found.groups.at(0).targets, (std::vector<std::string>{"b:1", "b:2"}));
  fs::remove(dir_ + "/b.yml");
  found = targets.refresh();
  EXPECT_TRUE(found.changed);
  EXPECT_TRUE(found.groups.empty());
}

TEST_F(FileTargetsTest, AFileThatIsWrongLeavesItsTargetsAndIsSaidOnce) {
  auto targets = this->targets();
  const auto path = write("a.yml", "- targets: [a:1]\n");
  targets.refresh();
  write("a.yml", "- target: [a:1]\n");
  auto found = targets.refresh();
  ASSERT_EQ(found.problems.size(), 1u);
  EXPECT_EQ(found.problems[0], path + ":1:3: the key 'target' in 'groups[]' is not known: did you mean 'targets'?");
  EXPECT_EQ(found.groups.size(), 1u);
  EXPECT_TRUE(targets.refresh().problems.empty());
  write("a.yml", "- targets: [a:2]\n");
  EXPECT_EQ(targets.refresh().groups.at(0).targets.at(0), "a:2");
}

class DnsTargetsTest : public testing::Test {
 protected:
  DnsTargets targets(spec::DnsDiscovery config) {
    return DnsTargets({std::move(config)}, [this](const std::string& name, net::DnsType type) {
      ++asked_;
      last_ = name + " " + std::to_string(static_cast<int>(type));
      return answer_;
    });
  }
  Result<std::vector<net::DnsRecord>> answer_{std::vector<net::DnsRecord>{}};
  int asked_ = 0;
  std::string last_;
  Timestamp now_{Seconds{1'700'000'000}};
};

TEST_F(DnsTargetsTest, MakesTargetsOfEachType) {
  const auto check = [&](const char* type, net::DnsType asked, const net::DnsRecord& record, const TargetGroup& want) {
    answer_ = std::vector{record};
    auto targets = this->targets({.names = {"n"}, .type = type, .port = 9100});
    EXPECT_EQ(targets.refresh(now_).groups, std::vector{want}) << type;
    EXPECT_EQ(last_, "n " + std::to_string(static_cast<int>(asked)));
  };
  check("A", net::DnsType::A, {"10.0.0.1"}, {{"10.0.0.1:9100"}, {{"__meta_dns_name", "n"}}});
  check("AAAA", net::DnsType::Aaaa, {"fd00::1"}, {{"[fd00::1]:9100"}, {{"__meta_dns_name", "n"}}});
  check("SRV", net::DnsType::Srv, {"db1.example.", 5432},
        {{"db1.example:5432"},
         {{"__meta_dns_name", "n"},
          {"__meta_dns_srv_record_target", "db1.example."},
          {"__meta_dns_srv_record_port", "5432"}}});
  check("MX", net::DnsType::Mx, {"m.example."},
        {{"m.example:9100"}, {{"__meta_dns_name", "n"}, {"__meta_dns_mx_record_target", "m.example."}}});
  check("NS", net::DnsType::Ns, {"s.example."},
        {{"s.example:9100"}, {{"__meta_dns_name", "n"}, {"__meta_dns_ns_record_target", "s.example."}}});
}

TEST_F(DnsTargetsTest, AsksAgainAfterTheRefreshInterval) {
  auto targets = this->targets({.names = {"a", "b"}, .type = "A", .port = 1, .refresh_interval = Seconds{30}});
  EXPECT_TRUE(targets.is_due(now_));
  targets.refresh(now_);
  EXPECT_EQ(asked_, 2);
  EXPECT_FALSE(targets.is_due(now_ + Seconds{29}));
  targets.refresh(now_ + Seconds{29});
  EXPECT_EQ(asked_, 2);
  targets.refresh(now_ + Seconds{30});
  EXPECT_EQ(asked_, 4);
}

TEST_F(DnsTargetsTest, KeepsItsTargetsWhileNobodyAnswersAndDropsThemWhenTheNameIsGone) {
  auto targets = this->targets({.names = {"a"}, .type = "A", .port = 1, .refresh_interval = Seconds{1}});
  answer_ = std::vector<net::DnsRecord>{{"10.0.0.2"}, {"10.0.0.1"}};
  EXPECT_TRUE(targets.refresh(now_).changed);
  answer_ = std::vector<net::DnsRecord>{{"10.0.0.1"}, {"10.0.0.2"}};
  EXPECT_FALSE(targets.refresh(now_ += Seconds{1}).changed) << "only the order is another";
  answer_ = Error{Code::Unavailable, "silence"};
  auto found = targets.refresh(now_ += Seconds{1});
  EXPECT_EQ(found.problems, std::vector<std::string>{"DNS A a: silence"});
  EXPECT_EQ(found.groups.size(), 2u);
  EXPECT_TRUE(targets.refresh(now_ += Seconds{1}).problems.empty());
  answer_ = std::vector<net::DnsRecord>{};
  found = targets.refresh(now_ += Seconds{1});
  EXPECT_TRUE(found.changed);
  EXPECT_TRUE(found.groups.empty());
}

}  // namespace
}  // namespace mamori::ingest
