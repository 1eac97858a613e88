// logs/detail/bytes.h: little-endian numbers in byte strings, written and read with bounds checked.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace mamori::logs::detail {

template <std::integral T>
void put(std::string& out, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(bits & 0xFF);
    if constexpr (sizeof(T) > 1) bits >>= 8;
  }
}

/// Reads from the front. After the first read past the end, `ok()` is false and all reads give 0 or "".
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <std::integral T>
  T number() {
    const std::string_view raw = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = raw.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(raw[i]);
    return static_cast<T>(value);
  }
  std::string_view take(std::size_t count) {
    if (!ok_ || count > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::size_t offset() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace mamori::logs::detail
