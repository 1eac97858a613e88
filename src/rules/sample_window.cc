#include "rules/sample_window.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rules/statistics.h"

namespace mamori::rules {
namespace {

/// The slot of that second, emptied if it held an older one; nullptr if it holds a newer one: that second is over.
template <typename Slot>
Slot* claim(std::vector<Slot>& slots, SecondIndex second) {
  if (second < 0) return nullptr;
  Slot& slot = slots[static_cast<std::size_t>(second % kSecondsKept)];
  if (slot.second > second) return nullptr;
  if (slot.second < second) {
    slot = Slot{};
    slot.second = second;
  }
  return &slot;
}

template <typename Slot>
const Slot* find(const std::vector<Slot>& slots, SecondIndex second) {
  if (second < 0) return nullptr;
  const Slot& slot = slots[static_cast<std::size_t>(second % kSecondsKept)];
  return slot.second == second ? &slot : nullptr;
}

template <typename Slot>
void forget_slots_after(std::vector<Slot>& slots, SecondIndex now) {
  for (Slot& slot : slots) {
    if (slot.second > now) slot = Slot{};
  }
}

}  // namespace

SampleWindow::SampleWindow() : slots_(kSecondsKept) {}

void SampleWindow::add(Timestamp time, double value) {
  Slot* slot = claim(slots_, second_of(time));
  if (slot == nullptr) return;
  SampleSummary& s = slot->summary;
  s.minimum = s.count == 0 ? value : std::min(s.minimum, value);
  s.maximum = s.count == 0 ? value : std::max(s.maximum, value);
  s.sum += value;
  ++s.count;
  if (slot->kept.size() < kSamplesPerSecond) {
    slot->kept.push_back(value);
    return;
  }
  // Reservoir sampling (Vitter, algorithm R, 1985): every value of the second is kept with the same probability.
  ++thinned_;
  const auto at = static_cast<std::size_t>(random_.unit() * static_cast<double>(s.count));
  if (at < slot->kept.size()) slot->kept[at] = value;
}

template <typename Visit>
void SampleWindow::visit(SecondIndex now, SecondIndex window, Visit visit) const {
  for (SecondIndex second = now - window + 1; second <= now; ++second) {
    const Slot* slot = find(slots_, second);
    if (slot != nullptr && slot->summary.count > 0) visit(*slot);
  }
}

SampleSummary SampleWindow::summary(SecondIndex now, SecondIndex window) const {
  SampleSummary total;
  visit(now, window, [&](const Slot& slot) {
    const SampleSummary& s = slot.summary;
    total.minimum = total.count == 0 ? s.minimum : std::min(total.minimum, s.minimum);
    total.maximum = total.count == 0 ? s.maximum : std::max(total.maximum, s.maximum);
    total.sum += s.sum;
    total.count += s.count;
  });
  return total;
}

double SampleWindow::percentile(SecondIndex now, SecondIndex window, double percent) const {
  scratch_.clear();
  bool sampled = false;
  double total = 0;
  visit(now, window, [&](const Slot& slot) {
    sampled = sampled || slot.summary.count > slot.kept.size();
    total += static_cast<double>(slot.summary.count);
    scratch_.insert(scratch_.end(), slot.kept.begin(), slot.kept.end());
  });
  if (scratch_.empty()) return 0;
  if (!sampled) return rules::percentile(scratch_, percent);

  std::vector<std::pair<double, double>> weighted;  // value, how many values it stands for
  weighted.reserve(scratch_.size());
  visit(now, window, [&](const Slot& slot) {
    const double weight = static_cast<double>(slot.summary.count) / static_cast<double>(slot.kept.size());
    for (const double value : slot.kept) weighted.emplace_back(value, weight);
  });
  std::ranges::sort(weighted);
  double seen = 0;
  for (const auto& [value, weight] : weighted) {
    seen += weight;
    if (seen >= percent / 100 * total - 1e-6) return value;
  }
  return weighted.back().first;
}

std::uint64_t SampleWindow::count_above(SecondIndex now, SecondIndex window, double limit) const {
  double above = 0;
  visit(now, window, [&](const Slot& slot) {
    const auto n = std::ranges::count_if(slot.kept, [&](double value) { return value > limit; });
    above += static_cast<double>(n) * static_cast<double>(slot.summary.count) / static_cast<double>(slot.kept.size());
  });
  return static_cast<std::uint64_t>(std::llround(above));
}

void SampleWindow::forget_after(SecondIndex now) { forget_slots_after(slots_, now); }

RatioWindow::RatioWindow() : slots_(kSecondsKept) {}

void RatioWindow::add(Timestamp time, bool bad) {
  Slot* slot = claim(slots_, second_of(time));
  if (slot == nullptr) return;
  ++slot->total;
  if (bad) ++slot->bad;
}

void RatioWindow::forget_after(SecondIndex now) { forget_slots_after(slots_, now); }

RatioWindow::Counts RatioWindow::counts(SecondIndex now, SecondIndex window) const {
  Counts sum;
  for (SecondIndex second = now - window + 1; second <= now; ++second) {
    const Slot* slot = find(slots_, second);
    if (slot == nullptr) continue;
    sum.total += slot->total;
    sum.bad += slot->bad;
  }
  return sum;
}

}  // namespace mamori::rules
