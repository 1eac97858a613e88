#include "ingest/discovery.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"

namespace mamori::ingest {
namespace {

constexpr std::size_t kFileBytesMax = 64u << 20;

net::DnsType type_of(const std::string& name) {
  if (name == "A") return net::DnsType::A;
  if (name == "AAAA") return net::DnsType::Aaaa;
  if (name == "MX") return net::DnsType::Mx;
  if (name == "NS") return net::DnsType::Ns;
  return net::DnsType::Srv;
}

std::string host_port(std::string host, int port) {
  while (host.ends_with('.')) host.pop_back();
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return host + ":" + std::to_string(port);
}

spec::TargetGroup to_group(const std::string& name, const spec::DnsDiscovery& config, const net::DnsRecord& record) {
  spec::TargetGroup group{.targets = {host_port(record.text, config.port)}, .labels = {{"__meta_dns_name", name}}};
  if (config.type == "SRV") {
    group.targets = {host_port(record.text, record.port)};
    group.labels.emplace_back("__meta_dns_srv_record_target", record.text);
    group.labels.emplace_back("__meta_dns_srv_record_port", std::to_string(record.port));
  } else if (config.type == "MX") {
    group.labels.emplace_back("__meta_dns_mx_record_target", record.text);
  } else if (config.type == "NS") {
    group.labels.emplace_back("__meta_dns_ns_record_target", record.text);
  }
  return group;
}

/// Errors: as read_if_there and read_target_groups; TooLarge.
Result<std::vector<spec::TargetGroup>> read_groups(const std::string& path, std::uint64_t bytes) {
  if (bytes > kFileBytesMax) return Error{Code::TooLarge, path + " is larger than 64 MiB"};
  MAMORI_TRY(const auto text, read_if_there(path));
  MAMORI_TRY(auto groups, spec::read_target_groups(path, text.value_or("")));
  for (auto& group : groups) group.labels.emplace_back("__meta_filepath", path);
  return groups;
}

}  // namespace

FoundTargets FileTargets::refresh() {
  FoundTargets found;
  std::map<std::string, File> now;
  for (const auto& config : configs_) {
    for (const auto& path : spec::match_files(config.files)) {
      const auto before = files_.find(path);
      File file = before == files_.end() ? File{} : before->second;
      if (read(path, file, found)) now[path] = std::move(file);
    }
  }
  found.changed = found.changed || now.size() != files_.size() ||
                  !std::ranges::equal(now, files_, [](const auto& a, const auto& b) { return a.first == b.first; });
  files_ = std::move(now);
  for (const auto& [path, file] : files_)
    found.groups.insert(found.groups.end(), file.groups.begin(), file.groups.end());
  return found;
}

/// False: the file is gone.
bool FileTargets::read(const std::string& path, File& file, FoundTargets& found) {
  struct stat about = {};
  if (::stat(path.c_str(), &about) != 0) return false;
  const auto changed_ns = std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
  const auto bytes = static_cast<std::uint64_t>(about.st_size);
  if (file.changed_ns == changed_ns && file.inode == about.st_ino && file.bytes == bytes) return true;
  file.changed_ns = changed_ns;
  file.inode = about.st_ino;
  file.bytes = bytes;
  auto groups = read_groups(path, bytes);
  if (!groups) {
    found.problems.push_back(groups.error().message);
    return true;
  }
  found.changed = found.changed || file.groups != *groups;
  file.groups = *std::move(groups);
  return true;
}

DnsTargets::DnsTargets(std::vector<spec::DnsDiscovery> configs, DnsQuery query) : query_(std::move(query)) {
  for (const auto& config : configs) {
    for (const auto& name : config.names) names_.push_back({.name = name, .config = config});
  }
}

bool DnsTargets::is_due(Timestamp now) const {
  return std::ranges::any_of(names_, [&](const Name& name) { return name.due <= now; });
}

FoundTargets DnsTargets::refresh(Timestamp now) {
  FoundTargets found;
  for (auto& name : names_) {
    if (name.due > now) continue;
    name.due = now + name.config.refresh_interval;
    const auto records = query_(name.name, type_of(name.config.type));
    if (!records) {
      if (!name.failed)
        found.problems.push_back("DNS " + name.config.type + " " + name.name + ": " + records.error().message);
      name.failed = true;
      continue;
    }
    name.failed = false;
    std::vector<spec::TargetGroup> groups;
    for (const auto& record : *records) groups.push_back(to_group(name.name, name.config, record));
    // A name server may turn the order with each answer.
    std::ranges::sort(groups, {}, &spec::TargetGroup::targets);
    found.changed = found.changed || groups != name.groups;
    name.groups = std::move(groups);
  }
  for (const auto& name : names_) found.groups.insert(found.groups.end(), name.groups.begin(), name.groups.end());
  return found;
}

}  // namespace mamori::ingest
