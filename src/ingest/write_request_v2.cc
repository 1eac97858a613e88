// The parts of WriteRequest that only io.prometheus.write.v2.Request needs: its strings are in a table of symbols.
#include "ingest/protobuf_reader.h"
#include "ingest/write_request.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;

/// The packed references in `field`, where the reader stands. Unpacked, or packed in several parts, which is legal and
/// which no sender does, they are put together in `gathered`.
void take_refs(ProtobufReader& in, std::string_view& packed, std::deque<std::string>& gathered) {
  const bool first = packed.empty();
  std::string_view part;
  if (in.wire() == WireType::Bytes) {
    part = in.bytes();
    if (first) {
      packed = part;
      return;
    }
  } else {
    const char* begin = in.position();
    in.varint();
    part = {begin, in.position()};
  }
  const bool is_gathered = !gathered.empty() && !first && packed.data() == gathered.back().data();
  auto& together = is_gathered ? gathered.back() : gathered.emplace_back(packed);
  together += part;
  packed = together;
}

/// Walks over packed references two by two. A number that does not end, or one of more than 32 bits, is one that points
/// beyond all symbols.
class RefReader {
 public:
  explicit RefReader(std::string_view packed) : at_(packed.data()), end_(packed.data() + packed.size()) {}
  bool at_end() const { return at_ == end_; }
  std::uint32_t next() {
    std::uint64_t ref = 0;
    for (int shift = 0; at_ != end_ && shift < 35; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      ref |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return static_cast<std::uint32_t>(std::min<std::uint64_t>(ref, ~0u));
    }
    at_ = end_;
    return ~0u;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

/// Symbols may follow the series that use them, so they are all found first.
Result<void> WriteRequest::decode_v2(std::string_view message, const SeriesHash& hash) {
  ProtobufReader in(message);
  while (in.next()) {
    if ((in.field() == 4 || in.field() == 5) && !has_room()) return {};
    if (in.field() == 4) {
      symbols_.push_back(in.bytes());
    } else if (in.field() == 5) {
      series_messages_.push_back(in.bytes());
    } else {
      in.skip();
    }
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
  }
  return {};
}

bool WriteRequest::read_series_v2(std::string_view message, const SeriesHash& hash) {
  auto& one = series.emplace_back();
  std::string_view described;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        take_refs(in, one.labels, gathered_);
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
  end_series(one, key_of_refs(one.labels, hash));
  return in.ok() && (described.empty() || read_metadata_v2(described, one));
}

/// Of the symbols' hashes, since their numbers change from one request to the next.
SeriesKey WriteRequest::key_of_refs(std::string_view packed, const SeriesHash& hash) const {
  constexpr WideHash kNoSymbol{~0ull, ~0ull};
  auto combined = hash.combine();
  for (RefReader refs(packed); !refs.at_end();) {
    const auto ref = refs.next();
    combined.add(ref < symbol_hashes_.size() ? symbol_hashes_[ref] : kNoSymbol);
  }
  return combined.key();
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
  for (RefReader refs(one.labels); !refs.at_end();) {
    const bool is_metric = symbol(refs.next()) == metrics::kMetricName;
    const auto value = refs.next();
    if (!is_metric) continue;
    if (value >= symbols_.size() || described_[value] || !has_room()) break;
    described_[value] = true;
    const auto type_name = metric_type_name(type);
    metadata.push_back({.family = metric_family(symbols_[value], type_name),
                        .type = type_name,
                        .help = symbol(help),
                        .unit = symbol(unit)});
    break;
  }
  return true;
}

Result<Labels> WriteRequest::labels_of_refs(std::string_view packed, bool metric) const {
  LabelPairs pairs;
  for (RefReader refs(packed); !refs.at_end();) {
    if (pairs.size() >= kLabelsMax) return invalid_argument("more than " + std::to_string(kLabelsMax) + " labels");
    const auto name = refs.next();
    if (refs.at_end()) return invalid_argument("an odd number of label references: a name has no value");
    const auto value = refs.next();
    if (const auto largest = std::max(name, value); largest >= symbols_.size()) {
      return invalid_argument("label reference " + std::to_string(largest) + " is beyond the " +
                              std::to_string(symbols_.size()) + " symbols");
    }
    pairs.emplace_back(symbols_[name], symbols_[value]);
  }
  return checked_labels(pairs, metric);
}

Result<Labels> WriteRequest::labels_of_exemplar_refs(std::string_view message) const {
  std::string_view packed;
  std::deque<std::string> gathered;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      take_refs(in, packed, gathered);
    } else {
      in.skip();
    }
  }
  return labels_of_refs(packed, /*metric=*/false);
}

}  // namespace mamori::ingest
