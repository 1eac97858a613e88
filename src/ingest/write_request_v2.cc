// The parts of WriteRequest that only io.prometheus.write.v2.Request needs: its strings are in a table of symbols.
#include <algorithm>

#include "ingest/protobuf_reader.h"
#include "ingest/write_request.h"

namespace mamori::ingest {

using metrics::Labels;

/// Symbols may follow the series that use them, so they are all found first.
Result<void> WriteRequest::decode_v2(std::string_view message, const SeriesHash& hash) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 4) {
      symbols_.push_back(in.bytes());
    } else if (in.field() == 5) {
      series_messages_.push_back(in.bytes());
    } else {
      in.skip();
    }
    if (is_too_large()) return {};
  }
  if (!in.ok()) return invalid_argument("the message is not a well-formed io.prometheus.write.v2.Request");
  if (symbols_.empty() && !series_messages_.empty())
    return invalid_argument("there are time series, but no symbols for their labels");
  if (!symbols_.empty() && !symbols_[0].empty()) return invalid_argument("the first symbol must be the empty string");
  for (const auto symbol : symbols_) symbol_hashes_.push_back(hash.wide(symbol));
  described_.resize(symbols_.size());
  for (const auto body : series_messages_) {
    if (!read_series_v2(body, hash))
      return invalid_argument("time series " + std::to_string(series.size()) + " is not well-formed protobuf");
    if (is_too_large()) return {};
  }
  return {};
}

bool WriteRequest::read_series_v2(std::string_view message, const SeriesHash& hash) {
  auto& one = series.emplace_back();
  one.refs_begin = static_cast<std::uint32_t>(label_refs_.size());
  std::string_view described;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        in.each_varint([&](std::uint64_t ref) {
          if (label_refs_.size() - one.refs_begin <= 2 * kLabelsMax) label_refs_.push_back(symbol_ref(ref));
        });
        break;
      case 2:
        if (!read_sample(in.bytes())) return false;
        break;
      case 3:
        if (!take_histogram(in.bytes())) return false;
        break;
      case 4:
        if (!read_exemplar(in.bytes())) return false;
        break;
      case 5:
        described = in.bytes();
        break;
      default:
        in.skip();  // the created timestamp of early drafts among them
    }
  }
  one.refs_end = static_cast<std::uint32_t>(label_refs_.size());
  end_series(one, key_of_refs(one, hash));
  return in.ok() && (described.empty() || read_metadata_v2(described, one));
}

/// Of the symbols' hashes, since their numbers change from one request to the next.
SeriesKey WriteRequest::key_of_refs(const WrittenSeries& one, const SeriesHash& hash) {
  constexpr WideHash kNoSymbol{~0ull, ~0ull};
  gathered_hashes_.clear();
  for (auto i = one.refs_begin; i < one.refs_end; ++i) {
    const auto ref = label_refs_[i];
    gathered_hashes_.push_back(ref < symbol_hashes_.size() ? symbol_hashes_[ref] : kNoSymbol);
  }
  return hash.key({reinterpret_cast<const char*>(gathered_hashes_.data()), gathered_hashes_.size() * sizeof(WideHash)});
}

/// Senders describe the metric with every series of it; the first one is enough.
bool WriteRequest::read_metadata_v2(std::string_view message, const WrittenSeries& one) {
  std::uint64_t type = 0, help = 0, unit = 0;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        type = in.varint();
        break;
      case 3:
        help = in.varint();
        break;
      case 4:
        unit = in.varint();
        break;
      default:
        in.skip();
    }
  }
  if (!in.ok()) return false;
  if (type == 0 && help == 0 && unit == 0) return true;
  const auto symbol = [&](std::uint64_t ref) { return ref < symbols_.size() ? symbols_[ref] : std::string_view{}; };
  for (auto i = one.refs_begin; i + 1 < one.refs_end; i += 2) {
    const auto name = label_refs_[i + 1];
    if (symbol(label_refs_[i]) != metrics::kMetricName || name >= symbols_.size() || described_[name]) continue;
    described_[name] = true;
    const auto type_name = metric_type_name(type);
    metadata.push_back({.family = metric_family(symbols_[name], type_name),
                        .type = type_name,
                        .help = symbol(help),
                        .unit = symbol(unit)});
  }
  return true;
}

Result<Labels> WriteRequest::labels_of_refs(std::span<const std::uint32_t> refs, bool metric) const {
  if (refs.size() > 2 * kLabelsMax) return invalid_argument("more than " + std::to_string(kLabelsMax) + " labels");
  if (refs.size() % 2 != 0) return invalid_argument("an odd number of label references: a name has no value");
  LabelPairs pairs;
  for (std::size_t i = 0; i < refs.size(); i += 2) {
    for (const auto ref : {refs[i], refs[i + 1]}) {
      if (ref >= symbols_.size()) {
        return invalid_argument("label reference " + std::to_string(ref) + " is beyond the " +
                                std::to_string(symbols_.size()) + " symbols");
      }
    }
    pairs.emplace_back(symbols_[refs[i]], symbols_[refs[i + 1]]);
  }
  return checked_labels(pairs, metric);
}

}  // namespace mamori::ingest
