#include "spec/shown_yaml.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

TEST(ShownYaml, UrlsKeepSchemeAndHostOnlyUnderAnyKeyAndInAnyForm) {
  const auto check = [](const char* text, const char* want) { EXPECT_EQ(shown_yaml(text), want) << text; };
  check("notify:\n  - webhook: https://hooks.example.org:8443/T0/secret?x=1\nnext: 1\n",
        "notify:\n  - webhook: https://hooks.example.org:8443/<hidden>\nnext: 1\n");
  check("{\"webhook\" : \"http://127.0.0.1:9/secret\"}", "{webhook: http://127.0.0.1:9/<hidden>}\n");
  check("webhook:\n    'https://h/secret'", "webhook: https://h/<hidden>\n");
  check("a: https://user:secret@h/x", "a: https://h/<hidden>\n");
  check("url: https://h?token=secret", "url: https://h/<hidden>\n");
  check("range: 10.0.0.0/16", "range: 10.0.0.0/16\n");
}

TEST(ShownYaml, HidesWhatStandsUnderASecretsName) {
  const auto shown = shown_yaml(R"(
scrape_configs:
  - job_name: shop   # the password is s3cret
    basic_auth: {username: mon, password: s3cret}
  - job_name: other
    authorization:
      type: Bearer
      credentials: s3cret
    bearer_token: "s3cret"
    bearer_token_file: /etc/token
    params: {token: [s3cret]}
    http_headers: {X-Api: {secrets: [s3cret], values: [open]}}
    tls_config:
      key: |
        -----BEGIN s3cret
        s3cret
      key_file: /etc/key.pem
    oauth2: {client_id: me, client_secret: s3cret}
headers: {Authorization: Basic s3cret}
)");
  EXPECT_EQ(shown.find("s3cret"), std::string::npos) << shown;
  for (const char* kept : {"username: mon", "type: Bearer", "bearer_token_file: /etc/token", "key_file: /etc/key.pem",
                           "client_id: me", "values: [open]", "job_name: shop"}) {
    EXPECT_NE(shown.find(kept), std::string::npos) << kept << "\n" << shown;
  }
}

TEST(ShownYaml, ShowsNothingOfWhatItCannotRead) {
  EXPECT_EQ(shown_yaml("password: s3cret\n  broken: [\n").find("s3cret"), std::string::npos);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k == 0 ? "" : ", ") + last;
    bomb += "]\n";
  }
  EXPECT_EQ(shown_yaml(bomb), "# too large to be shown\n");
  EXPECT_EQ(shown_yaml(std::string(5'000, '[')).substr(0, 1), "#");
}

}  // namespace
}  // namespace mamori::spec
