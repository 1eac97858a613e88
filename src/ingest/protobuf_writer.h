// ingest/protobuf_writer.h: builds a protobuf message field by field. For short answers, and for what tests send.
#pragma once
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mamori::ingest {

class ProtobufWriter {
 public:
  ProtobufWriter& varint(std::uint32_t field, std::uint64_t value) {
    tag(field, 0);
    raw_varint(bytes_, value);
    return *this;
  }
  ProtobufWriter& int64(std::uint32_t field, std::int64_t value) {
    return varint(field, static_cast<std::uint64_t>(value));
  }
  ProtobufWriter& sint64(std::uint32_t field, std::int64_t value) { return varint(field, zigzag(value)); }
  ProtobufWriter& fixed64(std::uint32_t field, std::uint64_t value) {
    tag(field, 1);
    raw_fixed64(bytes_, value);
    return *this;
  }
  ProtobufWriter& float64(std::uint32_t field, double value) {
    return fixed64(field, std::bit_cast<std::uint64_t>(value));
  }
  /// A string, bytes or a message.
  ProtobufWriter& bytes(std::uint32_t field, std::string_view value) {
    tag(field, 2);
    raw_varint(bytes_, value.size());
    bytes_ += value;
    return *this;
  }
  ProtobufWriter& message(std::uint32_t field, const ProtobufWriter& value) { return bytes(field, value.bytes_); }
  ProtobufWriter& packed_varints(std::uint32_t field, const std::vector<std::uint64_t>& values) {
    std::string packed;
    for (const auto value : values) raw_varint(packed, value);
    return bytes(field, packed);
  }
  ProtobufWriter& packed_doubles(std::uint32_t field, const std::vector<double>& values) {
    std::string packed;
    for (const auto value : values) raw_fixed64(packed, std::bit_cast<std::uint64_t>(value));
    return bytes(field, packed);
  }

  const std::string& text() const { return bytes_; }
  std::string take() && { return std::move(bytes_); }

  static std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  }

 private:
  void tag(std::uint32_t field, std::uint32_t type) { raw_varint(bytes_, std::uint64_t{field} << 3 | type); }
  static void raw_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
  }
  static void raw_fixed64(std::string& out, std::uint64_t value) {
    for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
  }

  std::string bytes_;
};

}  // namespace mamori::ingest
