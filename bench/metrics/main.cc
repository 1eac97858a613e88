// bench/metrics: the metrics engine beside Prometheus and VictoriaMetrics: same data, same queries, one run, one table.
//   ninja -C build/release metrics_bench && build/release/metrics_bench [--peers mamori,prometheus,victoria-metrics]
//       [--hours 6] [--only ingest,kill,scrape] [--repetitions 15] [--folder DIR] [--json]
#include <netinet/in.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <thread>

#include "metrics/http.h"
#include "metrics/server.h"
#include "metrics/workload.h"

namespace mamori::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Query {
  const char* name;
  const char* text;
  int range_hours;  // 0: an instant
  int step_seconds;
};

constexpr Query kQueries[] = {
    {"i-selector",
     "payments_total{instance=\"10.0.2.13:9100\",endpoint=\"/v1/payments\",method=\"card\",provider=\"gmo\",status="
     "\"succeeded\"}",
     0, 0},
    {"i-sum-rate", "sum by (status) (rate(payments_total[5m]))", 0, 0},
    {"i-hq99", "histogram_quantile(0.99, sum by (le) (rate(payment_request_duration_seconds_bucket[5m])))", 0, 0},
    {"i-topk", "topk(5, sum by (instance) (rate(payments_total[5m])))", 0, 0},
    {"i-count-all", "count({__name__=~\".+\"})", 0, 0},
    {"i-regex", "sum(rate(payments_total{endpoint=~\"/v1/(refunds|checkout)\",status=~\"fail.*\"}[5m]))", 0, 0},
    {"i-err-ratio",
     "sum by (provider) (rate(payments_total{status=\"failed\"}[5m])) / sum by (provider) (rate(payments_total[5m]))",
     0, 0},
    {"r1h-dashboard",
     "histogram_quantile(0.95, sum by (endpoint, le) (rate(payment_request_duration_seconds_bucket[5m])))", 1, 60},
    {"r6h-sum-rate", "sum by (status) (rate(payments_total[5m]))", 6, 60},
    {"r6h-hq95", "histogram_quantile(0.95, sum by (le) (rate(payment_request_duration_seconds_bucket[5m])))", 6, 60},
    {"r6h-count-all", "count({__name__=~\".+\"})", 6, 60},
    {"r6h-avgot", "avg by (job) (avg_over_time(host_load1[5m]))", 6, 60},
};

std::string target_of(const Query& query, const Server& server, std::int64_t end_ms) {
  std::string target;
  const auto end = std::to_string(end_ms / 1000);
  if (query.range_hours == 0) {
    target = "/api/v1/query?time=" + end;
  } else {
    target = "/api/v1/query_range?start=" + std::to_string(end_ms / 1000 - query.range_hours * 3600) + "&end=" + end +
             "&step=" + std::to_string(query.step_seconds);
  }
  target += "&query=" + percent_encode(query.text);
  if (server.program().peer == Peer::VictoriaMetrics) target += "&nocache=1";
  return target;
}

/// Series text to (time, value) pairs.
using Answer = std::map<std::string, std::map<double, double>>;

Answer read_answer(const std::string& body) {
  Answer answer;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return answer;
  simdjson::dom::array results;
  if (root["data"]["result"].get(results) != simdjson::SUCCESS) return answer;
  for (auto result : results) {
    auto& points = answer[simdjson::minify(result["metric"])];
    const auto take = [&](simdjson::dom::element pair) {
      simdjson::dom::array both;
      if (pair.get(both) != simdjson::SUCCESS) return;
      double time = 0;
      std::string_view value;
      if (both.at(0).get(time) == simdjson::SUCCESS && both.at(1).get(value) == simdjson::SUCCESS)
        points[time] = std::strtod(std::string(value).c_str(), nullptr);
    };
    simdjson::dom::array values;
    if (result["values"].get(values) == simdjson::SUCCESS) {
      for (auto pair : values) take(pair);
    } else if (simdjson::dom::element value; result["value"].get(value) == simdjson::SUCCESS) {
      take(value);
    }
  }
  return answer;
}

/// The largest relative difference over points that both have; infinite when points are missing on one side.
double difference(const Answer& a, const Answer& b) {
  if (a.size() != b.size()) return INFINITY;
  double worst = 0;
  for (const auto& [series, points] : a) {
    const auto other = b.find(series);
    if (other == b.end() || other->second.size() != points.size()) return INFINITY;
    for (const auto& [time, value] : points) {
      const auto at = other->second.find(time);
      if (at == other->second.end()) return INFINITY;
      if (std::isnan(value) && std::isnan(at->second)) continue;
      const double scale = std::max(std::abs(value), std::abs(at->second));
      if (scale > 0) worst = std::max(worst, std::abs(value - at->second) / scale);
    }
  }
  return worst;
}

struct Figures {
  std::map<std::string, double> values;
  std::map<std::string, Answer> answers;
};

struct Settings {
  std::vector<Program> programs;
  std::string folder = (std::filesystem::temp_directory_path() / "mamori-metrics-bench").string();
  double hours = 6;
  int repetitions = 15;
  bool json = false;
  std::string only = "ingest,kill,scrape";
  bool does(const char* part) const { return only.find(part) != std::string::npos; }
};

/// Sends the requests over two connections; how many samples were acknowledged.
std::uint64_t send_all(const Workload& workload, const Server& server, std::span<const Request> requests) {
  std::atomic<std::uint64_t> acknowledged{0}, failed{0};
  std::vector<std::thread> senders;
  for (int c = 0; c < 2; ++c) {
    senders.emplace_back([&, c] {
      Connection connection(server.port());
      for (const auto& request : requests) {
        if (request.connection != c) continue;
        const int status = connection.post("/api/v1/write",
                                           "Content-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n"
                                           "X-Prometheus-Remote-Write-Version: 0.1.0\r\n",
                                           workload.body(request));
        if (status / 100 == 2) {
          acknowledged += request.samples;
        } else if (failed++ == 0) {
          std::fprintf(stderr, "  %s answered %d: %s\n", server.program().name.c_str(), status,
                       connection.body().substr(0, 200).c_str());
        }
      }
    });
  }
  for (auto& sender : senders) sender.join();
  if (failed > 0) std::fprintf(stderr, "  %lu requests failed\n", static_cast<unsigned long>(failed.load()));
  return acknowledged;
}

void measure_queries(const Settings& settings, const Workload& workload, Server& server, Figures& figures) {
  Connection connection(server.port());
  for (const auto& query : kQueries) {
    const auto target = target_of(query, server, workload.end_ms());
    std::vector<double> took;
    const int repetitions = query.range_hours == 0 ? settings.repetitions * 3 : settings.repetitions;
    for (int i = 0; i < repetitions; ++i) {
      const auto start = Clock::now();
      const int status = connection.get(target);
      took.push_back(seconds_since(start) * 1000);
      if (status != 200) {
        std::fprintf(stderr, "  %s: %d %s\n", query.name, status, connection.body().substr(0, 200).c_str());
        took.back() = NAN;
        break;
      }
    }
    std::ranges::sort(took);
    figures.values[std::string(query.name) + ", median ms"] = took[took.size() / 2];
    figures.answers[query.name] = read_answer(connection.body());
  }
}

void measure_ingest(const Settings& settings, const Workload& workload, const Program& program, Figures& figures) {
  Server server(program, settings.folder + "/" + program.name, "");
  server.start();
  if (!server.wait_ready()) return;
  std::this_thread::sleep_for(2s);
  auto& out = figures.values;
  const auto idle = server.costs();
  out["idle RSS MiB"] = idle.rss_mib;
  const auto start = Clock::now();
  const auto acknowledged = send_all(workload, server, workload.requests());
  const double millions = static_cast<double>(acknowledged) / 1e6;
  out["ingest k samples/s (wall)"] = millions * 1000 / seconds_since(start);
  out["ingest CPU s per M samples, at last ack"] = (server.costs().cpu_seconds - idle.cpu_seconds) / millions;
  server.wait_settled();
  const auto settled = server.costs();
  out["ingest CPU s per M samples, settled"] = (settled.cpu_seconds - idle.cpu_seconds) / millions;
  out["peak RSS MiB, ingest"] = settled.peak_rss_mib;
  measure_queries(settings, workload, server, figures);
  const auto asked = server.costs();
  out["peak RSS MiB, with queries"] = asked.peak_rss_mib;
  out["query CPU s, whole list"] = asked.cpu_seconds - settled.cpu_seconds;
  out["data folder B/sample"] = server.data_bytes() / static_cast<double>(acknowledged);
  if (const double bytes = server.snapshot_bytes(); bytes > 0)
    out["snapshot B/sample"] = bytes / static_cast<double>(acknowledged);
  server.stop();
}

void measure_kill(const Settings& settings, const Workload& workload, const Program& program, Figures& figures) {
  Server server(program, settings.folder + "/" + program.name + "-kill", "");
  server.start();
  if (!server.wait_ready()) return;
  const auto requests = workload.requests().subspan(0, workload.requests().size() * 59 / 100);
  const auto acknowledged = send_all(workload, server, requests);
  server.kill();
  const auto start = Clock::now();
  server.start();
  auto& out = figures.values;
  Connection connection(server.port());
  const std::int64_t steps = static_cast<std::int64_t>(requests.size()) / (kInstances / kInstancesPerRequest);
  const auto now = std::to_string((workload.start_ms() + (steps - 1) * kStepMs) / 1000);
  const auto newest = "/api/v1/query?nocache=1&time=" + now + "&query=" + percent_encode("count(payments_total)");
  while (seconds_since(start) < 60) {
    if (connection.get(newest) == 200 && connection.body().find("\"4800\"") != std::string::npos) break;
    std::this_thread::sleep_for(1ms);
  }
  if (seconds_since(start) < 60) out["kill -9 to first right answer, s"] = seconds_since(start);
  double kept = 0;
  for (std::int64_t from = workload.start_ms() - kStepMs; from < workload.end_ms(); from += 3'600'000) {
    for (const auto& metric : metric_names()) {
      const auto target = "/api/v1/query?nocache=1&time=" + std::to_string((from + 3'600'000) / 1000) +
                          "&query=" + percent_encode("sum(count_over_time(" + metric + "[1h]))");
      if (connection.get(target) != 200) continue;
      for (const auto& [series, points] : read_answer(connection.body())) {
        for (const auto& [time, value] : points) kept += value;
      }
    }
  }
  // What was kept of the request that the kill cut short was not acknowledged.
  out["acknowledged samples lost at kill -9"] = std::max(0.0, static_cast<double>(acknowledged) - kept);
  server.stop();
}

/// Serves one page to whoever asks, until it is destroyed.
class Exporter {
 public:
  Exporter() {
    for (int turn = 0; turn < 4; ++turn) pages_[turn] = scrape_page(50'000, turn);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd_, 16) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      std::perror("listen"), std::exit(2);
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Exporter() {
    stopping_ = true;
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int served() const { return served_; }

 private:
  void serve() {
    while (!stopping_) {
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) continue;
      std::string got;
      char bytes[4096];
      while (got.find("\r\n\r\n") == std::string::npos) {
        const auto n = ::recv(client, bytes, sizeof bytes, 0);
        if (n <= 0) break;
        got.append(bytes, static_cast<std::size_t>(n));
      }
      const auto& page = pages_[served_ % 4];
      std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
          "Content-Length: " +
          std::to_string(page.size()) + "\r\n\r\n" + page;
      for (std::size_t sent = 0; sent < answer.size();) {
        const auto n = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
      ::close(client);
      ++served_;
    }
  }

  std::string pages_[4];
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> served_{0};
  std::thread thread_;
};

void measure_scrape(const Settings& settings, const Program& program, Figures& figures) {
  Exporter exporter;
  Server server(program, settings.folder + "/" + program.name + "-scrape", exporter.address());
  server.start();
  if (!server.wait_ready()) return;
  for (int i = 0; i < 600 && exporter.served() < 3; ++i) std::this_thread::sleep_for(50ms);  // its caches are warm
  const int before = exporter.served();
  const double cpu = server.costs().cpu_seconds;
  std::this_thread::sleep_for(20s);
  const int pages = exporter.served() - before;
  if (pages > 0)
    figures.values["scrape CPU s per M samples"] =
        (server.costs().cpu_seconds - cpu) / (0.05 * static_cast<double>(pages));
  figures.values["scrapes in 20 s at 1 s"] = pages;
  server.stop();
}

constexpr const char* kOrder[] = {"ingest CPU s per M samples, settled",
                                  "ingest CPU s per M samples, at last ack",
                                  "ingest k samples/s (wall)",
                                  "snapshot B/sample",
                                  "data folder B/sample",
                                  "idle RSS MiB",
                                  "peak RSS MiB, ingest",
                                  "peak RSS MiB, with queries",
                                  "acknowledged samples lost at kill -9",
                                  "kill -9 to first right answer, s",
                                  "scrape CPU s per M samples",
                                  "scrapes in 20 s at 1 s",
                                  "query CPU s, whole list"};

void print_table(const Settings& settings, const std::map<std::string, Figures>& all) {
  std::printf("\n| figure |");
  for (const auto& program : settings.programs) std::printf(" %s |", program.name.c_str());
  std::printf("\n|---|");
  for (std::size_t i = 0; i < settings.programs.size(); ++i) std::printf("---|");
  const auto row = [&](const std::string& name) {
    std::printf("\n| %s |", name.c_str());
    for (const auto& program : settings.programs) {
      const auto& values = all.at(program.name).values;
      const auto at = values.find(name);
      at == values.end() ? std::printf(" - |") : std::printf(" %.4g |", at->second);
    }
  };
  for (const auto* name : kOrder) row(name);
  for (const auto& query : kQueries) row(std::string(query.name) + ", median ms");
  std::printf("\n");
  if (!all.contains("prometheus") || all.at("prometheus").answers.empty()) return;
  std::printf("\n| answers: largest relative difference to prometheus |");
  for (const auto& program : settings.programs) std::printf(" %s |", program.name.c_str());
  std::printf("\n|---|");
  for (std::size_t i = 0; i < settings.programs.size(); ++i) std::printf("---|");
  for (const auto& [query, reference] : all.at("prometheus").answers) {
    std::printf("\n| %s (%zu series) |", query.c_str(), reference.size());
    for (const auto& program : settings.programs) {
      const auto& answers = all.at(program.name).answers;
      const auto at = answers.find(query);
      at == answers.end() ? std::printf(" - |") : std::printf(" %.2g |", difference(reference, at->second));
    }
  }
  std::printf("\n");
}

void print_json(const std::map<std::string, Figures>& all) {
  std::printf("{");
  bool first_program = true;
  for (const auto& [program, figures] : all) {
    std::printf("%s\"%s\":{", first_program ? "" : ",", program.c_str());
    first_program = false;
    bool first = true;
    for (const auto& [name, value] : figures.values) {
      std::printf("%s\"%s\":%.6g", first ? "" : ",", name.c_str(), std::isfinite(value) ? value : -1);
      first = false;
    }
    std::printf("}");
  }
  std::printf("}\n");
}

int run(Settings settings, const std::string& own_folder) {
  if (settings.programs.empty()) {
    settings.programs = {{Peer::Mamori, "mamori", own_folder + "/mamori"},
                         {Peer::Prometheus, "prometheus", "/usr/bin/prometheus"},
                         {Peer::VictoriaMetrics, "victoria-metrics", "/usr/bin/victoria-metrics"}};
  }
  std::error_code ignored;
  std::filesystem::remove_all(settings.folder, ignored);
  std::filesystem::create_directories(settings.folder);
  std::map<std::string, Figures> all;
  for (const auto& program : settings.programs) all[program.name];
  if (settings.does("ingest") || settings.does("kill")) {
    std::fprintf(stderr, "making the data ...\n");
    const auto now_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    const Workload workload(settings.folder + "/requests", static_cast<int>(settings.hours * 3600'000 / kStepMs),
                            now_ms / kStepMs * kStepMs);
    std::fprintf(stderr, "%.1f M samples in %zu requests\n", static_cast<double>(workload.samples()) / 1e6,
                 workload.requests().size());
    for (const auto& program : settings.programs) {
      std::fprintf(stderr, "%s ...\n", program.name.c_str());
      if (settings.does("ingest")) measure_ingest(settings, workload, program, all[program.name]);
      if (settings.does("kill")) measure_kill(settings, workload, program, all[program.name]);
    }
  }
  if (settings.does("scrape")) {
    for (const auto& program : settings.programs) {
      std::fprintf(stderr, "%s, scrape ...\n", program.name.c_str());
      measure_scrape(settings, program, all[program.name]);
    }
  }
  settings.json ? print_json(all) : print_table(settings, all);
  std::filesystem::remove_all(settings.folder, ignored);
  return 0;
}

}  // namespace
}  // namespace mamori::bench

int main(int argc, char** argv) {
  using namespace mamori::bench;  // NOLINT(google-build-using-namespace)
  const auto own_folder = std::filesystem::absolute(argv[0]).parent_path().string();
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--json") {
      settings.json = true;
      continue;
    }
    ++i;
    if (option == "--hours") {
      settings.hours = std::strtod(value.c_str(), nullptr);
    } else if (option == "--repetitions") {
      settings.repetitions = std::max(1, std::atoi(value.c_str()));
    } else if (option == "--only") {
      settings.only = value;
    } else if (option == "--folder") {
      settings.folder = value;
    } else if (option == "--peers") {
      if (value.find("mamori") != std::string::npos)
        settings.programs.push_back({Peer::Mamori, "mamori", own_folder + "/mamori"});
      if (value.find("prometheus") != std::string::npos)
        settings.programs.push_back({Peer::Prometheus, "prometheus", "/usr/bin/prometheus"});
      if (value.find("victoria") != std::string::npos)
        settings.programs.push_back({Peer::VictoriaMetrics, "victoria-metrics", "/usr/bin/victoria-metrics"});
    } else {
      std::fprintf(stderr, "unknown option %s; see the first lines of bench/metrics/main.cc\n", option.c_str());
      return 2;
    }
  }
  return run(std::move(settings), own_folder);
}
