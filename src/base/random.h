// base/random.h: randomness as a parameter, so that a simulation replays it from a seed.
#pragma once
#include <cstdint>
#include <random>

namespace mamori {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t bits() { return engine_(); }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

 private:
  std::mt19937_64 engine_;
};

/// A seed from the operating system.
std::uint64_t random_seed();

}  // namespace mamori
