#include "base/result.h"

namespace mamori {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::InvalidArgument:
      return "invalid_argument";
    case Code::NotFound:
      return "not_found";
    case Code::TooLarge:
      return "too_large";
    case Code::Unavailable:
      return "unavailable";
    case Code::DeadlineExceeded:
      return "deadline_exceeded";
    case Code::Corrupt:
      return "corrupt";
    case Code::Io:
      return "io";
    case Code::Internal:
      return "internal";
  }
  return "internal";
}

}  // namespace mamori
