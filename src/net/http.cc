#include "net/http.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/json.h"
#include "base/text.h"

namespace mamori::net {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equals_ignore_case(key, name)) return value;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equals_ignore_case(key, name)) return true;
  }
  return false;
}

void Headers::set(std::string_view name, std::string_view value) {
  std::erase_if(fields_, [&](const auto& field) { return equals_ignore_case(field.first, name); });
  add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }

Params Params::parse(std::string_view encoded) {
  Params params;
  if (encoded.empty()) return params;
  for (const auto pair : split(encoded, '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    params.pairs_.emplace_back(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
  }
  return params;
}

std::optional<std::string_view> Params::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Params::get_or(std::string_view name, std::string_view fallback) const {
  return get(name).value_or(fallback);
}

std::vector<std::string_view> Params::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

void Params::append(const Params& more) { pairs_.insert(pairs_.end(), more.pairs_.begin(), more.pairs_.end()); }

Params Request::params() const {
  Params all = query;
  if (to_lower(headers.get("Content-Type")).starts_with("application/x-www-form-urlencoded")) {
    all.append(Params::parse(body));
  }
  return all;
}

Response Response::text(int status, std::string body) {
  Response response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  return response;
}

Response Response::json(int status, std::string body) {
  Response response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.set("Content-Type", "application/json");
  return response;
}

Response Response::redirect(int status, std::string location) {
  Response response{.status = status, .headers = {}, .body = {}};
  response.headers.set("Location", location);
  return response;
}

int http_status(Code code) {
  switch (code) {
    case Code::InvalidArgument:
      return 400;
    case Code::NotFound:
      return 404;
    case Code::TooLarge:
      return 413;
    case Code::Unavailable:
      return 503;
    case Code::DeadlineExceeded:
      return 504;
    case Code::Corrupt:
    case Code::Io:
    case Code::Internal:
      return 500;
  }
  return 500;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";  // and letters and digits: RFC 3986 section 2.3
  std::string out;
  for (const char c : text) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum || kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

std::string gzip(std::string_view bytes) {
  // Level 1: answers are made once and read once; more effort costs more time than the bytes it saves on loopback.
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(1), libdeflate_free_compressor);
  MAMORI_ASSERT(compressor != nullptr);
  std::string out;
  out.resize_and_overwrite(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()),
                           [&](char* to, std::size_t room) {
                             return libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), to, room);
                           });
  MAMORI_ASSERT(!out.empty());
  return out;
}

namespace {

/// How long the result may be: what the last member says of its own length, kept to what deflate can reach.
std::size_t first_guess(std::string_view bytes, std::size_t bytes_max) {
  constexpr std::size_t kRatioMax = 1032;  // deflate's best: 258 bytes in two bits
  std::uint32_t length = 0;
  if (bytes.size() >= 4) std::memcpy(&length, bytes.data() + bytes.size() - 4, 4);
  return std::min({std::size_t{length}, bytes.size() * kRatioMax, bytes_max}) + 1;
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  MAMORI_ASSERT(decompressor != nullptr);
  std::string out;
  std::size_t room = first_guess(bytes, bytes_max);
  // RFC 1952 section 2.2: members may follow one another.
  do {
    const auto before = out.size();
    std::size_t taken = 0;
    libdeflate_result result = LIBDEFLATE_SUCCESS;
    out.resize_and_overwrite(before + room, [&](char* to, std::size_t) {
      std::size_t made = 0;
      result = libdeflate_gzip_decompress_ex(decompressor.get(), bytes.data(), bytes.size(), to + before, room, &taken,
                                             &made);
      return before + (result == LIBDEFLATE_SUCCESS ? made : 0);
    });
    const bool full = result == LIBDEFLATE_INSUFFICIENT_SPACE;
    if (full && before + room <= bytes_max) {
      room = std::min(room * 2, bytes_max - before + 1);
      continue;
    }
    if (full || out.size() > bytes_max) {
      return Error{Code::TooLarge, "the gzip body unpacks to more than " + std::to_string(bytes_max) + " bytes"};
    }
    if (result != LIBDEFLATE_SUCCESS || taken == 0) {
      return invalid_argument("the body says Content-Encoding: gzip and is not whole gzip data");
    }
    bytes.remove_prefix(taken);
  } while (!bytes.empty());
  return out;
}

}  // namespace mamori::net
