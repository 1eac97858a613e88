#include "ingest/protobuf_reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "ingest/protobuf_writer.h"

namespace mamori::ingest {
namespace {

/// True if the reader walks over all of it.
bool is_well_formed(std::string_view message) {
  ProtobufReader in(message);
  while (in.next()) in.skip();
  return in.ok();
}

TEST(ProtobufReader, ReadsEachKindOfField) {
  const auto message = ProtobufWriter()
                           .varint(1, std::numeric_limits<std::uint64_t>::max())
                           .int64(2, -5)
                           .sint64(3, std::numeric_limits<std::int64_t>::min())
                           .float64(4, 1.5)
                           .bytes(100, "text")
                           .text();
  ProtobufReader in(message);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.field(), 1u);
  EXPECT_EQ(in.varint(), std::numeric_limits<std::uint64_t>::max());
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.int64(), -5);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.sint64(), std::numeric_limits<std::int64_t>::min());
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.float64(), 1.5);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.field(), 100u);
  EXPECT_EQ(in.bytes(), "text");
  EXPECT_FALSE(in.next());
  EXPECT_TRUE(in.ok());
}

TEST(ProtobufReader, SkipsWhatTheCallerDoesNotKnow) {
  const auto message = ProtobufWriter().varint(9, 300).fixed64(10, 7).bytes(11, "abc").varint(1, 2).text();
  const auto more = message + std::string("\x65\x01\x02\x03\x04", 5);  // field 12 as fixed32
  ProtobufReader in(more);
  std::uint64_t one = 0;
  while (in.next()) {
    if (in.field() == 1) {
      one = in.varint();
    } else {
      in.skip();
    }
  }
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(one, 2u);
}

TEST(ProtobufReader, ReadsRepeatedNumbersPackedOrNot) {
  const auto read = [](const std::string& message) {
    std::vector<std::uint64_t> values;
    ProtobufReader in(message);
    while (in.next()) in.each_varint([&](std::uint64_t value) { values.push_back(value); });
    return in.ok() ? values : std::vector<std::uint64_t>{};
  };
  EXPECT_EQ(read(ProtobufWriter().packed_varints(1, {1, 300, 0}).text()), (std::vector<std::uint64_t>{1, 300, 0}));
  EXPECT_EQ(read(ProtobufWriter().varint(1, 1).packed_varints(1, {2}).varint(1, 3).text()),
            (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(read(ProtobufWriter().bytes(1, "\x80").text()).empty()) << "the last number does not end";
}

TEST(ProtobufReader, RefusesEveryTruncation) {
  const auto message = ProtobufWriter().varint(1, 300).float64(2, 1.5).bytes(3, "some text").text();
  ASSERT_TRUE(is_well_formed(message));
  std::size_t well_formed = 0;
  for (std::size_t length = 0; length < message.size(); ++length)
    well_formed += is_well_formed(message.substr(0, length));
  EXPECT_EQ(well_formed, 3u) << "only the cuts between fields: nothing, one field, two fields";
}

TEST(ProtobufReader, RefusesHostileBytes) {
  const auto refused = [](std::string_view bytes) { EXPECT_FALSE(is_well_formed(bytes)); };
  refused(std::string_view("\x00\x01", 2));                     // field number 0
  refused("\x0b\x01");                                          // a group
  refused("\x0e\x01");                                          // wire type 6
  refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");      // 65 bits
  refused("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");  // 11 bytes
  refused("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");      // longer than memory
  refused("\x80\x80\x80\x80\x80\x01\x01");                      // field number past 2^29
}

TEST(ProtobufReader, TakesAFieldOfAnotherTypeForMalformed) {
  const auto message = ProtobufWriter().varint(1, 1).varint(2, 2).text();
  ProtobufReader in(message);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.bytes(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(in.next());
  EXPECT_EQ(in.varint(), 0u) << "nothing more is read";
}

}  // namespace
}  // namespace mamori::ingest
