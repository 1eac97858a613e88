#include "ingest/write_request.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "ingest/native_histogram.h"
#include "ingest/protobuf_reader.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;

/// One Label message. False if it is malformed.
bool read_label(std::string_view message, Labels::Pair& label) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      label.first = in.bytes();
    } else if (in.field() == 2) {
      label.second = in.bytes();
    } else {
      in.skip();
    }
  }
  return in.ok();
}

/// The labels in a message whose fields 1 they are.
Result<LabelPairs> read_label_fields(std::string_view message) {
  LabelPairs pairs;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() != 1) {
      in.skip();
    } else if (!read_label(in.bytes(), pairs.emplace_back())) {
      return invalid_argument("a label is not well-formed protobuf");
    } else if (pairs.size() > kLabelsMax) {
      return invalid_argument("more than " + std::to_string(kLabelsMax) + " labels");
    }
  }
  return pairs;
}

/// What may stand in a message about a label: bounded, since values may be long.
std::string shown(std::string_view text) {
  constexpr std::size_t kShownBytesMax = 100;
  std::string result = "\"" + std::string(text.substr(0, kShownBytesMax));
  return result + (text.size() > kShownBytesMax ? "…\"" : "\"");
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace

Result<Labels> checked_labels(LabelPairs& pairs, bool metric) {
  bool has_metric = false;
  const Labels::Pair* before = nullptr;
  if (!std::ranges::is_sorted(pairs, {}, &Labels::Pair::first)) std::ranges::sort(pairs, {}, &Labels::Pair::first);
  for (const auto& pair : pairs) {
    const auto& [name, value] = pair;
    if (name.empty()) return invalid_argument("a label has no name; its value is " + shown(value));
    if (!is_utf8(name)) return invalid_argument("the name of a label is not UTF-8");
    if (!is_utf8(value)) return invalid_argument("the value of label " + shown(name) + " is not UTF-8");
    if (before != nullptr && before->first == name)
      return invalid_argument("label " + shown(name) + " is there twice, with " + shown(before->second) + " and " +
                              shown(value));
    has_metric = has_metric || (name == metrics::kMetricName && !value.empty());
    before = &pair;
  }
  if (metric && !has_metric) return invalid_argument("the label __name__ is missing or empty");
  std::erase_if(pairs, [](const Labels::Pair& pair) { return pair.second.empty(); });
  return Labels::from_sorted(pairs);
}

void WriteRequest::clear() {
  series.clear();
  keys.clear();
  samples.clear();
  histograms.clear();
  exemplars.clear();
  metadata.clear();
  refused_histograms = 0;
  first_refused_histogram.clear();
  gathered_.clear();
  symbols_.clear();
  series_messages_.clear();
  symbol_hashes_.clear();
  described_.clear();
}

Result<void> WriteRequest::decode(WriteVersion version, std::string_view message, const SeriesHash& hash) {
  clear();
  version_ = version;
  items_left_ = items_max;
  const auto decoded = version == WriteVersion::V1 ? decode_v1(message, hash) : decode_v2(message, hash);
  if (items_left_ < 0) {
    return Error{Code::TooLarge, "the message holds more than " + std::to_string(items_max) +
                                     " series, samples and symbols; send it in parts"};
  }
  return decoded;
}

Result<void> WriteRequest::decode_v1(std::string_view message, const SeriesHash& hash) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      const auto body = in.bytes();
      if (in.ok() && !read_series_v1(body, hash))
        return invalid_argument("time series " + std::to_string(series.size()) + " is not well-formed protobuf");
    } else if (in.field() == 3) {
      if (!read_metadata_v1(in.bytes())) return invalid_argument("a MetricMetadata is not well-formed protobuf");
    } else {
      in.skip();
    }
  }
  if (!in.ok()) return invalid_argument("the message is not a well-formed prometheus.WriteRequest");
  return {};
}

/// Labels are only skipped over here: their bytes are hashed as they lie.
bool WriteRequest::read_series_v1(std::string_view message, const SeriesHash& hash) {
  if (read_usual_series_v1(message, hash)) return true;
  if (!has_room()) return false;
  auto& one = series.emplace_back();
  ProtobufReader in(message);
  const char* field_begin = in.position();
  const char* labels_begin = field_begin;
  const char* labels_end = field_begin;
  std::string* gathered = nullptr;
  for (; in.next(); field_begin = in.position()) {
    switch (in.field()) {
      case 1:
        in.bytes();
        if (gathered == nullptr && labels_begin == labels_end) labels_begin = labels_end = field_begin;
        if (gathered == nullptr && labels_end != field_begin)
          gathered = &gathered_.emplace_back(labels_begin, labels_end);
        if (gathered != nullptr) gathered->append(field_begin, in.position());
        labels_end = in.position();
        break;
      case 2:
        if (!read_sample(in.bytes())) return false;
        break;
      case 3:
        if (!read_exemplar(in.bytes())) return false;
        break;
      case 4:
        if (!take_histogram(in.bytes())) return false;
        break;
      default:
        in.skip();
    }
  }
  one.labels = gathered != nullptr ? std::string_view(*gathered) : std::string_view(labels_begin, labels_end);
  end_series(one, hash.key(one.labels));
  return in.ok();
}

/// As nearly all senders write it: labels of less than 128 bytes, then one sample with a value and a time. False, with
/// nothing taken, if it is anything else.
bool WriteRequest::read_usual_series_v1(std::string_view message, const SeriesHash& hash) {
  constexpr unsigned char kLabel = 1 << 3 | 2, kSample = 2 << 3 | 2;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(message[i]); };
  std::size_t at = 0;
  while (at + 2 < message.size() && byte(at) == kLabel && byte(at + 1) < 0x80) at += 2u + byte(at + 1);
  if (at + 2 > message.size() || byte(at) != kSample || byte(at + 1) != message.size() - at - 2) return false;
  auto& one = series.emplace_back();
  if (!read_usual_sample(message.substr(at + 2)) || !has_room()) {
    series.pop_back();
    return false;
  }
  one.labels = message.substr(0, at);
  end_series(one, hash.key(one.labels));
  return true;
}

/// A value and a time and nothing else. False, with nothing taken, if it is anything else.
bool WriteRequest::read_usual_sample(std::string_view message) {
  constexpr char kValue = 1 << 3 | 1, kTime = 2 << 3;
  constexpr std::size_t kTimeAt = 10, kTimeBytesMax = 9;  // no bit of which is shifted out
  if (message.size() <= kTimeAt || message.size() > kTimeAt + kTimeBytesMax || message[0] != kValue ||
      message[kTimeAt - 1] != kTime)
    return false;
  std::uint64_t time = 0;
  int shift = 0;
  std::size_t at = kTimeAt;
  for (; at + 1 < message.size(); ++at, shift += 7) {
    const auto byte = static_cast<unsigned char>(message[at]);
    if (byte < 0x80) return false;
    time |= std::uint64_t{byte & 0x7Fu} << shift;
  }
  const auto last = static_cast<unsigned char>(message[at]);
  if (last >= 0x80 || !has_room()) return false;
  auto& sample = samples.emplace_back();
  sample.series = static_cast<metrics::SeriesRef>(series.size() - 1);
  sample.time_ms = static_cast<std::int64_t>(time | std::uint64_t{last} << shift);
  std::memcpy(&sample.value, message.data() + 1, sizeof sample.value);
  return true;
}

bool WriteRequest::read_sample(std::string_view message) {
  if (read_usual_sample(message)) return true;
  metrics::RefSample sample{.series = static_cast<metrics::SeriesRef>(series.size() - 1)};
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      sample.value = in.float64();
    } else if (in.field() == 2) {
      sample.time_ms = in.int64();
    } else {
      in.skip();  // 2.0's start_timestamp among them
    }
  }
  if (!has_room()) return false;
  samples.push_back(sample);
  return in.ok();
}

bool WriteRequest::read_exemplar(std::string_view message) {
  WrittenExemplar exemplar{.series = static_cast<std::uint32_t>(series.size() - 1), .message = message};
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 2) {
      exemplar.value = in.float64();
    } else if (in.field() == 3) {
      exemplar.time_ms = in.int64();
    } else {
      in.skip();
    }
  }
  if (!has_room()) return false;
  exemplars.push_back(exemplar);
  return in.ok();
}

/// False if it is malformed; one that is well-formed and no histogram is refused alone.
bool WriteRequest::take_histogram(std::string_view message) {
  if (!has_room()) return false;
  auto read = read_histogram(message);
  const auto index = static_cast<metrics::SeriesRef>(series.size() - 1);
  if (!read) {
    if (read.error().code == Code::Corrupt) return false;
    if (refused_histograms++ == 0)
      first_refused_histogram = "series " + std::to_string(series.size()) + ": " + read.error().message;
  } else {
    histograms.push_back({.series = index, .time_ms = read->time_ms, .value = std::move(read->value)});
  }
  return true;
}

bool WriteRequest::read_metadata_v1(std::string_view message) {
  MetadataView one{.type = metric_type_name(0)};
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        one.type = metric_type_name(in.varint());
        break;
      case 2:
        one.family = in.bytes();
        break;
      case 4:
        one.help = in.bytes();
        break;
      case 5:
        one.unit = in.bytes();
        break;
      default:
        in.skip();
    }
  }
  if (!has_room()) return false;
  metadata.push_back(one);
  return in.ok();
}

void WriteRequest::end_series(WrittenSeries& one, const SeriesKey& key) {
  one.samples_end = static_cast<std::uint32_t>(samples.size());
  one.histograms_end = static_cast<std::uint32_t>(histograms.size());
  keys.push_back(key);
}

std::size_t WriteRequest::items(std::size_t index) const {
  const WrittenSeries before = index == 0 ? WrittenSeries{} : series[index - 1];
  const auto& one = series[index];
  return one.samples_end - before.samples_end + one.histograms_end - before.histograms_end;
}

Result<Labels> WriteRequest::labels(std::size_t index) const {
  const auto& one = series[index];
  if (version_ == WriteVersion::V2) return labels_of_refs(one.labels, /*metric=*/true);
  MAMORI_TRY(auto pairs, read_label_fields(one.labels));
  return checked_labels(pairs, /*metric=*/true);
}

Result<Labels> WriteRequest::labels(const WrittenExemplar& exemplar) const {
  if (version_ == WriteVersion::V2) return labels_of_exemplar_refs(exemplar.message);
  MAMORI_TRY(auto pairs, read_label_fields(exemplar.message));
  return checked_labels(pairs, /*metric=*/false);
}

}  // namespace mamori::ingest
