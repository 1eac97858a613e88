// demo/history.h: the hour before the demo began, so that the page's charts are not empty: generated lines with earlier
// timestamps, from the same models and in the same schema as the live ones, written straight to mamori's _bulk. Each
// carries "generated":"history".
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace mamori::demo {

struct HistorySpan {
  Timestamp begin, end;
  double rate = 4;  // payments per second, mean over a day
};

struct HistoryCount {
  std::uint64_t payments = 0, lines = 0;
};

/// Calls `sink` with _bulk bodies of at most about 2,000 lines, ordered by time; nothing lies at or after `span.end`.
/// Stops early when `sink` fails, with its error.
Result<HistoryCount> generate_history(const HistorySpan& span, Random& random,
                                      const std::function<Result<void>(std::string body)>& sink);

/// Sends one body to `url`/_bulk. Errors: Unavailable when mamori refuses it or any line of it.
Result<void> send_bulk(const std::string& url, std::string body);

}  // namespace mamori::demo
