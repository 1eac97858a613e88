#include "metrics/gorilla.h"

#include <algorithm>
#include <array>
#include <bit>

namespace mamori::metrics {
namespace {

/// A class of delta-of-deltas: its prefix and how many bits hold the value.
struct TimeClass {
  std::uint64_t prefix;
  int prefix_bits;
  int value_bits;
};
// 0 stands for "the same step again" and needs no value. Widths as in Prometheus' XOR chunks (14, 17, 20, 64).
constexpr std::array<TimeClass, 4> kTimeClasses = {{{0b10, 2, 14}, {0b110, 3, 17}, {0b1110, 4, 20}, {0b1111, 4, 64}}};

bool fits(std::int64_t value, int bits) {
  if (bits == 64) return true;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return value >= -half && value < half;
}

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  bool read(int count, std::uint64_t& value) {
    if (bytes_.size() * 8 - at_ < static_cast<std::size_t>(count)) return false;
    value = 0;
    while (count > 0) {
      const int in_byte = 8 - static_cast<int>(at_ % 8);
      const int take = std::min(count, in_byte);
      const auto byte = static_cast<unsigned char>(bytes_[at_ / 8]);
      const auto bits = static_cast<std::uint64_t>(byte >> (in_byte - take)) & ((1u << take) - 1);
      value = (value << take) | bits;
      at_ += static_cast<std::size_t>(take);
      count -= take;
    }
    return true;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;  // in bits
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : reader_(bytes) {}

  bool next(Sample& sample) {
    if (!read_time() || !read_value()) return false;
    first_ = false;
    sample = {.time_ms = time_ms_, .value = std::bit_cast<double>(value_bits_)};
    return true;
  }

 private:
  bool read_time() {
    std::uint64_t bits = 0;
    if (first_) {
      if (!reader_.read(64, bits)) return false;
      time_ms_ = static_cast<std::int64_t>(bits);
      return true;
    }
    std::size_t ones = 0;
    while (ones < kTimeClasses.size()) {
      if (!reader_.read(1, bits)) return false;
      if (bits == 0) break;
      ++ones;
    }
    if (ones > 0) {
      const auto& chosen = kTimeClasses[ones - 1];
      if (!reader_.read(chosen.value_bits, bits)) return false;
      // Sign-extended from its width; unsigned arithmetic, as damaged bytes may overflow.
      const int shift = 64 - chosen.value_bits;
      const auto change = static_cast<std::int64_t>(bits << shift) >> shift;
      delta_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(delta_) + static_cast<std::uint64_t>(change));
    }
    time_ms_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(time_ms_) + static_cast<std::uint64_t>(delta_));
    return true;
  }

  bool read_value() {
    std::uint64_t bits = 0;
    if (first_) return reader_.read(64, value_bits_);
    if (!reader_.read(1, bits)) return false;
    if (bits == 0) return true;
    if (!reader_.read(1, bits)) return false;
    if (bits == 1) {
      std::uint64_t leading = 0, length = 0;
      if (!reader_.read(5, leading) || !reader_.read(6, length)) return false;
      leading_ = static_cast<int>(leading);
      length_ = length == 0 ? 64 : static_cast<int>(length);
      if (leading_ + length_ > 64) return false;
    }
    if (length_ == 0) return false;
    std::uint64_t meaningful = 0;
    if (!reader_.read(length_, meaningful)) return false;
    value_bits_ ^= meaningful << (64 - leading_ - length_);
    return true;
  }

  BitReader reader_;
  bool first_ = true;
  std::int64_t time_ms_ = 0, delta_ = 0;
  std::uint64_t value_bits_ = 0;
  int leading_ = 0, length_ = 0;
};

}  // namespace

void GorillaEncoder::write_bits(std::uint64_t value, int count) {
  while (count > 0) {
    if (free_bits_ == 0) {
      bytes_ += '\0';
      free_bits_ = 8;
    }
    const int take = std::min(count, free_bits_);
    const auto bits = (value >> (count - take)) & ((1u << take) - 1);
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | (bits << (free_bits_ - take)));
    free_bits_ -= take;
    count -= take;
  }
}

void GorillaEncoder::append(const Sample& sample) {
  write_time(sample.time_ms);
  write_value(sample.value);
  ++count_;
}

void GorillaEncoder::write_time(std::int64_t time_ms) {
  if (count_ == 0) {
    write_bits(static_cast<std::uint64_t>(time_ms), 64);
    time_ms_ = time_ms;
    return;
  }
  const auto delta =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(time_ms) - static_cast<std::uint64_t>(time_ms_));
  const auto change = static_cast<std::int64_t>(static_cast<std::uint64_t>(delta) - static_cast<std::uint64_t>(delta_));
  time_ms_ = time_ms;
  delta_ = delta;
  if (change == 0) {
    write_bits(0, 1);
    return;
  }
  for (const auto& chosen : kTimeClasses) {
    if (!fits(change, chosen.value_bits)) continue;
    write_bits(chosen.prefix, chosen.prefix_bits);
    write_bits(static_cast<std::uint64_t>(change), chosen.value_bits);
    return;
  }
}

void GorillaEncoder::write_value(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (count_ == 0) {
    write_bits(bits, 64);
    value_bits_ = bits;
    return;
  }
  const std::uint64_t changed = bits ^ value_bits_;
  value_bits_ = bits;
  if (changed == 0) {
    write_bits(0, 1);
    return;
  }
  write_bits(1, 1);
  const int leading = std::min(std::countl_zero(changed), 31);  // five bits hold it
  const int trailing = std::countr_zero(changed);
  if (leading_ >= 0 && leading >= leading_ && trailing >= trailing_) {
    write_bits(0, 1);
    write_bits(changed >> trailing_, 64 - leading_ - trailing_);
    return;
  }
  leading_ = leading;
  trailing_ = trailing;
  const int length = 64 - leading - trailing;
  write_bits(1, 1);
  write_bits(static_cast<std::uint64_t>(leading), 5);
  write_bits(static_cast<std::uint64_t>(length) & 63, 6);  // 64 is written as 0
  write_bits(changed >> trailing, length);
}

Result<void> gorilla_decode(std::string_view bytes, std::size_t count, std::vector<Sample>& out) {
  // Two bits is the least a sample takes, so a count that cannot be true is found before memory is asked for.
  if (count > bytes.size() * 4 + 1)
    return Error{Code::Corrupt, "a chunk says it has more samples than its bytes can hold"};
  Decoder decoder(bytes);
  out.reserve(out.size() + count);
  for (std::size_t i = 0; i < count; ++i) {
    Sample sample;
    if (!decoder.next(sample)) return Error{Code::Corrupt, "a chunk's bytes end before its last sample"};
    out.push_back(sample);
  }
  return {};
}

}  // namespace mamori::metrics
