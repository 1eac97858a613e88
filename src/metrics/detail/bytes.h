// metrics/detail/bytes.h: writes and reads the numbers of the on-disk formats: little endian, LEB128 varints, zigzag.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mamori::metrics::detail {

static_assert(std::endian::native == std::endian::little);

// Differences of 64-bit numbers wrap, so that any two have one and adding it gives the other back.
inline std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) { return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1))); }

inline constexpr std::size_t kVarintBytesMax = 10;

/// REQUIRES: room for kVarintBytesMax. Returns the place behind it.
inline char* write_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
inline void put_signed(std::string& out, std::int64_t value) { put_varint(out, zigzag(value)); }
template <typename T>
void put_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

/// Of a file whose first bytes are a name and the digit of its version.
inline bool is_newer_version(std::string_view bytes, std::string_view magic) {
  const auto name = magic.substr(0, magic.size() - 1);
  return bytes.starts_with(name) && bytes.size() >= magic.size() && bytes[name.size()] > magic.back() &&
         bytes[name.size()] <= '9';
}

/// Reads from the front. Past the end, or at a varint of over ten bytes, it gives zeros and ok() is false from then on.
class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::uint64_t varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    return long_varint();
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }

  template <typename T>
  T raw() {
    T value{};
    if (left() < sizeof value) {
      ok_ = false;
      return value;
    }
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  std::string_view take(std::uint64_t count) {
    if (count > left()) {
      ok_ = false;
      return {};
    }
    const std::string_view bytes(at_, count);
    at_ += count;
    return bytes;
  }

  std::string_view text() { return take(varint()); }

  /// A count of things that take at least `bytes_each`: none makes a reader reserve more than the bytes warrant.
  std::uint64_t count(std::size_t bytes_each) {
    const auto value = varint();
    if (value <= left() / bytes_each) return value;
    ok_ = false;
    return 0;
  }

  /// All of it was read, and nothing was missing.
  bool done() const { return ok_ && at_ == end_; }

 private:
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) break;
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool ok_ = true;
};

}  // namespace mamori::metrics::detail
