#include "logs/detail/batch.h"

#include <algorithm>

#include "logs/detail/bytes.h"

namespace mamori::logs::detail {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string encode_batch(std::span<const Line> lines) {
  std::vector<std::string_view> streams;
  std::vector<std::uint32_t> stream_of;
  stream_of.reserve(lines.size());
  std::size_t bytes = 0;
  for (const auto& line : lines) {
    // A request has one stream or a few, and its neighbours mostly the same.
    auto at = std::ranges::find(streams, line.stream);
    if (at == streams.end()) at = streams.insert(at, line.stream);
    stream_of.push_back(static_cast<std::uint32_t>(at - streams.begin()));
    bytes += line.json.size() + 16;
  }
  std::string out;
  out.reserve(bytes + 64);
  put(out, kVersion);
  put(out, static_cast<std::uint32_t>(streams.size()));
  for (const auto stream : streams) {
    put(out, static_cast<std::uint16_t>(stream.size()));
    out += stream;
  }
  put(out, static_cast<std::uint32_t>(lines.size()));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    put(out, stream_of[i]);
    put(out, static_cast<std::int64_t>(lines[i].time.time_since_epoch().count()));
    put(out, static_cast<std::uint32_t>(lines[i].json.size()));
    out += lines[i].json;
  }
  return out;
}

Result<Batch> decode_batch(std::string bytes) {
  Batch batch;
  batch.bytes = std::move(bytes);
  Reader reader(batch.bytes);
  const Error bad{Code::Corrupt, "a record of the log store's write-ahead log makes no sense"};
  if (reader.number<std::uint8_t>() != kVersion) return bad;
  const auto streams = reader.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < streams && reader.ok(); ++i) {
    const auto length = reader.number<std::uint16_t>();
    batch.streams.emplace_back(reader.take(length));
  }
  const auto count = reader.number<std::uint32_t>();
  batch.entries.reserve(std::min<std::size_t>(count, reader.left() / 16));
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    Entry entry;
    entry.stream = reader.number<std::uint32_t>();
    entry.time = Timestamp{Nanos{reader.number<std::int64_t>()}};
    entry.length = reader.number<std::uint32_t>();
    entry.offset = static_cast<std::uint32_t>(reader.offset());
    reader.take(entry.length);
    if (entry.stream >= batch.streams.size()) return bad;
    batch.first = std::min(batch.first, entry.time);
    batch.last = std::max(batch.last, entry.time);
    batch.entries.push_back(entry);
  }
  if (!reader.ok() || reader.left() != 0) return bad;
  return batch;
}

}  // namespace mamori::logs::detail
