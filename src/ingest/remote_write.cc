#include "ingest/remote_write.h"

#include <snappy.h>

#include <algorithm>

namespace mamori::ingest {
namespace {

using metrics::RefSample;
using metrics::SeriesRef;

constexpr SeriesRef kRefused = SeriesCache::kUnknown;
// Larger buffers, which few requests need, are given back after the request.
constexpr std::size_t kKeptBytesMax = 4u << 20;

/// Puts references where the indices of the series are; what `keep` refuses is left out.
template <typename Item, typename Keep>
void put_references(std::vector<Item>& items, const std::vector<SeriesRef>& refs, Keep keep) {
  std::size_t kept = 0;
  for (auto& item : items) {
    const auto index = item.series;
    if (!keep(index)) continue;
    item.series = refs[index];
    if (&items[kept] != &item) items[kept] = std::move(item);
    ++kept;
  }
  items.resize(kept);
}

std::string plural(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace

/// What one request needs, kept from one to the next.
struct RemoteWrite::Scratch {
  std::unique_ptr<char[]> bytes;
  std::size_t bytes_max = 0;
  std::string_view message;  // in `bytes`
  WriteVersion version = WriteVersion::V1;
  WriteRequest request;
  std::vector<SeriesRef> refs;  // by series of the request; kRefused
  std::vector<SeriesCache::Entry> resolved;
  metrics::WriteBatch samples, histograms;
};

/// What became of a request's samples.
struct RemoteWrite::Tally {
  std::uint64_t samples = 0, histograms = 0, exemplars = 0, duplicate = 0;  // kept; of these, kept before
  std::uint64_t labels = 0, limit = 0, histogram = 0;                       // refused, why
  std::uint64_t conflicting = 0, out_of_order = 0, too_far_ahead = 0, unknown_series = 0;
  std::string first_refused;

  std::uint64_t refused() const {
    return labels + limit + histogram + conflicting + out_of_order + too_far_ahead + unknown_series;
  }
  void refuse(std::uint64_t Tally::* reason, std::uint64_t count, const std::string& why) {
    this->*reason += count;
    if (first_refused.empty()) first_refused = why;
  }
  void add(const metrics::AppendOutcome& outcome, std::uint64_t Tally::* kept) {
    this->*kept += outcome.written + outcome.duplicate;
    duplicate += outcome.duplicate;
    conflicting += outcome.conflicting;
    out_of_order += outcome.out_of_order;
    too_far_ahead += outcome.too_far_ahead;
    unknown_series += outcome.unknown_series;
    if (first_refused.empty()) first_refused = outcome.first_refused;
  }
  std::string to_string() const;
};

std::string RemoteWrite::Tally::to_string() const {
  const std::uint64_t kept = samples + histograms;
  std::string text = "refused " + std::to_string(refused()) + " of " + plural(kept + refused(), "sample") +
                     ", kept the others; refused:";
  auto reason = [&, first = true](std::uint64_t count, std::string_view why) mutable {
    if (count == 0) return;
    text += (first ? " " : ", ") + std::to_string(count) + " " + std::string(why);
    first = false;
  };
  reason(labels, "with labels that break a rule");
  reason(limit, "of series past a limit");
  reason(histogram, "that are no histogram");
  reason(conflicting, "with another value than the sample kept for that time");
  reason(out_of_order, "out of order");
  reason(too_far_ahead, "too far in the future");
  if (!first_refused.empty()) text += "; the first: " + first_refused;
  return text + "\n";
}

/// A scratch for as long as one request; several requests run at once.
struct RemoteWrite::Lease {
  explicit Lease(RemoteWrite& owner) : owner_(owner) {
    const std::lock_guard guard(owner_.mutex_);
    if (owner_.scratch_.empty()) {
      scratch_ = std::make_unique<Scratch>();
    } else {
      scratch_ = std::move(owner_.scratch_.back());
      owner_.scratch_.pop_back();
    }
  }
  ~Lease() {
    if (scratch_->bytes_max > kKeptBytesMax) return;
    const std::lock_guard guard(owner_.mutex_);
    owner_.scratch_.push_back(std::move(scratch_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Scratch& operator*() { return *scratch_; }

  RemoteWrite& owner_;
  std::unique_ptr<Scratch> scratch_;
};

RemoteWrite::RemoteWrite(metrics::Store& store, std::uint64_t seed, RemoteWriteOptions options)
    : store_(store), options_(options), hash_(seed), cache_(options.cache_entries_max) {}

RemoteWrite::~RemoteWrite() = default;

RemoteWriteReply RemoteWrite::write(WriteVersion version, std::string_view body) {
  ++(version == WriteVersion::V1 ? counters_.requests_v1 : counters_.requests_v2);
  Lease lease(*this);
  auto& scratch = *lease;
  scratch.version = version;
  if (const auto unpacked = unpack(body, scratch); !unpacked) return malformed(unpacked.error());
  if (const auto read = scratch.request.decode(version, scratch.message, hash_); !read) return malformed(read.error());
  return write(scratch);
}

Result<void> RemoteWrite::unpack(std::string_view body, Scratch& scratch) const {
  std::size_t length = 0;
  if (body.starts_with(std::string_view("\xff\x06\x00\x00sNaPpY", 10)))
    return invalid_argument("the body is a snappy stream (framed); remote write takes the snappy block format");
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &length))
    return invalid_argument("the body is not a snappy block");
  if (length > options_.decoded_bytes_max) {
    return Error{Code::TooLarge, "the body unpacks to " + std::to_string(length) + " bytes, more than " +
                                     std::to_string(options_.decoded_bytes_max) + " (--remote-write-bytes-max)"};
  }
  if (length > scratch.bytes_max) {
    scratch.bytes = std::make_unique_for_overwrite<char[]>(length);
    scratch.bytes_max = length;
  }
  if (!snappy::RawUncompress(body.data(), body.size(), scratch.bytes.get()))
    return invalid_argument("the body is not a whole snappy block");
  scratch.message = {scratch.bytes.get(), length};
  return {};
}

RemoteWriteReply RemoteWrite::write(Scratch& scratch) {
  Tally tally;
  if (const auto resolved = resolve(scratch, tally); !resolved) return unavailable(resolved.error().message);
  auto& request = scratch.request;
  const auto is_known = [&](SeriesRef index) { return scratch.refs[index] != kRefused; };
  put_references(request.samples, scratch.refs, is_known);
  put_references(request.markers, scratch.refs, is_known);
  put_references(request.histograms, scratch.refs, is_known);
  // Two writes, if there are both, since the answer counts each for itself.
  scratch.samples.samples.swap(request.samples);
  scratch.histograms.samples.swap(request.markers);
  scratch.histograms.histograms.swap(request.histograms);
  if (!scratch.samples.samples.empty()) {
    const auto outcome = store_.write(scratch.samples);
    if (!outcome) return unavailable(outcome.error().message);
    tally.add(*outcome, &Tally::samples);
  }
  if (!scratch.histograms.samples.empty() || !scratch.histograms.histograms.empty()) {
    const auto outcome = store_.write(scratch.histograms);
    if (!outcome) return unavailable(outcome.error().message);
    tally.add(*outcome, &Tally::histograms);
  }
  counters_.samples += tally.samples;
  counters_.histograms += tally.histograms;
  counters_.duplicate += tally.duplicate;
  RemoteWriteReply reply{.samples = tally.samples, .histograms = tally.histograms, .exemplars = tally.exemplars};
  if (tally.refused() == 0) return reply;
  counters_.refused_labels += tally.labels;
  counters_.refused_limit += tally.limit;
  counters_.refused_histogram += tally.histogram;
  counters_.refused_conflicting += tally.conflicting;
  counters_.refused_out_of_order += tally.out_of_order;
  counters_.refused_too_far_ahead += tally.too_far_ahead;
  reply.status = 400;
  reply.body = tally.to_string();
  return reply;
}

Result<void> RemoteWrite::resolve(Scratch& scratch, Tally& tally) {
  const auto& keys = scratch.request.keys;
  scratch.refs.resize(keys.size());
  scratch.resolved.clear();
  cache_.find(keys, scratch.refs);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (scratch.refs[i] == SeriesCache::kUnknown) MAMORI_TRY_VOID(resolve_anew(i, scratch, tally));
  }
  if (!scratch.resolved.empty()) cache_.put(scratch.resolved);
  return {};
}

/// By its labels. A series that is refused is counted and left as kRefused.
Result<void> RemoteWrite::resolve_anew(std::size_t index, Scratch& scratch, Tally& tally) {
  const auto& series = scratch.request.series;
  const auto count = series[index].samples_end - (index == 0 ? 0 : series[index - 1].samples_end);
  scratch.refs[index] = kRefused;
  const auto labels = scratch.request.labels(index);
  if (!labels) {
    tally.refuse(&Tally::labels, count, "series " + std::to_string(index + 1) + ": " + labels.error().message);
    return {};
  }
  const auto ref = store_.find_or_create(*labels);
  if (!ref) {
    if (ref.error().code != Code::TooLarge && ref.error().code != Code::InvalidArgument) return ref.error();
    tally.refuse(&Tally::limit, count, ref.error().message);
    return {};
  }
  scratch.refs[index] = *ref;
  scratch.resolved.emplace_back(scratch.request.keys[index], *ref);
  return {};
}

RemoteWriteReply RemoteWrite::malformed(const Error& error) {
  ++counters_.malformed;
  return {.status = error.code == Code::TooLarge ? 413 : 400, .body = error.message + "\n"};
}

RemoteWriteReply RemoteWrite::unavailable(const std::string& why) {
  ++counters_.unavailable;
  return {.status = 503, .body = "nothing of this request is acknowledged, send it again: " + why + "\n"};
}

}  // namespace mamori::ingest
