// ingest/protobuf_reader.h: walks a protobuf message in place, field by field, without copying or allocating.
// What always holds: nothing is read outside the message; after the first malformed byte every read gives zero or
// nothing, next() is false and ok() tells why it ended.
// Source: protobuf.dev, "Encoding". Groups (deprecated before the formats read here existed) count as malformed.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mamori::ingest {

static_assert(std::endian::native == std::endian::little, "fixed64 and double are read as they lie in the message");

enum class WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// Usage: `while (in.next()) switch (in.field()) { case 1: name = in.bytes(); break; default: in.skip(); }`, then ok().
/// Each field is read or skipped exactly once; reading it as another wire type than it has is malformed.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message)
      : at_(message.data()), end_(message.data() + message.size()), ok_(true) {}

  /// Goes to the next field; false at the end, and when the message is malformed.
  bool next() {
    if (at_ == end_ || !ok_) return false;
    const auto tag = raw_varint();
    const auto type = tag & 7;
    field_ = static_cast<std::uint32_t>(tag >> 3);
    wire_ = static_cast<WireType>(type);
    // Field numbers go to 2^29 - 1; types 3 and 4 are groups.
    if (tag < 8 || tag > 0xFFFFFFFFu || type == 3 || type == 4 || type > 5) ok_ = false;
    return ok_;
  }

  std::uint32_t field() const { return field_; }
  WireType wire() const { return wire_; }
  bool ok() const { return ok_; }
  /// Where the next field begins.
  const char* position() const { return at_; }

  std::uint64_t varint() { return expect(WireType::Varint) ? raw_varint() : 0; }
  std::int64_t int64() { return static_cast<std::int64_t>(varint()); }
  std::uint32_t uint32() { return static_cast<std::uint32_t>(varint()); }
  std::int64_t sint64() { return zigzag(varint()); }
  std::uint64_t fixed64() { return expect(WireType::Fixed64) ? raw_fixed<std::uint64_t>() : 0; }
  std::uint32_t fixed32() { return expect(WireType::Fixed32) ? raw_fixed<std::uint32_t>() : 0; }
  double float64() { return std::bit_cast<double>(fixed64()); }

  std::string_view bytes() {
    if (!expect(WireType::Bytes)) return {};
    const auto length = raw_varint();
    if (length > static_cast<std::uint64_t>(end_ - at_)) {
      ok_ = false;
      return {};
    }
    const std::string_view result(at_, static_cast<std::size_t>(length));
    at_ += length;
    return result;
  }

  void skip() {
    switch (wire_) {
      case WireType::Varint:
        raw_varint();
        break;
      case WireType::Fixed64:
        raw_fixed<std::uint64_t>();
        break;
      case WireType::Fixed32:
        raw_fixed<std::uint32_t>();
        break;
      case WireType::Bytes:
        bytes();
        break;
    }
  }

  /// A repeated number field: `take` gets each one, whether they are packed or not (both are legal on the wire).
  template <typename Take>
  void each_varint(Take take) {
    if (wire_ != WireType::Bytes) {
      const auto one = varint();
      if (ok_) take(one);
      return;
    }
    ProtobufReader packed(bytes());
    while (packed.ok_ && packed.at_ != packed.end_) {
      const auto one = packed.raw_varint();
      if (packed.ok_) take(one);
    }
    ok_ = ok_ && packed.ok_;
  }
  template <typename Take>
  void each_fixed64(Take take) {
    if (wire_ != WireType::Bytes) {
      const auto one = fixed64();
      if (ok_) take(one);
      return;
    }
    ProtobufReader packed(bytes());
    while (packed.ok_ && packed.at_ != packed.end_) {
      const auto one = packed.raw_fixed<std::uint64_t>();
      if (packed.ok_) take(one);
    }
    ok_ = ok_ && packed.ok_;
  }

  static std::int64_t zigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }

 private:
  bool expect(WireType type) {
    if (wire_ != type) ok_ = false;
    return ok_;
  }

  std::uint64_t raw_varint() {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) return static_cast<unsigned char>(*at_++);
    return long_varint();
  }

  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      if (shift == 63 && byte > 1) break;  // more than 64 bits
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  template <typename T>
  T raw_fixed() {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) {
      ok_ = false;
      return 0;
    }
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  const char* at_;
  const char* end_;
  std::uint32_t field_ = 0;
  WireType wire_ = WireType::Varint;
  bool ok_;
};

}  // namespace mamori::ingest
