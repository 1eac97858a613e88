#include "demo/role.h"

#include <chrono>
#include <csignal>

#include "net/http_client.h"

namespace mamori::demo {

void wait_for_stop_signal() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  int signal = 0;
  sigwait(&stop, &signal);
}

FaultWatch::FaultWatch(std::string control_url, std::string token)
    : url_(std::move(control_url)), token_(std::move(token)) {
  if (!url_.empty()) thread_ = std::thread([this] { poll(); });
}

FaultWatch::~FaultWatch() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Faults FaultWatch::now() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void FaultWatch::poll() {
  net::ClientRequest request{.url = url_ + "/faults"};
  request.headers.set("Authorization", "Bearer " + token_);
  while (!stopping_) {
    if (const auto reply = net::send(request, Millis{2000}); reply && reply->status == 200) {
      if (const auto faults = faults_from_json(reply->body)) {
        const std::lock_guard lock(mutex_);
        faults_ = *faults;
      }
    }
    std::this_thread::sleep_for(Millis{250});
  }
}

void Counters::add(const std::string& series, std::uint64_t by) {
  const std::lock_guard lock(mutex_);
  values_[series] += by;
}

net::Response Counters::exposition() const {
  std::string text;
  std::string family;
  const std::lock_guard lock(mutex_);
  for (const auto& [series, value] : values_) {  // sorted, so that a family's series stand together
    const std::string name = series.substr(0, series.find('{'));
    if (name != family) text += "# TYPE " + name + " counter\n";
    family = name;
    text += series + ' ' + std::to_string(value) + '\n';
  }
  auto response = net::Response::text(200, std::move(text));
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

bool has_token(const net::Request& request, std::string_view token) {
  const std::string want = "Bearer " + std::string(token);
  const auto got = request.headers.get("Authorization");
  if (got.size() != want.size()) return false;
  unsigned differences = 0;  // compared in constant time, as a token should be
  for (std::size_t i = 0; i < want.size(); ++i) differences |= static_cast<unsigned>(got[i] ^ want[i]);
  return differences == 0;
}

}  // namespace mamori::demo
