#include "metrics/detail/int_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <type_traits>
#include <utility>

namespace mamori::metrics::detail {
namespace {

// The form of a run, one byte: bits 0-5 the width (57: 64 bits), bit 6 zigzag, bit 7 patches follow.
constexpr std::uint8_t kWidthMask = 0x3F, kZigzag = 0x40, kPatched = 0x80;
constexpr unsigned kWidthOddMax = 56, kWidth64 = 57;

// What a patch costs beside its high bits: a gap and the granularity of a varint, roughly, after compression.
constexpr std::uint64_t kPatchBits = 8;

// Bits of the planes that one value has in them: 4, 2 and 1 add up to any width below a byte.
constexpr std::array<unsigned, 3> kNarrow = {4, 2, 1};

constexpr std::size_t plane_bytes(std::size_t size, unsigned width) { return (size * width + 7) / 8; }

/// A byte of a narrow plane holds the numbers j, j + bytes, j + 2 * bytes, ...: so that neighbours lie in neighbouring
/// bytes, and one shift of a vector register gives sixteen of them.
template <unsigned Width>
void pack(const unsigned char* from, std::size_t size, unsigned shift, std::string& out) {
  const auto bytes = plane_bytes(size, Width);
  const auto start = out.size();
  out.resize(start + bytes);
  auto* to = out.data() + start;
  for (std::size_t first = 0, lane = 0; first < size; first += bytes, ++lane) {
    const auto count = std::min(bytes, size - first);
    for (std::size_t j = 0; j < count; ++j) {
      const auto bits = static_cast<unsigned>(from[first + j]) >> shift & ((1u << Width) - 1);
      to[j] = static_cast<char>(static_cast<unsigned char>(to[j]) | bits << (lane * Width));
    }
  }
}

/// One lane of a plane. All shifts are constants, so that the compiler uses registers of sixteen bytes.
template <unsigned Width, unsigned Shift, unsigned Lane>
void unpack_lane(const std::uint8_t* __restrict from, std::size_t count, std::uint8_t* __restrict to) {
  constexpr std::uint8_t kMask = (1u << Width) - 1;
  for (std::size_t j = 0; j < count; ++j) {
    const auto bits = static_cast<std::uint8_t>(static_cast<std::uint8_t>(from[j] >> Lane * Width & kMask) << Shift);
    to[j] = Shift == 0 ? bits : static_cast<std::uint8_t>(to[j] | bits);
  }
}

template <unsigned Width, unsigned Shift>
void unpack(const std::uint8_t* from, std::size_t size, std::uint8_t* to) {
  const auto bytes = plane_bytes(size, Width);
  const auto all_lanes = [&]<std::size_t... Lanes>(std::index_sequence<Lanes...>) {
    const auto lane = [&]<unsigned Lane>() {
      if (Lane * bytes < size)
        unpack_lane<Width, Shift, Lane>(from, std::min(bytes, size - Lane * bytes), to + Lane * bytes);
    };
    (lane.template operator()<static_cast<unsigned>(Lanes)>(), ...);
  };
  all_lanes(std::make_index_sequence<8 / Width>{});
}

void widen(const std::uint8_t* low, const std::uint8_t* high, std::size_t size, std::uint16_t* __restrict to) {
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint16_t>(low[i] | high[i] << 8);
}

/// `planes` of whole bytes, then `top` (null: none).
void widen(const std::uint8_t* bytes, unsigned planes, const std::uint8_t* top, std::size_t size,
           std::uint64_t* __restrict to) {
  if (top == nullptr) top = bytes + --planes * size;
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint64_t>(top[i]) << planes * 8;
  for (unsigned p = 0; p < planes; ++p) {
    const auto* plane = bytes + p * size;
    for (std::size_t i = 0; i < size; ++i) to[i] |= static_cast<std::uint64_t>(plane[i]) << p * 8;
  }
}

}  // namespace

RunWriter::Form RunWriter::choose(std::span<const std::int64_t> run) {
  const auto below_zero = static_cast<std::size_t>(std::ranges::count_if(run, [](auto value) { return value < 0; }));
  // Zigzag costs each number a bit. A few negative ones (resets of a counter) are cheaper as patches of ten bytes.
  Form form{.zigzag = below_zero * 80 > run.size()};
  coded_.resize(run.size());
  if (form.zigzag) {
    for (std::size_t i = 0; i < run.size(); ++i) coded_[i] = zigzag(run[i]);
  } else {
    std::ranges::copy(run, coded_.begin());
  }
  std::array<std::size_t, 65> with_bits{};
  for (const auto value : coded_) ++with_bits[static_cast<std::size_t>(std::bit_width(value))];
  auto best = run.size() * 64;
  form.width = 64;
  std::size_t wider = 0;
  std::uint64_t patch_bits = 0;
  for (unsigned width = 64; width-- > 0;) {
    wider += with_bits[width + 1];
    patch_bits += wider + with_bits[width + 1] * kPatchBits;
    const auto cost = run.size() * width + patch_bits;
    if (width > kWidthOddMax || cost > best || (cost == best && wider > 0)) continue;
    best = cost;
    form.width = width;
    form.patches = wider;
  }
  return form;
}

void RunWriter::write_planes(const Form& form, StreamWriter& out) {
  const auto size = coded_.size();
  unsigned shift = 0;
  for (; shift + 8 <= form.width; shift += 8) {
    const auto start = out.bytes.size();
    out.bytes.resize(start + size);
    char* to = out.bytes.data() + start;
    for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<char>(coded_[i] >> shift);
  }
  if (shift == form.width) return;
  plane_.resize(size);
  for (std::size_t i = 0; i < size; ++i) plane_[i] = static_cast<unsigned char>(coded_[i] >> shift);
  unsigned done = 0;
  for (const auto width : kNarrow) {
    if ((form.width & width) == 0) continue;
    if (width == 4) pack<4>(plane_.data(), size, done, out.bits);
    if (width == 2) pack<2>(plane_.data(), size, done, out.bits);
    if (width == 1) pack<1>(plane_.data(), size, done, out.bits);
    done += width;
  }
}

void RunWriter::write(std::span<const std::int64_t> run, StreamWriter& out) {
  if (run.empty()) return;
  const auto form = choose(run);
  const auto width_code = form.width > kWidthOddMax ? kWidth64 : form.width;
  out.forms += static_cast<char>(width_code | (form.zigzag ? kZigzag : 0) | (form.patches > 0 ? kPatched : 0));
  if (form.patches > 0) {
    put_varint(out.forms, form.patches);
    std::uint64_t gap = 0;
    for (const auto value : coded_) {
      const auto high = value >> form.width;
      if (high == 0) {
        ++gap;
        continue;
      }
      put_varint(out.gaps, std::exchange(gap, 0));
      put_varint(out.values, high - 1);
    }
  }
  write_planes(form, out);
}

bool RunReader::read_patches(StreamReader& in, std::size_t size, unsigned width, std::uint64_t count) {
  if (count > size) return false;
  places_.resize(count);
  patches_.resize(count);
  std::uint64_t next = 0;
  for (std::size_t p = 0; p < count; ++p) {
    const auto gap = in.gaps.varint();
    if (next >= size || gap >= size - next) return false;
    next += gap;
    places_[p] = static_cast<std::uint32_t>(next++);
    patches_[p] = static_cast<std::int64_t>((in.values.varint() + 1) << width);
  }
  return in.gaps.ok() && in.values.ok();
}

bool RunReader::read_narrow(StreamReader& in, std::size_t size, unsigned width) {
  narrow_.resize(size);
  auto* to = narrow_.data();
  const auto plane = [&](unsigned plane_width) {
    return reinterpret_cast<const std::uint8_t*>(in.bits.take(plane_bytes(size, plane_width)).data());
  };
  if ((width & 4) != 0) {
    if (const auto* from = plane(4)) unpack<4, 0>(from, size, to);
  }
  if ((width & 2) != 0) {
    if (const auto* from = plane(2)) (width & 4) != 0 ? unpack<2, 4>(from, size, to) : unpack<2, 0>(from, size, to);
  }
  if ((width & 1) != 0) {
    if (const auto* from = plane(1)) {
      switch (width & 6) {
        case 0:
          unpack<1, 0>(from, size, to);
          break;
        case 2:
          unpack<1, 2>(from, size, to);
          break;
        case 4:
          unpack<1, 4>(from, size, to);
          break;
        default:
          unpack<1, 6>(from, size, to);
      }
    }
  }
  return in.bits.ok();
}

/// Patches take their low bits from the planes before zigzag is undone there.
template <typename T>
void RunReader::finish(T* numbers, bool zigzagged, Run& run) {
  for (std::size_t p = 0; p < run.places.size(); ++p) {
    const auto value = static_cast<std::uint64_t>(patches_[p]) | numbers[places_[p]];
    patches_[p] = zigzagged ? unzigzag(value) : static_cast<std::int64_t>(value);
  }
  if constexpr (!std::is_const_v<T>) {
    if (zigzagged) {
      for (std::size_t i = 0; i < run.size; ++i)
        numbers[i] = static_cast<T>(static_cast<T>(numbers[i] >> 1) ^ static_cast<T>(-(numbers[i] & T{1})));
    }
  }
  run.data = numbers;
}

bool RunReader::read(StreamReader& in, std::size_t size, Run& run) {
  run = {.kind = Run::Kind::None, .size = size, .data = nullptr, .places = {}, .patches = {}};
  if (size == 0) return true;
  const auto form = in.forms.raw<std::uint8_t>();
  const unsigned width = (form & kWidthMask) == kWidth64 ? 64 : form & kWidthMask;
  const bool zigzagged = (form & kZigzag) != 0;
  if (size > kRunMax || (width > kWidthOddMax && width != 64)) return false;
  if ((form & kPatched) != 0) {
    if (width == 64 || !read_patches(in, size, width, in.forms.varint())) return false;
    run.places = places_;
    run.patches = patches_;
  }
  const auto whole = in.bytes.take(width / 8 * size);
  if (width % 8 != 0 && !read_narrow(in, size, width % 8)) return false;
  if (!in.forms.ok() || !in.bytes.ok()) return false;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(whole.data());
  const auto* top = width % 8 != 0 ? narrow_.data() : nullptr;

  if (width == 0) {
    if (zigzagged) {
      for (auto& patch : patches_) patch = unzigzag(static_cast<std::uint64_t>(patch));
    }
  } else if (width == 8 && !zigzagged) {
    finish(bytes, false, run);
    run.kind = Run::Kind::U8;
  } else if (width <= 8) {
    if (width == 8) narrow_.assign(bytes, bytes + size);
    finish(narrow_.data(), zigzagged, run);
    run.kind = zigzagged ? Run::Kind::I8 : Run::Kind::U8;
  } else if (width <= 16) {
    words_.resize(size);
    widen(bytes, top != nullptr ? top : bytes + size, size, words_.data());
    finish(words_.data(), zigzagged, run);
    run.kind = zigzagged ? Run::Kind::I16 : Run::Kind::U16;
  } else {
    numbers_.resize(size);
    widen(bytes, width / 8, top, size, numbers_.data());
    finish(numbers_.data(), zigzagged, run);
    run.kind = Run::Kind::I64;
  }
  return true;
}

std::int64_t sum(const Run& run, std::size_t count) {
  if (count == 0) return 0;
  return with_planes(run, [&]<typename Numbers>(const Numbers numbers) {
    std::uint64_t sum = 0;
    if constexpr (std::is_pointer_v<Numbers>) {
      // Four bytes hold the sum of kRunMax numbers of two.
      using Narrow = std::conditional_t<sizeof(numbers[0]) < 8, std::uint32_t, std::uint64_t>;
      static_assert(kRunMax <= 1u << 15);
      Narrow narrow = 0;
      for (std::size_t i = 0; i < count; ++i) narrow += static_cast<Narrow>(numbers[i]);
      sum = sizeof(Narrow) < 8 ? static_cast<std::uint64_t>(static_cast<std::int32_t>(narrow)) : narrow;
    }
    for (std::size_t p = 0; p < run.places.size() && run.places[p] < count; ++p) {
      sum += static_cast<std::uint64_t>(run.patches[p]) -
             static_cast<std::uint64_t>(static_cast<std::int64_t>(numbers[run.places[p]]));
    }
    return static_cast<std::int64_t>(sum);
  });
}

}  // namespace mamori::metrics::detail
