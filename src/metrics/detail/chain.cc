#include "metrics/detail/chain.h"

#include <sys/mman.h>

namespace mamori::metrics::detail {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;

}  // namespace

Arena::~Arena() {
  for (void* piece : pieces_) ::munmap(piece, kPieceBytes);
}

void Arena::add_piece() {
  pieces_.reserve(pieces_.size() + 1);
  void* piece = ::mmap(nullptr, kPieceBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (piece == MAP_FAILED) throw std::bad_alloc();
  pieces_.push_back(piece);
  next_ = static_cast<char*>(piece);
  left_ = kPieceBytes;
}

}  // namespace mamori::metrics::detail
