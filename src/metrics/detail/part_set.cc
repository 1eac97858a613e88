#include "metrics/detail/part_set.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "base/log.h"

namespace mamori::metrics::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".part";
constexpr std::size_t kDigits = 8;
constexpr std::size_t kNameBytes = 3 * kDigits + 2 + kEnding.size();

void remove_file(const std::string& path, std::string_view why) {
  std::error_code error;
  if (fs::remove(path, error)) log_info("a file is deleted", {{"path", path}, {"why", why}});
}

/// A newer version's part is no damage: refusing to start keeps it.
bool is_from_newer_version(const Error& error) { return error.message.find("newer version") != std::string::npos; }

}  // namespace

std::string to_string(const PartName& name) {
  char text[kNameBytes + 1];
  std::snprintf(text, sizeof text, "%08x-%08x-%08x.part", name.first, name.last, name.deletions);
  return text;
}

std::optional<PartName> parse_part_name(std::string_view file_name) {
  if (file_name.size() != kNameBytes || !file_name.ends_with(kEnding)) return std::nullopt;
  PartName name;
  std::size_t at = 0;
  for (auto* number : {&name.first, &name.last, &name.deletions}) {
    const auto digits = file_name.substr(at, kDigits);
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
    *number = static_cast<std::uint32_t>(std::stoul(std::string(digits), nullptr, 16));
    at += kDigits + 1;
  }
  if (to_string(name) != file_name || name.first > name.last) return std::nullopt;
  return name;
}

Result<std::vector<StoredPart>> open_parts(const std::string& dir, std::vector<std::string>& warnings,
                                           std::size_t& damaged) {
  std::vector<PartName> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    const auto file_name = entry.path().filename().string();
    if (file_name.ends_with(".tmp")) remove_file(entry.path().string(), "its writing was cut short");
    if (const auto name = parse_part_name(file_name)) names.push_back(*name);
  }
  if (error) return Error{Code::Io, "cannot list " + dir + ": " + error.message()};
  // A part that holds others comes before them: they are dropped only once it is known to be good.
  std::ranges::sort(names, {}, [](const PartName& name) { return std::tuple(name.last - name.first, name.deletions); });
  std::ranges::reverse(names);
  std::vector<StoredPart> parts;
  for (const auto& name : names) {
    const auto path = dir + "/" + to_string(name);
    if (std::ranges::any_of(parts, [&](const StoredPart& other) { return name.is_within(other.name); })) {
      remove_file(path, "a merged part holds its samples");
      continue;
    }
    auto part = Part::open(path);
    if (part) {
      parts.push_back({.name = name, .part = *std::move(part)});
      continue;
    }
    if (part.error().code != Code::Corrupt || is_from_newer_version(part.error())) return std::move(part).error();
    fs::rename(path, path + ".damaged", error);
    ++damaged;
    warnings.push_back(part.error().message + "; it is set aside as " + path + ".damaged, the rest is used");
  }
  std::ranges::sort(parts, {}, [](const StoredPart& part) { return std::tuple(part.name.first, part.name.last); });
  return parts;
}

}  // namespace mamori::metrics::detail
