// ingest/write_messages.h: remote-write messages as a sender makes them, for this room's tests, fuzzing and benchmarks.
#pragma once
#include <snappy.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/protobuf_writer.h"
#include "metrics/store.h"

namespace mamori::ingest {

using SentLabels = std::vector<std::pair<std::string, std::string>>;

struct SentExemplar {
  SentLabels labels;
  std::int64_t time_ms = 0;
  double value = 0;
};

struct SentSeries {
  SentLabels labels;
  std::vector<metrics::Sample> samples = {};
  std::vector<std::string> histograms = {};  // Histogram messages
  std::vector<SentExemplar> exemplars = {};
  std::string help = {}, unit = {};  // 2.0
  int type = 0;                      // 2.0: Metadata.type
};

struct SentMetadata {
  int type = 0;
  std::string family, help, unit;
};

inline std::string snappy_block(const std::string& bytes) {
  std::string compressed;
  snappy::Compress(bytes.data(), bytes.size(), &compressed);
  return compressed;
}

/// As gogo's encoder does, fields of value zero are left out.
inline ProtobufWriter sample_message(const metrics::Sample& sample) {
  ProtobufWriter message;
  if (std::bit_cast<std::uint64_t>(sample.value) != 0) message.float64(1, sample.value);
  if (sample.time_ms != 0) message.int64(2, sample.time_ms);
  return message;
}

inline void add_labels_v1(ProtobufWriter& message, const SentLabels& labels) {
  for (const auto& [name, value] : labels) {
    ProtobufWriter label;
    label.bytes(1, name).bytes(2, value);
    message.message(1, label);
  }
}

/// prometheus.WriteRequest, not compressed.
inline std::string write_request_v1(const std::vector<SentSeries>& series,
                                    const std::vector<SentMetadata>& metadata = {}) {
  ProtobufWriter request;
  for (const auto& one : series) {
    ProtobufWriter message;
    add_labels_v1(message, one.labels);
    for (const auto& sample : one.samples) message.message(2, sample_message(sample));
    for (const auto& exemplar : one.exemplars) {
      ProtobufWriter sent;
      add_labels_v1(sent, exemplar.labels);
      message.message(3, sent.float64(2, exemplar.value).int64(3, exemplar.time_ms));
    }
    for (const auto& histogram : one.histograms) message.bytes(4, histogram);
    request.message(1, message);
  }
  for (const auto& one : metadata) {
    ProtobufWriter message;
    message.varint(1, static_cast<std::uint64_t>(one.type)).bytes(2, one.family).bytes(4, one.help).bytes(5, one.unit);
    request.message(3, message);
  }
  return std::move(request).take();
}

/// io.prometheus.write.v2.Request, not compressed.
inline std::string write_request_v2(const std::vector<SentSeries>& series) {
  std::vector<std::string> symbols = {""};
  std::map<std::string, std::uint64_t> known = {{"", 0}};
  const auto symbol = [&](const std::string& text) {
    const auto [at, added] = known.try_emplace(text, symbols.size());
    if (added) symbols.push_back(text);
    return at->second;
  };
  const auto refs = [&](const SentLabels& labels) {
    std::vector<std::uint64_t> result;
    for (const auto& [name, value] : labels) {
      result.push_back(symbol(name));
      result.push_back(symbol(value));
    }
    return result;
  };
  std::vector<ProtobufWriter> messages;
  for (const auto& one : series) {
    auto& message = messages.emplace_back();
    message.packed_varints(1, refs(one.labels));
    for (const auto& sample : one.samples) message.message(2, sample_message(sample));
    for (const auto& histogram : one.histograms) message.bytes(3, histogram);
    for (const auto& exemplar : one.exemplars) {
      ProtobufWriter sent;
      message.message(
          4, sent.packed_varints(1, refs(exemplar.labels)).float64(2, exemplar.value).int64(3, exemplar.time_ms));
    }
    if (one.type != 0 || !one.help.empty() || !one.unit.empty()) {
      ProtobufWriter metadata;
      metadata.varint(1, static_cast<std::uint64_t>(one.type)).varint(3, symbol(one.help)).varint(4, symbol(one.unit));
      message.message(5, metadata);
    }
  }
  ProtobufWriter request;
  for (const auto& text : symbols) request.bytes(4, text);
  for (const auto& message : messages) request.message(5, message);
  return std::move(request).take();
}

}  // namespace mamori::ingest
