#include "app/own_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/commands.h"

namespace mamori::app {
namespace {

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;  // pages: proc(5)
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
  std::error_code error;
  double count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) ++count;
  return count;
}

}  // namespace

void register_process_metrics(metrics::Registry& registry) {
  const std::chrono::duration<double> start = std::chrono::system_clock::now().time_since_epoch();
  registry.gauge("process_start_time_seconds", "Start of the process, seconds since 1970").set(start.count());
  registry.callback("process_resident_memory_bytes", "Resident memory", "gauge", {}, resident_bytes);
  registry.callback("process_cpu_seconds_total", "User and system processor time", "counter", {}, cpu_seconds);
  registry.callback("process_open_fds", "Open file descriptors", "gauge", {}, open_files);
  registry
      .gauge("mamori_build_info", "1, with the version as a label",
             metrics::Labels({{"version", std::string(kVersion)}}))
      .set(1);
}

}  // namespace mamori::app
