// rules/payment_window.h: how the payments of the last hour ended, each payment counted once.
// What always holds: a payment stands in the second of its latest outcome, whatever order its lines arrive in; adding
// is O(1), asking costs one step per second of the window. Knows no clock. Not thread-safe.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace mamori::rules {

enum class Outcome : std::uint8_t { Succeeded, Declined, Technical, Canceled };

/// Whole seconds since 1970. A window of W seconds that ends now is the running second and the W-1 before it.
using SecondIndex = std::int64_t;
inline SecondIndex second_of(Timestamp t) { return std::chrono::floor<Seconds>(t.time_since_epoch()).count(); }

/// One hour of windows, one hour of lateness, and a minute between reading the clock and asking.
inline constexpr SecondIndex kSecondsKept = 3660;

struct OutcomeCounts {
  std::uint64_t succeeded = 0, declined = 0, technical = 0, canceled = 0;
  std::uint64_t total() const { return succeeded + declined + technical + canceled; }
  bool operator==(const OutcomeCounts&) const = default;
};

class PaymentWindow {
 public:
  /// `entries_max`: outcomes remembered one by one (about 80 bytes each); beyond it the oldest seconds keep their
  /// counts but forget whose they were.
  explicit PaymentWindow(std::size_t entries_max);
  PaymentWindow() : PaymentWindow(1'000'000) {}

  /// `payment_id` "": a payment of its own. Of two outcomes at the same instant the one added later wins.
  void add(std::string_view payment_id, Timestamp time, Outcome outcome);

  OutcomeCounts counts(SecondIndex now, SecondIndex window) const;

  /// The `n` latest payments' outcomes in the window, newest first.
  std::vector<Outcome> latest(std::size_t n, SecondIndex now, SecondIndex window) const;

  /// Drops what lies after `now`: the clock that put it there was wrong.
  void forget_after(SecondIndex now);

  std::uint64_t ids_forgotten() const { return ids_forgotten_; }

 private:
  struct Entry {
    std::uint64_t id_hash = 0;  // 64 bits: with a million payments two collide with probability 3e-8
    std::uint64_t sequence = 0;
    std::int64_t nanos = 0;
    Outcome outcome = Outcome::Succeeded;
    bool anonymous = false;
  };
  struct Slot {
    SecondIndex second = -1;
    std::array<std::uint32_t, 4> counts{};
    std::vector<Entry> entries;  // one whose sequence is not the id's latest is stale
  };
  struct Latest {
    std::uint64_t sequence = 0;
    std::int64_t nanos = 0;
    Outcome outcome = Outcome::Succeeded;
  };
  Slot* slot_for(SecondIndex second);
  const Slot* find(SecondIndex second) const;
  bool stands(const Entry& entry) const;
  void forget(Slot& slot);
  void make_room(SecondIndex newest);

  std::vector<Slot> slots_;
  std::unordered_map<std::uint64_t, Latest> latest_;
  std::size_t entries_ = 0;
  const std::size_t entries_max_;
  std::uint64_t sequence_ = 0;
  SecondIndex newest_ = 0;
  std::uint64_t ids_forgotten_ = 0;
};

}  // namespace mamori::rules
