// rules/windows.h: all that the indicators look at: the last hour of payments, latencies, webhooks and checkouts.
#pragma once
#include "logs/payment_event.h"
#include "rules/payment_window.h"
#include "rules/sample_window.h"

namespace mamori::rules {

struct Windows {
  PaymentWindow payments;        // unique payments that ended
  SampleWindow payment_latency;  // ms, each attempt that succeeded or failed
  SampleWindow webhook_time;     // ms, each webhook event
  RatioWindow checkouts;         // checkout sessions: bad = failed

  /// Counts the event at `time`, which is its own or, if that lies in the future, its arrival.
  void add(const logs::PaymentEvent& event, Timestamp time);

  /// Drops what lies after `now`: the clock that put it there was wrong.
  void forget_after(SecondIndex now);
};

}  // namespace mamori::rules
