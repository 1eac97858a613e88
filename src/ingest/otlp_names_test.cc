#include "ingest/otlp_names.h"

#include <gtest/gtest.h>

namespace mamori::ingest {
namespace {

using Kind = OtlpMetric::Kind;

TEST(OtlpNames, TranslateMetricsWithUnitsAndTypes) {
  const auto check = [](const std::string& name, const std::string& unit, Kind kind, const std::string& want,
                        bool monotonic = false) {
    EXPECT_EQ(prometheus_metric_name({.name = name, .unit = unit, .kind = kind, .is_monotonic = monotonic}), want);
  };
  check("http.server.duration", "ms", Kind::Histogram, "http_server_duration_milliseconds");
  check("requests", "", Kind::Sum, "requests_total", true);
  check("requests.total", "", Kind::Sum, "requests_total", true);
  check("total.requests", "", Kind::Sum, "requests_total", true);
  check("queue.length", "", Kind::Sum, "queue_length");
  check("cpu.usage", "1", Kind::Gauge, "cpu_usage_ratio");
  check("cpu_usage_ratio", "1", Kind::Gauge, "cpu_usage_ratio");
  check("items", "1", Kind::Sum, "items_total", true);
  check("memory.usage", "By", Kind::Gauge, "memory_usage_bytes");
  check("memory_bytes_usage", "By", Kind::Gauge, "memory_bytes_usage");
  check("throughput", "By/s", Kind::Gauge, "throughput_bytes_per_second");
  check("requests", "1/s", Kind::Gauge, "requests_per_second");
  check("io", "By/s", Kind::Sum, "io_bytes_per_second_total", true);
  check("queue", "{message}", Kind::Gauge, "queue");
  check("sent", "By/{packet}", Kind::Gauge, "sent_bytes");
  check("disk.fill", "%", Kind::Gauge, "disk_fill_percent");
  check("speed", "km/h", Kind::Gauge, "speed_km_per_hour");
  check("odd", "unit@with#special/chars", Kind::Gauge, "odd_unit_with_special_per_chars");
  check("a__b..c", "", Kind::Gauge, "a_b_c");
  check("9lives", "", Kind::Gauge, "_9lives");
  check("売上 total", "", Kind::Gauge, "total");
  check("売上", "", Kind::Gauge, "");
  check("", "s", Kind::Gauge, "");
}

TEST(OtlpNames, TranslateAttributes) {
  const auto check = [](const std::string& attribute, const std::string& want) {
    EXPECT_EQ(prometheus_label_name(attribute), want);
  };
  check("http.method", "http_method");
  check("plain", "plain");
  check("1st", "key_1st");
  check("_private", "key_private");
  check("__reserved", "__reserved");
  check("a..b", "a__b");
  check("売上", "__");
  check("a:b", "a_b");
  check("", "");
}

}  // namespace
}  // namespace mamori::ingest
