#include "base/memory_gauge.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

namespace mamori {
namespace {

// Walking all free heap memory takes milliseconds when there is much of it.
constexpr std::chrono::milliseconds kTrimEvery{1000};

/// A control group's limit; 0 when there is none.
std::uint64_t group_limit(const char* path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 18) return 0;
  return std::stoull(text);
}

}  // namespace

MemoryGauge::MemoryGauge(std::uint64_t limit_bytes, std::function<std::uint64_t()> resident,
                         std::chrono::milliseconds measure_every)
    : limit_(limit_bytes), resident_(std::move(resident)), measure_every_(measure_every) {}

std::uint64_t MemoryGauge::resident_bytes() {
  // statm(5): size, resident, shared (of files), ... in pages.
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (!file) return 0;
  unsigned long long size = 0, resident = 0, shared = 0;
  const int read = std::fscanf(file, "%llu %llu %llu", &size, &resident, &shared);
  std::fclose(file);
  if (read != 3) return 0;
  return (resident - std::min(resident, shared)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t MemoryGauge::machine_bytes() {
  std::uint64_t bytes = static_cast<std::uint64_t>(std::max(0l, ::sysconf(_SC_PHYS_PAGES))) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const auto* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const auto limit = group_limit(path); limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

/// REQUIRES: mutex_ is held.
void MemoryGauge::measure() {
  const auto time = Clock::now();
  if (measured_at_ != Clock::time_point{} && time - measured_at_ < measure_every_) return;
  reserved_before_ = std::exchange(reserved_then_, reserved_.load());
  measured_ = resident_();
  measured_at_ = time;
}

std::uint64_t MemoryGauge::used() {
  const std::lock_guard guard(mutex_);
  measure();
  const std::uint64_t reserved = reserved_;
  return measured_ + reserved - std::min(reserved, reserved_before_);
}

bool MemoryGauge::under_pressure() { return limit_ > 0 && used() > limit_ / 5 * 4; }

bool MemoryGauge::reserve(std::uint64_t bytes) {
  if (limit_ == 0) {
    reserved_ += bytes;
    return true;
  }
  const auto border = limit_ - limit_ / 20;
  const auto fits = [&] { return used() + bytes <= border; };
  if (!fits()) {
    {
      const std::lock_guard guard(mutex_);
      const auto time = Clock::now();
      if (trimmed_at_ == Clock::time_point{} || time - trimmed_at_ >= kTrimEvery) {
        ::malloc_trim(0);
        trimmed_at_ = time;
        measured_ = resident_();
      }
    }
    if (!fits()) {
      ++refused_;
      return false;
    }
  }
  reserved_ += bytes;
  return true;
}

void MemoryGauge::release(std::uint64_t bytes) { reserved_ -= bytes; }

}  // namespace mamori
