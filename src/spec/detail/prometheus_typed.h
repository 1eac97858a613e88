// spec/detail/prometheus_typed.h: a checked document's Prometheus sections as values.
#pragma once
#include "spec/detail/node.h"
#include "spec/prometheus_config.h"

namespace mamori::spec {

PrometheusConfig to_prometheus_config(const Document& document);

/// A list of {targets, labels}, what static_configs and a file_sd file hold.
std::vector<TargetGroup> to_target_groups(const Node& list);

/// "keep", in any case. Nothing: no such action.
std::optional<RelabelAction> relabel_action(std::string_view text);

/// `path` as named in the file `from`: a relative one is beside that file.
std::string beside(const std::string& from, const std::string& path);

/// `regex` as Prometheus compiles it: anchored, '.' matches a newline too.
std::string anchored(std::string_view regex);

}  // namespace mamori::spec
