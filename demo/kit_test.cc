#include "demo/kit.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mamori::demo {
namespace {

const KitInput kInput{.dir = "/tmp/shop-demo",
                      .ports = {.mamori = 9650, .front = 8081, .shop = 8082, .provider = 8083, .exporter = 8084}};

void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no " << part << " in\n" << text;
}

TEST(Kit, LeavesNoPlaceholderUnfilled) {
  for (const auto& text : {nginx_conf(kInput), rsyslog_conf(kInput)}) {
    for (const char* name : {"@dir@", "@user@", "@shop@", "@front@", "@stream@", "@file@", "@host@", "@port@"}) {
      EXPECT_EQ(text.find(name), std::string::npos) << name;
    }
  }
  EXPECT_EQ(spec_yaml(kInput).find('@'), std::string::npos);
}

TEST(Kit, KeepsEverythingThatNginxWritesInTheDirectory) {
  const std::string conf = nginx_conf(kInput);
  for (const char* path : {"pid", "client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "uwsgi_temp_path",
                           "scgi_temp_path", "access_log"}) {
    expect_has(conf, std::string(path) + " /tmp/shop-demo/nginx/");
  }
  EXPECT_EQ(conf.find("/var/"), std::string::npos);
}

TEST(Kit, NamesTheWorkersUserOnlyWhenRootStartsNginx) {
  EXPECT_EQ(nginx_conf(kInput).find("\nuser "), std::string::npos);
  auto as_root = kInput;
  as_root.worker_user = "root";
  expect_has(nginx_conf(as_root), "\nuser root;\n");
}

TEST(Kit, ShipsEachLogToItsStream) {
  const std::string conf = rsyslog_conf(kInput);
  for (const char* stream :
       {"payment_logs", "payment_webhooks", "payment_checkouts", "payment_refunds", "security_access"}) {
    expect_has(conf, std::string("searchIndex=\"") + stream + "\"");
  }
  expect_has(conf, "serverport=\"9650\"");
  expect_has(conf, "retryfailures=\"on\"");
  EXPECT_EQ(conf.find("$IncludeConfig"), std::string::npos);
}

TEST(Kit, WritesTheNotificationAddressOnlyWhenThereIsOne) {
  EXPECT_EQ(spec_yaml(kInput).find("notify:\n"), std::string::npos);
  auto told = kInput;
  told.notify = "http://127.0.0.1:9/hook";
  expect_has(spec_yaml(told), "notify:\n  - webhook: \"http://127.0.0.1:9/hook\"");
  expect_has(spec_yaml(told), "environment: demo");
  expect_has(spec_yaml(told), "targets: [\"127.0.0.1:8084\"]");
}

}  // namespace
}  // namespace mamori::demo
