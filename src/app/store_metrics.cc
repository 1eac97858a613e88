// The metrics store's figures at /metrics.
#include <limits>

#include "app/own_metrics.h"

namespace mamori::app {
namespace {

using metrics::StoreStats;
using Figure = std::uint64_t StoreStats::*;
using Moment = std::int64_t StoreStats::*;

struct Row {
  const char* name;
  const char* help;
  const char* type;
  Figure value;
  const char* reason = "";
};

constexpr Row kRows[] = {
    {"mamori_metrics_series", "Series in the store", "gauge", &StoreStats::series},
    {"mamori_metrics_series_created_total", "Series that came", "counter", &StoreStats::series_created},
    {"mamori_metrics_series_forgotten_total", "Series without samples, given up", "counter",
     &StoreStats::series_forgotten},
    {"mamori_metrics_samples_appended_total", "Samples stored since the start", "counter",
     &StoreStats::samples_appended},
    {"mamori_metrics_samples_late_total", "Samples stored that came out of order", "counter",
     &StoreStats::out_of_order_taken},
    {"mamori_metrics_samples_duplicate_total", "Samples that were stored before", "counter", &StoreStats::duplicates},
    {"mamori_metrics_samples_refused_total", "Samples refused, by reason", "counter", &StoreStats::refused_conflicting,
     "conflicting"},
    {"mamori_metrics_samples_refused_total", "", "counter", &StoreStats::refused_out_of_order, "out_of_order"},
    {"mamori_metrics_samples_refused_total", "", "counter", &StoreStats::refused_too_far_ahead, "too_far_ahead"},
    {"mamori_metrics_series_refused_total", "New series refused, by the limit that they pass", "counter",
     &StoreStats::refused_series_max, "series_max"},
    {"mamori_metrics_series_refused_total", "", "counter", &StoreStats::refused_new_series,
     "new_series_per_minute_max"},
    {"mamori_metrics_series_refused_total", "", "counter", &StoreStats::refused_labels, "labels"},
    {"mamori_metrics_writes_unavailable_total", "Writes of which nothing was kept: the disk is full or fails",
     "counter", &StoreStats::writes_unavailable},
    {"mamori_metrics_memory_bytes", "Memory of index and heads", "gauge", &StoreStats::bytes_in_memory},
    {"mamori_metrics_head_samples", "Samples that are not in a part yet", "gauge", &StoreStats::head_samples},
    {"mamori_metrics_heads_waiting", "Full heads that wait for being written out", "gauge", &StoreStats::heads_waiting},
    {"mamori_metrics_log_bytes", "Size of the write-ahead log", "gauge", &StoreStats::log_bytes},
    {"mamori_metrics_log_sync_failures_total", "Times that the write-ahead log could not be made durable", "counter",
     &StoreStats::log_sync_failures},
    {"mamori_metrics_parts", "Parts on the disk", "gauge", &StoreStats::parts},
    {"mamori_metrics_part_samples", "Samples in parts", "gauge", &StoreStats::part_samples},
    {"mamori_metrics_part_bytes", "Size of the parts", "gauge", &StoreStats::part_bytes},
    {"mamori_metrics_flushes_total", "Heads written out as parts", "counter", &StoreStats::flushes},
    {"mamori_metrics_flushes_failed_total", "Heads that could not be written out; they are tried again", "counter",
     &StoreStats::flushes_failed},
    {"mamori_metrics_merges_total", "Merges of parts", "counter", &StoreStats::merges},
    {"mamori_metrics_merges_failed_total", "Merges that failed; they are tried again", "counter",
     &StoreStats::merges_failed},
    {"mamori_metrics_samples_merged_total", "Samples that merges wrote", "counter", &StoreStats::samples_merged},
    {"mamori_metrics_parts_dropped_total", "Parts past retention, by its kind", "counter",
     &StoreStats::parts_dropped_by_time, "time"},
    {"mamori_metrics_parts_dropped_total", "", "counter", &StoreStats::parts_dropped_by_size, "size"},
    {"mamori_metrics_parts_damaged_total", "Damaged parts that were set aside", "counter", &StoreStats::parts_damaged},
    {"mamori_metrics_deletions_pending", "Deletions whose samples are still on the disk", "gauge",
     &StoreStats::deletions_pending},
};

}  // namespace

void register_store_metrics(metrics::Registry& registry, const metrics::Store& store) {
  for (const auto& row : kRows) {
    const auto labels = *row.reason == '\0' ? metrics::Labels() : metrics::Labels({{"reason", row.reason}});
    registry.callback(row.name, row.help, row.type, labels,
                      [&store, value = row.value] { return static_cast<double>(store.stats().*value); });
  }
  const auto time = [&](const char* name, const char* help, Moment value) {
    registry.callback(name, help, "gauge", {}, [&store, value] {
      const auto stats = store.stats();
      const auto none = stats.oldest_ms > stats.newest_ms;
      return none ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(stats.*value) / 1000;
    });
  };
  time("mamori_metrics_oldest_sample_timestamp_seconds", "Time of the oldest sample", &StoreStats::oldest_ms);
  time("mamori_metrics_newest_sample_timestamp_seconds", "Time of the newest sample", &StoreStats::newest_ms);
}

}  // namespace mamori::app
