// spec/detail/prometheus_shape.h: every key that a prometheus.yml may hold, as data.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "spec/detail/schema.h"

namespace mamori::spec {

/// The top-level sections: global, scrape_configs, rule_files and the rest.
std::vector<Field> prometheus_sections();

/// Ways of discovery that Prometheus knows and mamori does not follow.
std::span<const std::string_view> foreign_discoveries();

}  // namespace mamori::spec
