#include "ingest/write_request.h"

#include <simdjson.h>

#include <algorithm>

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

/// Label fields one after another, whatever their field number.
Result<LabelPairs> read_label_fields(std::string_view fields) {
  LabelPairs pairs;
  ProtobufReader in(fields);
  while (in.next()) {
    if (!read_label(in.bytes(), pairs.emplace_back())) return invalid_argument("a label is not well-formed protobuf");
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
  markers.clear();
  histograms.clear();
  exemplars.clear();
  metadata.clear();
  first_refused_histogram.clear();
  symbols.clear();
  label_refs.clear();
  symbol_keys_.clear();
  gathered_.clear();
  series_messages_.clear();
}

Result<void> WriteRequest::decode(WriteVersion version, std::string_view message, const SeriesHash& hash) {
  clear();
  version_ = version;
  return version == WriteVersion::V1 ? decode_v1(message, hash) : decode_v2(message, hash);
}

Result<void> WriteRequest::decode_v1(std::string_view message, const SeriesHash& hash) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() != 1) {
      in.skip();
    } else if (const auto body = in.bytes(); in.ok() && !read_series_v1(body, hash)) {
      return invalid_argument("time series " + std::to_string(series.size()) + " is not well-formed protobuf");
    }
  }
  if (!in.ok()) return invalid_argument("the message is not a well-formed prometheus.WriteRequest");
  return {};
}

/// Labels are only skipped over here: their bytes are hashed as they lie.
bool WriteRequest::read_series_v1(std::string_view message, const SeriesHash& hash) {
  auto& one = series.emplace_back();
  ProtobufReader in(message);
  const char* field_begin = in.position();
  const char* labels_begin = nullptr;
  const char* labels_end = nullptr;
  std::string* gathered = nullptr;
  for (; in.next(); field_begin = in.position()) {
    switch (in.field()) {
      case 1:
        in.bytes();
        if (gathered != nullptr) {
          gathered->append(field_begin, in.position());
        } else if (labels_begin == nullptr) {
          labels_begin = field_begin;
          labels_end = in.position();
        } else if (labels_end == field_begin) {
          labels_end = in.position();
        } else {
          gathered = &gathered_.emplace_back(labels_begin, labels_end);
          gathered->append(field_begin, in.position());
        }
        break;
      case 2:
        if (!take_sample(in.bytes())) return false;
        break;
      default:
        in.skip();
    }
  }
  if (!in.ok()) return false;
  if (gathered != nullptr) {
    one.labels = *gathered;
  } else if (labels_begin != nullptr) {
    one.labels = {labels_begin, labels_end};
  }
  keys.push_back(hash.key(one.labels));
  end_series(one);
  return true;
}

bool WriteRequest::take_sample(std::string_view message) {
  metrics::RefSample sample{.series = static_cast<metrics::SeriesRef>(series.size() - 1)};
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      sample.value = in.float64();
    } else if (in.field() == 2) {
      sample.time_ms = in.int64();
    } else {
      in.skip();
    }
  }
  samples.push_back(sample);
  return in.ok();
}

void WriteRequest::end_series(WrittenSeries& one) {
  one.samples_end = static_cast<std::uint32_t>(samples.size());
  one.markers_end = static_cast<std::uint32_t>(markers.size());
  one.histograms_end = static_cast<std::uint32_t>(histograms.size());
}

Result<void> WriteRequest::decode_v2(std::string_view, const SeriesHash&) {
  return invalid_argument("io.prometheus.write.v2.Request is not read yet");
}

Result<Labels> WriteRequest::labels(std::size_t index) const {
  MAMORI_TRY(auto pairs, read_label_fields(series[index].labels));
  return checked_labels(pairs, /*metric=*/true);
}

}  // namespace mamori::ingest
