#include "rules/windows.h"

#include <optional>

#include "logs/decline.h"

namespace mamori::rules {
namespace {

std::optional<Outcome> outcome_of(const logs::PaymentEvent& event) {
  switch (event.status) {
    case logs::PaymentStatus::Succeeded:
      return Outcome::Succeeded;
    case logs::PaymentStatus::Failed:
      return logs::is_technical_failure(event) ? Outcome::Technical : Outcome::Declined;
    case logs::PaymentStatus::Canceled:
      return Outcome::Canceled;
    case logs::PaymentStatus::Pending:
      return std::nullopt;  // not ended
  }
  return std::nullopt;
}

}  // namespace

void Windows::add(const logs::PaymentEvent& event, Timestamp time) {
  const bool succeeded = event.status == logs::PaymentStatus::Succeeded;
  const bool failed = event.status == logs::PaymentStatus::Failed;
  switch (event.kind) {
    case logs::EventKind::Payment:
      if (const auto outcome = outcome_of(event)) payments.add(event.payment_id, time, *outcome);
      if (event.processing_time_ms && (succeeded || failed)) payment_latency.add(time, *event.processing_time_ms);
      return;
    case logs::EventKind::Webhook:
      if (event.processing_time_ms) webhook_time.add(time, *event.processing_time_ms);
      return;
    case logs::EventKind::CheckoutSession:
      if (succeeded || failed) checkouts.add(time, failed);
      return;
    case logs::EventKind::Refund:
      return;  // no indicator yet
  }
}

void Windows::forget_after(SecondIndex now) {
  payments.forget_after(now);
  payment_latency.forget_after(now);
  webhook_time.forget_after(now);
  checkouts.forget_after(now);
}

}  // namespace mamori::rules
