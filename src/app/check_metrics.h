// app/check_metrics.h: `mamori check metrics [FILE]`: is an exporter's page well formed, and named as it should be?
#pragma once
#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace mamori::app {

std::string check_metrics_help();
/// Without a file, the page comes from `in`. Findings go to `out`. Returns the exit code.
int run_check_metrics(std::span<const std::string_view> args, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace mamori::app
