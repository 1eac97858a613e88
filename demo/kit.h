// demo/kit.h: the configuration of the real programs around the shop, as text: nginx, rsyslog, and mamori's own spec.
// Pure functions; the supervisor writes the files.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace mamori::demo {

struct Ports {
  int mamori = 0, front = 0, shop = 0, provider = 0, exporter = 0;
};

struct KitInput {
  std::string dir;  // absolute, without characters that need quoting (workdir.h)
  std::string mamori_host = "127.0.0.1", front_host = "127.0.0.1";
  Ports ports;
  std::string notify;       // URL or ""
  std::string worker_user;  // nginx' workers, when root starts it: root, or they could not enter the private directory
};

/// nginx in the foreground, everything it writes below dir/nginx; JSON access log in the fields of security_access.
std::string nginx_conf(const KitInput& input);

/// rsyslogd that follows the five log files and ships each to its stream by omelasticsearch. What mamori cannot take is
/// retried; while it is away lines wait in memory and then on disk, at most 64 MiB per stream.
std::string rsyslog_conf(const KitInput& input);

/// mamori's spec: the four indicators and two log alerts of config/payment-platform.yaml over windows of a minute,
/// scraping and notifications as the demo was started.
std::string spec_yaml(const KitInput& input);

struct Programs {
  std::string nginx, rsyslogd, node_exporter;  // full paths
};

/// Full path of a program, or "".
std::string find_program(const std::string& name);

/// Looks in PATH, then in /usr/sbin, /sbin and /usr/local/sbin, which an ordinary user's PATH lacks.
/// Errors: NotFound, naming the Debian packages to install, all in one line.
Result<Programs> find_programs();

}  // namespace mamori::demo
