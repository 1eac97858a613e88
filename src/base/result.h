// base/result.h: expected failure as a value. The code says what the caller does next, the message what the operator
// does. Invariant: an Error's message never holds a secret or a card number.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace mamori {

enum class Code {
  InvalidArgument,   // the input is wrong; sending it again will not help (HTTP 400)
  NotFound,          // the thing named does not exist (HTTP 404)
  TooLarge,          // a stated bound is exceeded (HTTP 413)
  Unavailable,       // try again later: peer gone, disk full, shutting down (HTTP 503)
  DeadlineExceeded,  // the time given was not enough (HTTP 504)
  Corrupt,           // stored bytes fail their checksum or make no sense
  Io,                // the operating system refused; the message names the call and the path
  Internal,          // our own mistake, caught at the edge (HTTP 500)
};

/// The code's name as it stands in logs and JSON: "invalid_argument", "not_found", ...
std::string_view to_string(Code code);

struct Error {
  Code code = Code::Internal;
  std::string message;
};

/// A T, or an Error. Read with `if (!result) … result.error()`, or pass the error up with MAMORI_TRY.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using Base = std::expected<T, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
 public:
  using Base = std::expected<void, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
};

inline Error invalid_argument(std::string message) { return {Code::InvalidArgument, std::move(message)}; }

#define MAMORI_CONCAT_(a, b) a##b
#define MAMORI_CONCAT(a, b) MAMORI_CONCAT_(a, b)

/// MAMORI_TRY(const auto rule, parse(text)): declares `rule`, or returns parse's error from the enclosing function.
#define MAMORI_TRY(declaration, ...)                                                                         \
  auto MAMORI_CONCAT(mamori_try_, __LINE__) = (__VA_ARGS__);                                                 \
  if (!MAMORI_CONCAT(mamori_try_, __LINE__)) return std::move(MAMORI_CONCAT(mamori_try_, __LINE__)).error(); \
  declaration = *std::move(MAMORI_CONCAT(mamori_try_, __LINE__))

/// MAMORI_TRY_VOID(write(file)): returns the error of a Result<void>, if it has one.
#define MAMORI_TRY_VOID(...) \
  if (auto mamori_try_result = (__VA_ARGS__); !mamori_try_result) return std::move(mamori_try_result).error()

/// Stops the process when state that decides money, audit or storage is inconsistent; on in release builds too.
#define MAMORI_ASSERT(condition)                                                             \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

}  // namespace mamori
