#include "ingest/write_request.h"

#include <simdjson.h>

#include <algorithm>

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
  label_refs_.clear();
  exemplar_refs_.clear();
  symbol_hashes_.clear();
  described_.clear();
}

Result<void> WriteRequest::decode(WriteVersion version, std::string_view message, const SeriesHash& hash) {
  clear();
  version_ = version;
  const auto decoded = version == WriteVersion::V1 ? decode_v1(message, hash) : decode_v2(message, hash);
  if (is_too_large()) {
    return Error{Code::TooLarge, "the message holds more than " + std::to_string(items_max) +
                                     " series, samples or symbols; send it in parts"};
  }
  return decoded;
}

bool WriteRequest::is_too_large() const {
  const auto most = std::max({series.size(), samples.size(), histograms.size(), exemplars.size(), metadata.size(),
                              symbols_.size(), series_messages_.size()});
  // 30 labels are many already.
  return most > items_max || (label_refs_.size() + exemplar_refs_.size()) / 60 > items_max;
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
    if (is_too_large()) return {};
  }
  if (!in.ok()) return invalid_argument("the message is not a well-formed prometheus.WriteRequest");
  return {};
}

/// Labels are only skipped over here: their bytes are hashed as they lie.
bool WriteRequest::read_series_v1(std::string_view message, const SeriesHash& hash) {
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

bool WriteRequest::read_sample(std::string_view message) {
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
  samples.push_back(sample);
  return in.ok();
}

bool WriteRequest::read_exemplar(std::string_view message) {
  WrittenExemplar exemplar{.series = static_cast<std::uint32_t>(series.size() - 1), .labels = message};
  exemplar.refs_begin = static_cast<std::uint32_t>(exemplar_refs_.size());
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1 && version_ == WriteVersion::V2) {
      in.each_varint([&](std::uint64_t ref) {
        if (exemplar_refs_.size() - exemplar.refs_begin <= 2 * kLabelsMax) exemplar_refs_.push_back(symbol_ref(ref));
      });
    } else if (in.field() == 2) {
      exemplar.value = in.float64();
    } else if (in.field() == 3) {
      exemplar.time_ms = in.int64();
    } else {
      in.skip();
    }
  }
  exemplar.refs_end = static_cast<std::uint32_t>(exemplar_refs_.size());
  exemplars.push_back(exemplar);
  return in.ok();
}

/// False if it is malformed; one that is well-formed and no histogram is refused alone.
bool WriteRequest::take_histogram(std::string_view message) {
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
  if (version_ == WriteVersion::V2) {
    const std::span refs(label_refs_.begin() + one.refs_begin, label_refs_.begin() + one.refs_end);
    return labels_of_refs(refs, /*metric=*/true);
  }
  MAMORI_TRY(auto pairs, read_label_fields(one.labels));
  return checked_labels(pairs, /*metric=*/true);
}

Result<Labels> WriteRequest::labels(const WrittenExemplar& exemplar) const {
  if (version_ == WriteVersion::V2) {
    const std::span refs(exemplar_refs_.begin() + exemplar.refs_begin, exemplar_refs_.begin() + exemplar.refs_end);
    return labels_of_refs(refs, /*metric=*/false);
  }
  MAMORI_TRY(auto pairs, read_label_fields(exemplar.labels));
  return checked_labels(pairs, /*metric=*/false);
}

}  // namespace mamori::ingest
