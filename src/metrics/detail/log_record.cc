#include "metrics/detail/log_record.h"

#include "metrics/detail/histogram_codec.h"

namespace mamori::metrics::detail {
namespace {

constexpr char kWrite = 0x11, kDeletion = 0x12;
constexpr std::size_t kHeaderBytes = 1 + 4 + 4;  // kind, samples, bytes of the samples
// Id and time as varints of at most 5 and 10 bytes, a value of at most 8.
constexpr std::size_t kSampleBytesMax = 5 + 10 + 8;
constexpr std::int64_t kWholeMax = std::int64_t{1} << 53;
constexpr std::size_t kBufferKept = 4u << 20;  // an unusually large write's buffer is given back

/// Whole numbers, which most counters and many gauges are, take as many bytes as they have; others their eight. -0 is
/// not whole: its sign must come back.
bool is_whole(double value, std::int64_t& whole) {
  if (!(value > -static_cast<double>(kWholeMax) && value < static_cast<double>(kWholeMax))) return false;
  whole = static_cast<std::int64_t>(value);
  return std::bit_cast<std::uint64_t>(static_cast<double>(whole)) == std::bit_cast<std::uint64_t>(value);
}

bool take_samples(std::string_view bytes, std::size_t count, std::vector<RefSample>& out) {
  ByteReader reader(bytes);
  SeriesRef id = 0;
  std::int64_t time_ms = 0;
  out.clear();
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto step = reader.varint();
    id += static_cast<SeriesRef>(unzigzag(step >> 1));
    time_ms = wrapping_add(time_ms, unzigzag(reader.varint()));
    const double value = (step & 1) != 0 ? static_cast<double>(unzigzag(reader.varint())) : reader.raw<double>();
    if (!reader.ok()) return false;
    out.push_back({id, time_ms, value});
  }
  return reader.done();
}

bool read_write(ByteReader reader, std::vector<RefSample>& scratch, const RecordVisitor& visitor) {
  const auto count = reader.raw<std::uint32_t>();
  const auto bytes = reader.take(reader.raw<std::uint32_t>());
  if (!reader.ok() || count > bytes.size() / 3) return false;
  for (auto defined = reader.varint(); defined > 0; --defined) {
    const auto id = static_cast<SeriesRef>(reader.varint());
    Labels labels;
    if (!take_labels(reader, labels)) return false;
    visitor.define(id, std::move(labels));
  }
  if (!reader.ok() || !take_samples(bytes, count, scratch)) return false;
  visitor.samples(scratch);
  SeriesRef id = 0;
  for (auto left = reader.varint(); left > 0; --left) {
    id += static_cast<SeriesRef>(unzigzag(reader.varint()));
    const auto time_ms = reader.raw<std::int64_t>();
    Histogram histogram;
    if (!take_histogram(reader, histogram)) return false;
    visitor.histogram({id, time_ms, std::make_shared<const Histogram>(std::move(histogram))});
  }
  return reader.done();
}

}  // namespace

void WriteRecord::begin(std::size_t samples_max) {
  const auto room = kHeaderBytes + samples_max * kSampleBytesMax;
  if (buffer_.size() > kBufferKept && room <= kBufferKept) std::string().swap(buffer_);
  // Not filled with zeros: it is written over.
  if (buffer_.size() < room) buffer_.resize_and_overwrite(room, [](char*, std::size_t size) { return size; });
  at_ = buffer_.data() + kHeaderBytes;
  definitions_.clear();
  histograms_.clear();
  last_id_ = last_histogram_id_ = 0;
  last_ms_ = 0;
  samples_ = defined_ = histograms_added_ = 0;
}

void WriteRecord::define(SeriesRef id, const Labels& labels) {
  ++defined_;
  put_varint(definitions_, id);
  put_labels(definitions_, labels);
}

void WriteRecord::add(SeriesRef id, std::int64_t time_ms, double value) {
  ++samples_;
  std::int64_t whole = 0;
  const bool packed = is_whole(value, whole);
  at_ = write_varint(at_, zigzag(static_cast<std::int32_t>(id - last_id_)) << 1 | (packed ? 1 : 0));
  at_ = write_varint(at_, zigzag(wrapping_sub(time_ms, last_ms_)));
  if (packed) {
    at_ = write_varint(at_, zigzag(whole));
  } else {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  last_id_ = id;
  last_ms_ = time_ms;
}

void WriteRecord::add(SeriesRef id, std::int64_t time_ms, const Histogram& histogram) {
  ++histograms_added_;
  put_varint(histograms_, zigzag(static_cast<std::int32_t>(id - last_histogram_id_)));
  put_raw(histograms_, time_ms);
  put_histogram(histograms_, histogram);
  last_histogram_id_ = id;
}

std::string_view WriteRecord::finish() {
  const auto end = static_cast<std::size_t>(at_ - buffer_.data());
  std::string tail;
  put_varint(tail, defined_);
  tail += definitions_;
  put_varint(tail, histograms_added_);
  tail += histograms_;
  if (buffer_.size() < end + tail.size()) buffer_.resize(end + tail.size());
  std::memcpy(buffer_.data() + end, tail.data(), tail.size());
  buffer_[0] = kWrite;
  const auto samples = static_cast<std::uint32_t>(samples_);
  const auto bytes = static_cast<std::uint32_t>(end - kHeaderBytes);
  std::memcpy(buffer_.data() + 1, &samples, 4);
  std::memcpy(buffer_.data() + 5, &bytes, 4);
  return std::string_view(buffer_).substr(0, end + tail.size());
}

void put_labels(std::string& out, const Labels& labels) {
  put_varint(out, labels.size());
  for (const auto& [name, value] : labels) {
    put_text(out, name);
    put_text(out, value);
  }
}

bool take_labels(ByteReader& reader, Labels& out) {
  thread_local std::vector<Labels::Pair> pairs;
  pairs.resize(reader.count(2));
  std::string_view before;
  for (auto& [name, value] : pairs) {
    name = reader.text();
    value = reader.text();
    if (!reader.ok() || value.empty() || (!before.empty() && name <= before)) return false;
    before = name;
  }
  if (!reader.ok() || pairs.empty()) return false;
  out = Labels::from_sorted(pairs);
  return true;
}

void put_deletion(std::string& out, const Deletion& deletion) {
  put_varint(out, deletion.number);
  put_raw(out, deletion.start_ms);
  put_raw(out, deletion.end_ms);
  put_varint(out, deletion.ids.size());
  SeriesRef before = 0;
  for (const auto id : deletion.ids) {
    put_varint(out, id - before);
    before = id;
  }
}

bool take_deletion(ByteReader& reader, Deletion& out) {
  out.number = static_cast<std::uint32_t>(reader.varint());
  out.start_ms = reader.raw<std::int64_t>();
  out.end_ms = reader.raw<std::int64_t>();
  out.ids.resize(reader.count(1));
  SeriesRef before = 0;
  for (auto& id : out.ids) {
    const auto step = reader.varint();
    if (step > ~before || (step == 0 && &id != out.ids.data())) return false;  // not ascending
    id = before += static_cast<SeriesRef>(step);
  }
  return reader.ok();
}

std::string deletion_record(const Deletion& deletion) {
  std::string record(1, kDeletion);
  put_deletion(record, deletion);
  return record;
}

bool read_record(std::string_view record, std::vector<RefSample>& scratch, const RecordVisitor& visitor) {
  if (record.empty()) return false;
  ByteReader reader(record.substr(1));
  if (record[0] == kWrite) return read_write(reader, scratch, visitor);
  Deletion deletion;
  if (record[0] != kDeletion || !take_deletion(reader, deletion) || !reader.done()) return false;
  visitor.deletion(std::move(deletion));
  return true;
}

}  // namespace mamori::metrics::detail
