#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>

#include "ingest/fake_metrics_store.h"
#include "ingest/remote_write.h"
#include "ingest/write_messages.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;

bool is_same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// Text of any length, some of it longer than a one-byte length can say.
rc::Gen<std::string> text() {
  return rc::gen::oneOf(rc::gen::container<std::string>(rc::gen::inRange('a', '~')),
                        rc::gen::map(rc::gen::inRange(100, 400), [](int length) { return std::string(length, 'x'); }));
}

rc::Gen<double> any_double() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                      [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
}

std::vector<SentSeries> arbitrary_series() {
  std::vector<SentSeries> all;
  const auto count = *rc::gen::inRange(0, 8);
  for (int i = 0; i < count; ++i) {
    SentSeries series{.labels = {{"__name__", "metric_" + std::to_string(i)}}};
    for (const auto& name : *rc::gen::unique<std::vector<std::string>>(rc::gen::nonEmpty(text())))
      series.labels.emplace_back(name, *rc::gen::nonEmpty(text()));
    std::int64_t time_ms = *rc::gen::arbitrary<std::int32_t>();
    for (const auto value : *rc::gen::container<std::vector<double>>(any_double())) {
      // Steps of any size, so that times of one to ten bytes occur.
      time_ms += 1 + (std::int64_t{1} << *rc::gen::inRange(0, 50));
      series.samples.push_back({time_ms, value});
    }
    all.push_back(std::move(series));
  }
  return all;
}

RC_GTEST_PROP(RemoteWriteRoundTrip, KeepsEveryBitOfWhatWasSent, ()) {
  const auto sent = arbitrary_series();
  for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
    FakeMetricsStore store;
    metrics::ExemplarRing exemplars(10);
    MetadataTable metadata;
    RemoteWrite remote_write(store, exemplars, metadata, *rc::gen::arbitrary<std::uint64_t>(), {});
    const auto body = snappy_block(version == WriteVersion::V1 ? write_request_v1(sent) : write_request_v2(sent));
    for (int turn = 0; turn < 2; ++turn) {  // the second time, by the cache
      const auto reply = remote_write.write(version, body);
      std::size_t samples = 0;
      for (const auto& series : sent) {
        samples += series.samples.size();
        const auto* kept = store.find(Labels(series.labels));
        RC_ASSERT(kept != nullptr);
        RC_ASSERT(kept->samples.size() == series.samples.size());
        for (std::size_t i = 0; i < series.samples.size(); ++i) {
          RC_ASSERT(kept->samples[i].time_ms == series.samples[i].time_ms);
          RC_ASSERT(is_same(kept->samples[i].value, series.samples[i].value));
        }
      }
      if (turn == 0) RC_ASSERT(reply.samples == samples);
      if (turn == 0) RC_ASSERT(reply.status == 204);
      RC_ASSERT(store.data.size() == sent.size());
    }
  }
}

RC_GTEST_PROP(RemoteWriteRoundTrip, DoesNotDependOnTheOrderOfFields, ()) {
  const auto sent = arbitrary_series();
  ProtobufWriter request;
  for (const auto& series : sent) {
    // Labels last, or in the middle of the samples; the parts of a label and of a sample the other way round.
    ProtobufWriter message;
    const auto split = *rc::gen::inRange<std::size_t>(0, series.samples.size() + 1);
    const auto add_samples = [&](std::size_t from, std::size_t to) {
      for (auto i = from; i < to; ++i)
        message.message(2, ProtobufWriter().int64(2, series.samples[i].time_ms).float64(1, series.samples[i].value));
    };
    add_samples(0, split);
    for (const auto& [name, value] : series.labels) message.message(1, ProtobufWriter().bytes(2, value).bytes(1, name));
    add_samples(split, series.samples.size());
    request.message(1, message);
  }
  FakeMetricsStore store;
  metrics::ExemplarRing exemplars(10);
  MetadataTable metadata;
  RemoteWrite remote_write(store, exemplars, metadata, 1, {});
  RC_ASSERT(remote_write.write(WriteVersion::V1, snappy_block(request.text())).status == 204);
  for (const auto& series : sent) {
    const auto* kept = store.find(Labels(series.labels));
    RC_ASSERT(kept != nullptr);
    RC_ASSERT(kept->samples.size() == series.samples.size());
    for (std::size_t i = 0; i < series.samples.size(); ++i) {
      RC_ASSERT(kept->samples[i].time_ms == series.samples[i].time_ms);
      RC_ASSERT(is_same(kept->samples[i].value, series.samples[i].value));
    }
  }
}

RC_GTEST_PROP(RemoteWriteRoundTrip, NeverBreaksOnBytesThatWereChanged, ()) {
  const auto sent = arbitrary_series();
  for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
    auto message = version == WriteVersion::V1 ? write_request_v1(sent) : write_request_v2(sent);
    for (int i = 0; i < 3 && !message.empty(); ++i)
      message[*rc::gen::inRange<std::size_t>(0, message.size())] = *rc::gen::arbitrary<char>();
    FakeMetricsStore store;
    metrics::ExemplarRing exemplars(10);
    MetadataTable metadata;
    RemoteWrite remote_write(store, exemplars, metadata, 1, {});
    const auto reply = remote_write.write(version, snappy_block(message));
    RC_ASSERT(reply.status == 204 || reply.status == 400 || reply.status == 413);
    std::size_t kept = 0;
    for (const auto& series : store.data) kept += series.samples.size();
    RC_ASSERT(kept <= reply.samples + reply.histograms);
  }
}

}  // namespace
}  // namespace mamori::ingest
