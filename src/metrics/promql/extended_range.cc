#include "metrics/promql/extended_range.h"

#include <array>
#include <vector>

namespace mamori::metrics::promql {
namespace {

using Found = std::optional<double>;
using Params = std::span<const double>;

/// The window's samples, led by the newest one at or before its start. Empty if none lies in the window itself.
std::span<const Sample> anchored_samples(const Window& window, std::int64_t lookback_ms) {
  if (window.samples.empty()) return {};
  auto begin = window.first;
  if (begin > 0 && window.all[begin - 1].time_ms > window.start_ms - lookback_ms) --begin;
  return window.all.subspan(begin, window.first + window.samples.size() - begin);
}

double interpolated(const Sample& before, const Sample& after, std::int64_t time_ms, bool counter) {
  // A counter that was reset in between began again at zero.
  const double from = counter && after.value < before.value ? 0 : before.value;
  const auto share =
      static_cast<double>(time_ms - before.time_ms) / static_cast<double>(after.time_ms - before.time_ms);
  return from + (after.value - from) * share;
}

/// The window's samples with the values at its borders, interpolated between the samples on both sides. Empty if no
/// sample lies in the window and not one on each side of it.
std::vector<Sample> smoothed_samples(const Window& window, bool counter) {
  const auto end = window.first + window.samples.size();
  const Sample* before = window.first > 0 ? &window.all[window.first - 1] : nullptr;
  const Sample* after = end < window.all.size() ? &window.all[end] : nullptr;
  if (before && before->time_ms <= window.start_ms - window.lookback_ms) before = nullptr;
  if (after && after->time_ms > window.end_ms + window.lookback_ms) after = nullptr;
  if (window.samples.empty() && (!before || !after)) return {};
  std::vector<Sample> out;
  if (before) {
    const auto& next = window.samples.empty() ? *after : window.samples.front();
    const double value =
        before->time_ms == window.start_ms ? before->value : interpolated(*before, next, window.start_ms, counter);
    out.push_back({window.start_ms, value});
  }
  out.insert(out.end(), window.samples.begin(), window.samples.end());
  if (after && (window.samples.empty() || window.samples.back().time_ms != window.end_ms)) {
    const auto& previous = window.samples.empty() ? *before : window.samples.back();
    out.push_back({window.end_ms, interpolated(previous, *after, window.end_ms, counter)});
  }
  return out;
}

Found change(std::span<const Sample> samples, bool counter) {
  if (samples.empty()) return std::nullopt;
  double total = samples.back().value - samples.front().value;
  for (std::size_t i = 1; counter && i < samples.size(); ++i) {
    if (samples[i].value < samples[i - 1].value) total += samples[i - 1].value;
  }
  return total;
}

Found per_second(Found total, const Window& window) {
  if (!total) return total;
  return *total / (static_cast<double>(window.end_ms - window.start_ms) / 1000);
}

Found anchored_increase(const Window& w, Params) { return change(anchored_samples(w, w.lookback_ms), true); }
Found anchored_delta(const Window& w, Params) { return change(anchored_samples(w, w.lookback_ms), false); }
Found anchored_rate(const Window& w, Params params) { return per_second(anchored_increase(w, params), w); }
Found smoothed_increase(const Window& w, Params) { return change(smoothed_samples(w, true), true); }
Found smoothed_delta(const Window& w, Params) { return change(smoothed_samples(w, false), false); }
Found smoothed_rate(const Window& w, Params params) { return per_second(smoothed_increase(w, params), w); }

template <typename Counts>
Found count_pairs(const Window& window, Counts counts) {
  const auto samples = anchored_samples(window, window.lookback_ms);
  if (samples.empty()) return std::nullopt;
  double count = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) count += counts(samples[i - 1].value, samples[i].value) ? 1 : 0;
  return count;
}

Found anchored_changes(const Window& w, Params) {
  return count_pairs(w, [](double a, double b) { return a != b && (a == a || b == b); });
}

Found anchored_resets(const Window& w, Params) {
  return count_pairs(w, [](double a, double b) { return b < a; });
}

struct Entry {
  std::string_view name;
  RangeApply anchored, smoothed;
};

constexpr std::array kEntries{
    Entry{"changes", anchored_changes, nullptr},
    Entry{"delta", anchored_delta, smoothed_delta},
    Entry{"increase", anchored_increase, smoothed_increase},
    Entry{"rate", anchored_rate, smoothed_rate},
    Entry{"resets", anchored_resets, nullptr},
};

}  // namespace

Result<RangeApply> extended_function(std::string_view name, bool anchored) {
  std::string allowed;
  for (const auto& entry : kEntries) {
    const auto apply = anchored ? entry.anchored : entry.smoothed;
    if (!apply) continue;
    if (entry.name == name) return apply;
    allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
  }
  return evaluation_error(std::string(anchored ? "anchored" : "smoothed") +
                          " modifier can only be used with: " + allowed + " - not with " + std::string(name));
}

}  // namespace mamori::metrics::promql
