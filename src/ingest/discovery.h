// ingest/discovery.h: finds a job's targets in files and in DNS, again and again.
// What always holds: what cannot be read or asked just now leaves the targets found before in place; a file or name
// that is gone takes its targets with it. Source: prometheus.io/docs, configuration, file_sd_config and dns_sd_config.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/dns_query.h"
#include "spec/prometheus_config.h"

namespace mamori::ingest {

struct FoundTargets {
  std::vector<spec::TargetGroup> groups;
  bool changed = false;               // since the call before
  std::vector<std::string> problems;  // new ones only: said once, until it works again
};

/// file_sd_configs. One thread at a time.
class FileTargets {
 public:
  explicit FileTargets(std::vector<spec::FileDiscovery> configs) : configs_(std::move(configs)) {}

  /// Looks at the files; reads those that have changed. Cheap enough for each second, so refresh_interval has no say.
  FoundTargets refresh();

 private:
  struct File {
    std::int64_t changed_ns = -1;
    std::uint64_t inode = 0, bytes = 0;
    std::vector<spec::TargetGroup> groups;
  };
  bool read(const std::string& path, File& file, FoundTargets& found);

  const std::vector<spec::FileDiscovery> configs_;
  std::map<std::string, File> files_;
};

/// Replaces the name servers in tests.
using DnsQuery = std::function<Result<std::vector<net::DnsRecord>>(const std::string& name, net::DnsType type)>;

/// dns_sd_configs. One thread at a time.
class DnsTargets {
 public:
  DnsTargets(std::vector<spec::DnsDiscovery> configs, DnsQuery query);

  bool is_due(Timestamp now) const;
  /// Asks for the names whose refresh_interval is over.
  FoundTargets refresh(Timestamp now);

 private:
  struct Name {
    std::string name;
    spec::DnsDiscovery config;
    Timestamp due;
    bool failed = false;
    std::vector<spec::TargetGroup> groups;
  };

  const DnsQuery query_;
  std::vector<Name> names_;
};

}  // namespace mamori::ingest
