#include "app/config_view.h"

#include <gtest/gtest.h>

namespace mamori::app {
namespace {

TEST(HideUrlSecrets, KeepsSchemeAndHostOnlyUnderAnyKeyAndInAnyForm) {
  const auto check = [](const char* text, const char* want) { EXPECT_EQ(hide_url_secrets(text), want) << text; };
  check("notify:\n  - webhook: https://hooks.example.org:8443/T0/secret?x=1\nnext: 1\n",
        "notify:\n  - webhook: https://hooks.example.org:8443/<hidden>\nnext: 1\n");
  check("{\"webhook\" : \"http://127.0.0.1:9/secret\"}", "{\"webhook\" : \"http://127.0.0.1:9/<hidden>\"}");
  check("webhook:\n    'https://h/secret'", "webhook:\n    'https://h/<hidden>'");
  check("a: https://user:secret@h/x b: http://h", "a: https://h/<hidden> b: http://h");
  check("url: https://h?token=secret", "url: https://h/<hidden>");
  check("no url: 10.0.0.0/16", "no url: 10.0.0.0/16");
}

}  // namespace
}  // namespace mamori::app
