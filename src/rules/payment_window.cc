#include "rules/payment_window.h"

#include <algorithm>
#include <functional>

namespace mamori::rules {

PaymentWindow::PaymentWindow(std::size_t entries_max) : slots_(kSecondsKept), entries_max_(entries_max) {}

const PaymentWindow::Slot* PaymentWindow::find(SecondIndex second) const {
  if (second < 0) return nullptr;
  const Slot& slot = slots_[static_cast<std::size_t>(second % kSecondsKept)];
  return slot.second == second ? &slot : nullptr;
}

PaymentWindow::Slot* PaymentWindow::slot_for(SecondIndex second) {
  if (second < 0) return nullptr;
  Slot& slot = slots_[static_cast<std::size_t>(second % kSecondsKept)];
  if (slot.second > second) return nullptr;  // older than what is kept
  if (slot.second < second) {
    forget(slot);
    slot.second = second;
    slot.counts = {};
  }
  return &slot;
}

bool PaymentWindow::stands(const Entry& entry) const {
  if (entry.anonymous) return true;
  const auto at = latest_.find(entry.id_hash);
  return at != latest_.end() && at->second.sequence == entry.sequence;
}

void PaymentWindow::forget(Slot& slot) {
  for (const Entry& entry : slot.entries) {
    if (!entry.anonymous && stands(entry)) latest_.erase(entry.id_hash);
  }
  entries_ -= slot.entries.size();
  std::vector<Entry>().swap(slot.entries);
}

void PaymentWindow::make_room(SecondIndex newest) {
  for (SecondIndex second = std::max<SecondIndex>(0, newest - kSecondsKept + 1);
       second <= newest && entries_ >= entries_max_; ++second) {
    Slot& slot = slots_[static_cast<std::size_t>(second % kSecondsKept)];
    ids_forgotten_ += slot.entries.size();
    forget(slot);
  }
}

void PaymentWindow::add(std::string_view payment_id, Timestamp time, Outcome outcome) {
  const std::int64_t nanos = time.time_since_epoch().count();
  const SecondIndex second = second_of(time);
  if (find(second) == nullptr && slot_for(second) == nullptr) return;
  newest_ = std::max(newest_, second);
  if (entries_ >= entries_max_) make_room(newest_);

  Entry entry{
      .id_hash = 0, .sequence = ++sequence_, .nanos = nanos, .outcome = outcome, .anonymous = payment_id.empty()};
  if (!entry.anonymous) {
    entry.id_hash = std::hash<std::string_view>{}(payment_id);
    const auto [at, is_new] = latest_.try_emplace(entry.id_hash, Latest{entry.sequence, nanos, outcome});
    if (!is_new) {
      if (nanos < at->second.nanos) return;  // a later outcome is known already
      const SecondIndex before = second_of(Timestamp{Nanos{at->second.nanos}});
      if (find(before) != nullptr) {
        --slots_[static_cast<std::size_t>(before % kSecondsKept)].counts[static_cast<std::size_t>(at->second.outcome)];
      }
      at->second = Latest{entry.sequence, nanos, outcome};
    }
  }
  Slot& slot = *slot_for(second);
  ++slot.counts[static_cast<std::size_t>(outcome)];
  slot.entries.push_back(entry);
  ++entries_;
}

void PaymentWindow::forget_after(SecondIndex now) {
  for (Slot& slot : slots_) {
    if (slot.second <= now) continue;
    forget(slot);
    slot = Slot{};
  }
  newest_ = std::min(newest_, now);
}

OutcomeCounts PaymentWindow::counts(SecondIndex now, SecondIndex window) const {
  OutcomeCounts sum;
  for (SecondIndex second = now - window + 1; second <= now; ++second) {
    const Slot* slot = find(second);
    if (slot == nullptr) continue;
    sum.succeeded += slot->counts[static_cast<std::size_t>(Outcome::Succeeded)];
    sum.declined += slot->counts[static_cast<std::size_t>(Outcome::Declined)];
    sum.technical += slot->counts[static_cast<std::size_t>(Outcome::Technical)];
    sum.canceled += slot->counts[static_cast<std::size_t>(Outcome::Canceled)];
  }
  return sum;
}

std::vector<Outcome> PaymentWindow::latest(std::size_t n, SecondIndex now, SecondIndex window) const {
  std::vector<Outcome> outcomes;
  std::vector<Entry> standing;
  for (SecondIndex second = now; second > now - window && outcomes.size() < n; --second) {
    const Slot* slot = find(second);
    if (slot == nullptr || slot->entries.empty()) continue;
    standing.clear();
    std::ranges::copy_if(slot->entries, std::back_inserter(standing), [&](const Entry& e) { return stands(e); });
    std::ranges::sort(standing, [](const Entry& a, const Entry& b) {
      return a.nanos != b.nanos ? a.nanos > b.nanos : a.sequence > b.sequence;
    });
    for (const Entry& entry : standing) {
      if (outcomes.size() == n) break;
      outcomes.push_back(entry.outcome);
    }
  }
  return outcomes;
}

}  // namespace mamori::rules
