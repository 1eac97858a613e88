// console/payments_report.h: what the payments of a time range looked like: the widgets of the payment dashboard.
// Counts lines (attempts), not unique payments: a chart shows what happened; the indicators decide what it means.
// Money is summed in minor units, per currency, of succeeded payments only.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "console/buckets.h"
#include "logs/payment_event.h"
#include "logs/store.h"

namespace mamori::console {

class PaymentsReport {
 public:
  explicit PaymentsReport(const TimeRange& range);
  void add(const logs::PaymentEvent& event);
  /// The members of the answer, without `scanned` and `truncated`.
  void write(JsonWriter& json);

 private:
  struct Tally {
    std::uint64_t succeeded = 0, declined = 0, technical = 0, canceled = 0;
    std::uint64_t attempts() const { return succeeded + declined + technical + canceled; }
  };
  struct Revenue {
    std::vector<std::int64_t> by_bucket;
    std::int64_t total = 0;
  };
  void add_payment(const logs::PaymentEvent& event, std::size_t bucket);
  void write_tallies(JsonWriter& json, const char* list, const char* name,
                     const std::map<std::string, Tally>& tallies) const;
  void write_counts(JsonWriter& json, const char* name, const std::vector<std::uint64_t>& counts) const;

  Buckets buckets_;
  TimeRange range_;
  std::vector<std::uint64_t> succeeded_, declined_, technical_, canceled_, pending_;
  std::vector<std::vector<double>> latency_ms_;
  std::map<std::string, Tally> methods_, countries_, providers_;
  std::map<std::string, Revenue> revenue_;
  std::map<std::string, std::uint64_t> failure_reasons_;
  std::vector<double> webhook_ms_;
  std::uint64_t webhooks_ = 0, webhooks_failed_ = 0, checkouts_ = 0, checkouts_failed_ = 0;
};

/// Scans payment_* lines of the range and answers the whole JSON object of GET /api/mamori/v1/payments.
Result<std::string> payments_report_json(const logs::Store& store, const TimeRange& range);

}  // namespace mamori::console
