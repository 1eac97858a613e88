#include "metrics/detail/time_column.h"

#include <algorithm>
#include <bit>

namespace mamori::metrics::detail {
namespace {

// Grid: numbers are how much later than its turn each time is. Changes: how much longer each step is than the one
// before, which fits better where the grid itself moves.
enum class TimeForm : std::uint8_t { Grid, Changes };

std::uint64_t cost(std::span<const std::int64_t> run) {
  std::uint64_t bits = 0;
  for (const auto value : run) bits += static_cast<unsigned>(std::bit_width(zigzag(value)));
  return bits;
}

std::int64_t wrapping_mul(std::int64_t a, std::size_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * b);
}

}  // namespace

void TimeEncoder::write(std::span<const std::int64_t> times, std::int64_t start_ms, StreamWriter& out) {
  const auto size = times.size();
  put_varint(out.forms, size);
  if (size == 1) return put_signed(out.bases, wrapping_sub(times[0], start_ms));
  steps_.resize(size - 1);
  changes_.resize(size - 2);
  for (std::size_t i = 1; i < size; ++i) steps_[i - 1] = wrapping_sub(times[i], times[i - 1]);
  const auto first_step = steps_[0];
  for (std::size_t i = 1; i + 1 < size; ++i) changes_[i - 1] = wrapping_sub(steps_[i], steps_[i - 1]);

  const auto middle = steps_.begin() + static_cast<std::ptrdiff_t>(steps_.size() / 2);
  std::ranges::nth_element(steps_, middle);
  const auto step = *middle;
  off_grid_.resize(size);
  for (std::size_t i = 0; i < size; ++i) off_grid_[i] = wrapping_sub(times[i], wrapping_mul(step, i));
  const auto origin = *std::ranges::min_element(off_grid_);
  for (auto& late : off_grid_) late = wrapping_sub(late, origin);
  if (cost(off_grid_) <= cost(changes_)) {
    out.forms += static_cast<char>(TimeForm::Grid);
    put_signed(out.bases, wrapping_sub(origin, start_ms));
    put_signed(out.bases, step);
    runs_.write(off_grid_, out);
  } else {
    out.forms += static_cast<char>(TimeForm::Changes);
    put_signed(out.bases, wrapping_sub(times[0], start_ms));
    put_signed(out.bases, first_step);
    runs_.write(changes_, out);
  }
}

bool read_times(StreamReader& in, std::int64_t start_ms, std::int64_t end_ms, RunReader& runs,
                std::vector<std::int64_t>& times) {
  const auto size = in.forms.varint();
  if (size == 0 || size > kRunMax) return false;
  times.resize(size);
  if (size == 1) {
    times[0] = wrapping_add(start_ms, in.bases.signed_varint());
  } else {
    const auto form = static_cast<TimeForm>(in.forms.raw<std::uint8_t>());
    const auto base = wrapping_add(start_ms, in.bases.signed_varint());
    auto step = in.bases.signed_varint();
    Run run;
    if (form == TimeForm::Grid) {
      if (!runs.read(in, size, run)) return false;
      for_each(run, [&](std::size_t i, std::int64_t late) {
        times[i] = wrapping_add(wrapping_add(base, wrapping_mul(step, i)), late);
      });
    } else if (form == TimeForm::Changes) {
      if (!runs.read(in, size - 2, run)) return false;
      times[0] = base;
      auto time = times[1] = wrapping_add(base, step);
      for_each(run, [&](std::size_t i, std::int64_t change) {
        step = wrapping_add(step, change);
        times[i + 2] = time = wrapping_add(time, step);
      });
    } else {
      return false;
    }
  }
  // Readers look for times by halving, and merge parts by them.
  return in.ok() && times.front() >= start_ms && times.back() <= end_ms &&
         std::ranges::adjacent_find(times, std::ranges::greater_equal{}) == times.end();
}

}  // namespace mamori::metrics::detail
