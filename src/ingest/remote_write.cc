#include "ingest/remote_write.h"

#include <snappy.h>

#include <utility>

#include "ingest/write_layers.h"

namespace mamori::ingest {
namespace {

using metrics::RefSample;
using metrics::SeriesRef;

constexpr SeriesRef kRefused = SeriesCache::kUnknown;
// Larger buffers, which few requests need, are given back after the request.
constexpr std::size_t kKeptBytesMax = 4u << 20;

/// Puts references where the indices of the series are; series without one, and those that `keep` refuses, are left
/// out.
template <typename Item, typename Keep>
void put_references(std::vector<Item>& items, const std::vector<SeriesRef>& refs, Keep keep) {
  std::size_t kept = 0;
  for (auto& item : items) {
    const auto index = item.series;
    if (refs[index] == kRefused || !keep(index)) continue;
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
  std::vector<SeriesRef> refs;  // by series of the request, or kRefused
  std::vector<SeriesCache::Entry> resolved;
  metrics::WriteBatch batch;
};

/// What became of a request's samples.
struct RemoteWrite::Tally {
  std::uint64_t samples = 0, histograms = 0, exemplars = 0, duplicate = 0;  // kept; of these, kept before
  std::uint64_t labels = 0, limit = 0, histogram = 0;                       // refused, why
  std::uint64_t conflicting = 0, out_of_order = 0, too_far_ahead = 0;
  std::uint64_t unknown_series = 0;     // the store forgot them between two calls
  std::uint64_t refused_exemplars = 0;  // not among refused()
  std::string first_refused;

  std::uint64_t refused() const { return labels + limit + histogram + conflicting + out_of_order + too_far_ahead; }
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
  std::string text = "kept " + std::to_string(kept) + " of " + plural(kept + refused(), "sample") + "; refused:";
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
  reason(refused_exemplars, "exemplars");
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
    if (scratch_->bytes_max > kKeptBytesMax || scratch_->request.is_large()) return;
    const std::lock_guard guard(owner_.mutex_);
    owner_.scratch_.push_back(std::move(scratch_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Scratch& operator*() { return *scratch_; }

  RemoteWrite& owner_;
  std::unique_ptr<Scratch> scratch_;
};

RemoteWrite::RemoteWrite(metrics::Store& store, metrics::ExemplarRing& exemplars, MetadataTable& metadata,
                         std::uint64_t seed, RemoteWriteOptions options)
    : store_(store),
      exemplars_(exemplars),
      metadata_(metadata),
      options_(options),
      hash_(seed),
      cache_(options.cache_entries_max) {}

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
  auto& request = scratch.request;
  Tally tally;
  if (request.refused_histograms > 0)
    tally.refuse(&Tally::histogram, request.refused_histograms, request.first_refused_histogram);
  if (const auto resolved = resolve(scratch, tally); !resolved) return unavailable(resolved.error());
  if (const auto stored = store(scratch, tally); !stored) return unavailable(stored.error());
  keep_exemplars(scratch, tally);
  metadata_.set(request.metadata);
  count(tally);
  RemoteWriteReply reply{.samples = tally.samples, .histograms = tally.histograms, .exemplars = tally.exemplars};
  // 1.0's senders do not know of exemplars that are refused.
  if (tally.refused() > 0 || (tally.refused_exemplars > 0 && scratch.version == WriteVersion::V2)) {
    reply.status = 400;
    reply.body = tally.to_string();
  }
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
  scratch.refs[index] = kRefused;
  const auto items = scratch.request.items(index);
  const auto labels = scratch.request.labels(index);
  if (!labels) {
    tally.refuse(&Tally::labels, items, "series " + std::to_string(index + 1) + ": " + labels.error().message);
    return {};
  }
  const auto ref = store_.find_or_create(*labels);
  if (!ref) {
    if (ref.error().code != Code::TooLarge && ref.error().code != Code::InvalidArgument) return ref.error();
    tally.refuse(&Tally::limit, items, ref.error().message);
    return {};
  }
  scratch.refs[index] = *ref;
  scratch.resolved.emplace_back(scratch.request.keys[index], *ref);
  return {};
}

Result<void> RemoteWrite::store(Scratch& scratch, Tally& tally) {
  MAMORI_TRY_VOID(write_batches(scratch, tally, [](SeriesRef) { return true; }));
  return tally.unknown_series == 0 ? Result<void>() : store_forgotten(scratch, tally);
}

/// Retention forgot series that the cache still knew. Their samples are written once more; those of the others are in
/// the store by now.
Result<void> RemoteWrite::store_forgotten(Scratch& scratch, Tally& tally) {
  const auto missing = std::exchange(tally.unknown_series, 0);
  const auto before = scratch.refs;
  MAMORI_TRY_VOID(scratch.request.decode(scratch.version, scratch.message, hash_));
  scratch.resolved.clear();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != kRefused) MAMORI_TRY_VOID(resolve_anew(i, scratch, tally));
  }
  cache_.put(scratch.resolved);
  MAMORI_TRY(const auto written,
             write_batches(scratch, tally, [&](SeriesRef index) { return scratch.refs[index] != before[index]; }));
  if (written < missing || tally.unknown_series > 0)
    return Error{Code::Unavailable, "the store forgot series while their samples were written"};
  return {};
}

/// Gives how many were handed to the store.
template <typename Keep>
Result<std::size_t> RemoteWrite::write_batches(Scratch& scratch, Tally& tally, Keep keep) {
  auto& request = scratch.request;
  put_references(request.samples, scratch.refs, keep);
  put_references(request.histograms, scratch.refs, keep);
  const std::size_t handed = request.samples.size() + request.histograms.size();
  const auto write = [&](const metrics::WriteBatch& batch, std::uint64_t Tally::* kept) -> Result<void> {
    if (batch.samples.empty() && batch.histograms.empty()) return {};
    MAMORI_TRY(const auto outcome, store_.write(batch));
    tally.add(outcome, kept);
    return {};
  };
  if (request.histograms.empty()) {
    scratch.batch.samples.swap(request.samples);
    MAMORI_TRY_VOID(write(scratch.batch, &Tally::samples));
    return handed;
  }
  for (const auto& layer : write_layers(std::move(request.samples), std::move(request.histograms))) {
    MAMORI_TRY_VOID(write(layer.samples, &Tally::samples));
    MAMORI_TRY_VOID(write(layer.histograms, &Tally::histograms));
  }
  return handed;
}

void RemoteWrite::keep_exemplars(const Scratch& scratch, Tally& tally) {
  using Outcome = metrics::ExemplarRing::Outcome;
  for (const auto& written : scratch.request.exemplars) {
    if (scratch.refs[written.series] == kRefused) continue;  // refused with its series
    const auto refuse = [&](const std::string& why) {
      tally.refuse(&Tally::refused_exemplars, 1, "series " + std::to_string(written.series + 1) + ": exemplar: " + why);
    };
    const auto labels = scratch.request.labels(written);
    if (!labels) {
      refuse(labels.error().message);
      continue;
    }
    if (written.time_ms == 0 && scratch.version == WriteVersion::V2) {
      refuse("it has no timestamp");
      continue;
    }
    switch (exemplars_.add(*scratch.request.labels(written.series),
                           {.labels = *labels, .time_ms = written.time_ms, .value = written.value})) {
      case Outcome::Kept:
      case Outcome::Duplicate:
        ++tally.exemplars;
        break;
      case Outcome::OutOfOrder:
        refuse("older than the last one of its series");
        break;
      case Outcome::TooLong:
        refuse("its labels have more than 128 characters");
        break;
      case Outcome::Off:
        break;
    }
  }
}

void RemoteWrite::count(const Tally& tally) {
  counters_.samples += tally.samples;
  counters_.histograms += tally.histograms;
  counters_.exemplars += tally.exemplars;
  counters_.duplicate += tally.duplicate;
  if (tally.refused() + tally.refused_exemplars == 0) return;
  counters_.refused_labels += tally.labels;
  counters_.refused_limit += tally.limit;
  counters_.refused_histogram += tally.histogram;
  counters_.refused_exemplars += tally.refused_exemplars;
  counters_.refused_conflicting += tally.conflicting;
  counters_.refused_out_of_order += tally.out_of_order;
  counters_.refused_too_far_ahead += tally.too_far_ahead;
}

RemoteWriteReply RemoteWrite::malformed(const Error& error) {
  ++counters_.malformed;
  return {.status = error.code == Code::TooLarge ? 413 : 400, .body = error.message + "\n"};
}

RemoteWriteReply RemoteWrite::unavailable(const Error& error) {
  ++counters_.unavailable;
  return {.status = error.code == Code::Unavailable ? 503 : 500,
          .body = "nothing of this request is acknowledged, send it again: " + error.message + "\n"};
}

}  // namespace mamori::ingest
