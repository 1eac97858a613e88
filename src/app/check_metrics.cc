#include "app/check_metrics.h"

#include <iterator>

#include "app/options.h"
#include "base/file.h"
#include "base/json.h"
#include "ingest/exposition_lint.h"

namespace mamori::app {
namespace {

constexpr int kExitOk = 0, kExitMalformed = 1, kExitUsage = 2, kExitLint = 3;  // as promtool's

constexpr Option kOptions[] = {{"--json", "", "", "one JSON document instead of lines"}};

void print_text(const std::string& name, const ingest::LintReport& report, std::ostream& out) {
  for (const auto& one : report.findings) {
    out << name << ":" << one.at.line << ":" << one.at.column << ": " << (one.metric.empty() ? "error" : one.metric)
        << (one.metric.empty() ? ": " : " ") << one.text << "\n";
  }
  if (report.findings.empty()) {
    out << name << ": " << report.metrics << " metrics, " << report.samples << " samples, nothing to object to\n";
  }
}

void print_json(const ingest::LintReport& report, std::ostream& out) {
  JsonWriter json;
  json.begin_object().field("metrics", report.metrics).field("samples", report.samples);
  json.key("findings").begin_array();
  for (const auto& one : report.findings) {
    json.begin_object().field("line", one.at.line).field("column", one.at.column);
    json.field("metric", one.metric).field("text", one.text).end_object();
  }
  json.end_array().end_object();
  out << std::move(json).take() << "\n";
}

Result<std::string> read_page(const std::vector<std::string>& files, std::istream& in) {
  if (files.empty()) return std::string(std::istreambuf_iterator<char>(in), {});
  MAMORI_TRY(auto text, read_if_there(files[0]));
  if (!text) return Error{Code::NotFound, "there is no file " + files[0]};
  return *std::move(text);
}

}  // namespace

std::string check_metrics_help() {
  return "usage: mamori check metrics [FILE] [options]\n\n"
         "Checks a page of metrics, from a file or from standard input: its form, more strictly than scraping does, "
         "and\n"
         "the names, types and units by Prometheus' rules. A page that ends with # EOF is OpenMetrics.\n\n"
         "example: curl -s http://127.0.0.1:9100/metrics | mamori check metrics\n\n"
         "options:\n" +
         options_help(kOptions) +
         "\nexit codes: 0 nothing to object to, 1 malformed, 2 usage or no such file, 3 against the naming rules\n";
}

int run_check_metrics(std::span<const std::string_view> args, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto parsed = parse_options(kOptions, args);
  if (!parsed || parsed->positional().size() > 1) {
    err << "mamori check metrics: " << (parsed ? "one file at a time" : parsed.error().message)
        << "; see 'mamori check metrics --help'\n";
    return kExitUsage;
  }
  const auto page = read_page(parsed->positional(), in);
  if (!page) {
    err << "mamori check metrics: " << page.error().message << "\n";
    return kExitUsage;
  }
  const auto report = ingest::lint_exposition(*page);
  if (parsed->given("--json")) {
    print_json(report, out);
  } else {
    print_text(parsed->positional().empty() ? "stdin" : parsed->positional()[0], report, out);
  }
  if (report.findings.empty()) return kExitOk;
  return report.findings[0].metric.empty() ? kExitMalformed : kExitLint;  // "" sorts first
}

}  // namespace mamori::app
