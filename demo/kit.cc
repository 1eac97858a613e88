#include "demo/kit.h"

#include <glob.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "demo/lines.h"

namespace mamori::demo {
namespace {

/// Replaces each @name@ in `text`.
std::string fill(std::string text, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [name, value] : values) {
    const std::string mark = "@" + name + "@";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

std::string address(const std::string& host, int port) { return host + ":" + std::to_string(port); }

bool has_omelasticsearch() {
  glob_t found{};
  bool any = false;
  for (const char* pattern : {"/usr/lib/*/rsyslog/omelasticsearch.so", "/usr/lib/rsyslog/omelasticsearch.so",
                              "/usr/lib64/rsyslog/omelasticsearch.so"}) {
    any = any || ::glob(pattern, 0, nullptr, &found) == 0;
    ::globfree(&found);
    found = {};
  }
  return any;
}

struct Shipped {
  std::string_view file;  // below dir
  std::string_view stream;
};
constexpr std::array<Shipped, 5> kShipped{{{"shop/payments.jsonl", kPaymentStream},
                                           {"shop/webhooks.jsonl", kWebhookStream},
                                           {"shop/checkouts.jsonl", kCheckoutStream},
                                           {"shop/refunds.jsonl", kRefundStream},
                                           {"nginx/access.jsonl", kAccessStream}}};

constexpr std::string_view kNginx = R"conf(# Written by `mamori demo` at each start.
daemon off;
@user@worker_processes 1;
pid @dir@/nginx/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }

http {
  client_body_temp_path @dir@/nginx/body;
  proxy_temp_path @dir@/nginx/proxy;
  fastcgi_temp_path @dir@/nginx/fastcgi;
  uwsgi_temp_path @dir@/nginx/uwsgi;
  scgi_temp_path @dir@/nginx/scgi;
  server_tokens off;
  client_max_body_size 1m;

  # The traffic generator says who each customer is; a shop on the internet would trust its load balancer here.
  set_real_ip_from 127.0.0.0/8;
  real_ip_header X-Forwarded-For;

  # $request_time is seconds with three decimals; the log wants whole milliseconds.
  map $request_time $response_time_ms {
    "~^0\.0{0,2}(?<small>[0-9]+)$" $small;
    "~^(?<whole>[1-9][0-9]*)\.(?<part>[0-9]+)$" $whole$part;
    default 0;
  }
  # $time_iso8601 has whole seconds; $msec, of the same instant, has the rest.
  map "$time_iso8601 $msec" $timestamp {
    "~^(?<stamp>.{19})(?<zone>[^ ]+) [0-9]+\.(?<milli>[0-9]{3})$" $stamp.$milli$zone;
    default $time_iso8601;
  }
  map $request_uri $risk_score {
    default 0;
    "~*(\.env|\.git/|wp-login|phpmyadmin|\.\.(/|%2f)|%27|union.+select)" 80;
  }
  map $risk_score $event_type {
    default access;
    80 suspicious_request;
  }
  log_format security escape=json
    '{"@timestamp":"$timestamp","event_type":"$event_type","request_id":"$request_id",'
    '"user_id":"$http_x_user_id","ip_address":"$remote_addr","user_agent":"$http_user_agent",'
    '"request_method":"$request_method","request_path":"$uri","request_query":"$args","response_code":$status,'
    '"response_time_ms":$response_time_ms,"response_bytes":$body_bytes_sent,"risk_score":$risk_score}';
  access_log @dir@/nginx/access.jsonl security;

  upstream shop {
    server 127.0.0.1:@shop@;
    keepalive 16;
  }
  server {
    listen @front@;
    location / {
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Request-Id $request_id;
      proxy_read_timeout 15s;
    }
  }
}
)conf";

constexpr std::string_view kRsyslogHead = R"conf(# Written by `mamori demo` at each start.
global(workDirectory="@dir@/rsyslog" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="omelasticsearch")
template(name="line" type="string" string="%msg%")
)conf";

constexpr std::string_view kRsyslogStream = R"conf(
input(type="imfile" file="@dir@/@file@" tag="@stream@:" ruleset="@stream@" reopenOnTruncate="on"
  persistStateInterval="200")
ruleset(name="@stream@") {
  # On a reply with errors every item comes back here, those that were stored too; only 429 is worth another try.
  if $.omes!status != "" and $.omes!status != 429 then {
    stop
  }
  action(name="@stream@" type="omelasticsearch" server="@host@" serverport="@port@" usehttps="off"
    searchIndex="@stream@" searchType="" template="line" bulkmode="on" maxbytes="4m"
    retryfailures="on" retryruleset="@stream@"
    action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="5"
    queue.type="LinkedList" queue.filename="@stream@" queue.size="50000" queue.dequeueBatchSize="500"
    queue.maxDiskSpace="64m" queue.saveOnShutdown="on" queue.timeoutShutdown="1000")
}
)conf";

constexpr std::string_view kRsyslogTail = R"conf(
# What rsyslogd says about itself.
if $programname == "rsyslogd" then {
  action(type="omfile" file="@dir@/rsyslog/rsyslogd.log")
  stop
}
)conf";

// A minute's window instead of the log's five: its own goal is "critical within 1 minute". Kept beside
// config/payment-platform.yaml, from which names, thresholds, statistics and actions come; a test compares them.
constexpr std::string_view kSpec =
    R"conf(# Written by `mamori demo` at each start: the demo's part of config/payment-platform.yaml.
environment: demo

payment_monitoring:
  metrics:
    - name: "payment_success_rate"
      threshold: 99.5  # percent, technical success
      period: 60
      statistic: "Average"
      alarm_action: "immediate_alert"

    - name: "payment_latency_p99"
      threshold: 3000  # ms
      period: 60
      statistic: "p99"
      alarm_action: "warning_alert"

    - name: "stripe_webhook_processing_time"
      threshold: 5000  # ms
      period: 60
      statistic: "Maximum"
      alarm_action: "critical_alert"

    - name: "checkout_session_creation_errors"
      threshold: 1  # percent
      period: 60
      statistic: "Average"
      alarm_action: "immediate_alert"

  dashboards:
    - name: "Payment Performance Dashboard"
      widgets:
        - "Real-time transaction volume"
        - "Success rate by payment method"
        - "Geographic distribution of payments"
        - "Revenue per minute"
        - "Failed payment reasons breakdown"

    - name: "Technical Metrics Dashboard"
      widgets:
        - "API response times"
        - "Database query performance"
        - "Cache hit rates"
        - "Error rates by endpoint"
        - "Infrastructure resource utilization"

log_analysis:
  payment_logs:
    pattern: "payment_*"
    fields: [user_id, session_id, amount, currency, status, payment_method, processing_time, error_code, user_agent, ip_address]
    retention_days: @retention@
    alerts:
      - condition: "status:failed AND count > 10"
        period: "5m"
        action: "notify_team"
      - condition: "processing_time > 5000"
        period: "1m"
        action: "escalate"

  security_logs:
    pattern: "security_*"
    fields: [event_type, user_id, ip_address, user_agent, request_path, response_code, risk_score]
    retention_days: @retention@

scrape_configs:
  - job_name: "node"
    static_configs:
      - targets: ["127.0.0.1:@exporter@"]
  - job_name: "shop"
    static_configs:
      - targets: ["127.0.0.1:@shop@"]
  - job_name: "provider"
    static_configs:
      - targets: ["127.0.0.1:@provider@"]
)conf";

}  // namespace

std::string nginx_conf(const KitInput& input) {
  return fill(std::string(kNginx), {{"dir", input.dir},
                                    {"user", input.worker_user.empty() ? "" : "user " + input.worker_user + ";\n"},
                                    {"shop", std::to_string(input.ports.shop)},
                                    {"front", address(input.front_host, input.ports.front)}});
}

std::string rsyslog_conf(const KitInput& input) {
  std::string text = fill(std::string(kRsyslogHead), {{"dir", input.dir}});
  for (const auto& shipped : kShipped) {
    text += fill(std::string(kRsyslogStream), {{"dir", input.dir},
                                               {"file", std::string(shipped.file)},
                                               {"stream", std::string(shipped.stream)},
                                               {"host", input.mamori_host},
                                               {"port", std::to_string(input.ports.mamori)}});
  }
  return text + fill(std::string(kRsyslogTail), {{"dir", input.dir}});
}

std::string spec_yaml(const KitInput& input) {
  std::string text = fill(std::string(kSpec), {{"exporter", std::to_string(input.ports.exporter)},
                                               {"shop", std::to_string(input.ports.shop)},
                                               {"provider", std::to_string(input.ports.provider)},
                                               {"retention", "400"}});
  if (!input.notify.empty()) text += "\nnotify:\n  - webhook: \"" + input.notify + "\"\n";
  return text;
}

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  const std::string all = std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin:/usr/local/sbin:/usr/bin";
  for (const auto folder : split(all, ':')) {
    if (folder.empty()) continue;
    const std::string candidate = std::string(folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

Result<Programs> find_programs() {
  const Programs programs{.nginx = find_program("nginx"),
                          .rsyslogd = find_program("rsyslogd"),
                          .node_exporter = find_program("prometheus-node-exporter")};
  std::string missing;
  if (programs.nginx.empty()) missing += " nginx";
  if (programs.rsyslogd.empty()) missing += " rsyslog";
  if (!has_omelasticsearch()) missing += " rsyslog-elasticsearch";
  if (programs.node_exporter.empty()) missing += " prometheus-node-exporter";
  if (missing.empty()) return programs;
  return Error{Code::NotFound, "the demo needs programs that are not installed: sudo apt install" + missing};
}

}  // namespace mamori::demo
