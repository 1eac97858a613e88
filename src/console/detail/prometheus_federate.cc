// console/detail/prometheus_federate.cc: /federate: the newest sample of each chosen series as a metrics page.
// What ended (staleness) or is older than the lookback is left out. Source: Prometheus documentation, "Federation".
#include <algorithm>
#include <map>

#include "base/text.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using metrics::Labels;
using net::Request;
using net::Response;

bool is_classic_char(char c, bool first, bool colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
         (!first && c >= '0' && c <= '9');
}

bool is_classic_name(std::string_view name, bool colon) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_classic_char(name[i], i == 0, colon)) return false;
  }
  return !name.empty();
}

/// A name for a reader of the classic format only: what it cannot hold becomes '_', one for each character.
std::string underscored(std::string_view name, bool colon) {
  std::string out;
  while (!name.empty()) {
    const auto length = std::max<std::size_t>(utf8_sequence(name), 1);
    out += length == 1 && is_classic_char(name[0], out.empty(), colon) ? name[0] : '_';
    name.remove_prefix(length);
  }
  return out;
}

void append_escaped(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

class PageWriter {
 public:
  PageWriter(bool utf8_names, std::vector<std::pair<std::string, std::string>> external)
      : utf8_names_(utf8_names), external_(std::move(external)) {}

  void write(const Labels& labels, const metrics::Sample& sample) {
    const auto metric = labels.get(metrics::kMetricName);
    const auto name = utf8_names_ ? std::string(metric) : underscored(metric, true);
    const bool classic = is_classic_name(name, true);
    if (metric != last_metric_) {
      page_ += "# TYPE ";
      append_name(name, classic);
      page_ += " untyped\n";
      last_metric_ = metric;
    }
    bool open = false;
    if (classic) {
      page_ += name;
    } else {
      page_ += '{';
      append_escaped(page_, name);
      open = true;
    }
    const auto label = [&](std::string_view key, std::string_view value) {
      page_ += open ? ',' : '{';
      open = true;
      const auto written = utf8_names_ ? std::string(key) : underscored(key, false);
      append_name(written, is_classic_name(written, false));
      page_ += '=';
      append_escaped(page_, value);
    };
    for (const auto& [key, value] : labels) {
      if (key != metrics::kMetricName) label(key, value);
    }
    for (const auto& [key, value] : external_) {
      if (!labels.has(key)) label(key, value);
    }
    if (open) page_ += '}';
    page_ += ' ';
    append_api_value(page_, sample.value);
    page_ += ' ' + std::to_string(sample.time_ms) + '\n';
  }

  std::string take() && { return std::move(page_); }

 private:
  void append_name(const std::string& name, bool classic) {
    if (classic) {
      page_ += name;
    } else {
      append_escaped(page_, name);
    }
  }

  const bool utf8_names_;
  const std::vector<std::pair<std::string, std::string>> external_;
  std::string page_, last_metric_;
};

Response federate(const PrometheusContext& context, const Request& request) {
  std::vector<std::vector<metrics::Matcher>> selectors;
  for (const auto text : request.params().all("match[]")) {
    auto selector = context.engine.selector(text);
    if (!selector) return Response::text(400, selector.error().message + "\n");
    selectors.push_back(*std::move(selector));
  }
  const auto end_ms = to_millis(context.clock.now());
  const auto start_ms = end_ms - context.options.lookback.count();
  // By metric first: its series stand together under one TYPE line.
  std::map<std::string, std::map<Labels, metrics::Sample>, std::less<>> newest;
  for (const auto& selector : selectors) {
    for (const auto& series : context.store.select(selector, start_ms, end_ms)) {
      const auto metric = series.labels.get(metrics::kMetricName);
      // The text format has no native histograms: a series whose newest sample is one is left out.
      const bool histogram =
          !series.histograms.empty() &&
          (series.samples.empty() || series.histograms.back().time_ms > series.samples.back().time_ms);
      if (metric.empty() || histogram || series.samples.empty()) continue;
      const auto& last = series.samples.back();
      if (!metrics::is_stale_nan(last.value)) newest[std::string(metric)].insert_or_assign(series.labels, last);
    }
  }
  auto external = context.sources.external_labels ? context.sources.external_labels()
                                                  : std::vector<std::pair<std::string, std::string>>{};
  // An empty instance keeps a series without one from getting that of the scrape.
  if (std::ranges::none_of(external, [](const auto& pair) { return pair.first == "instance"; }))
    external.insert(std::ranges::lower_bound(external, std::pair<std::string, std::string>{"instance", ""}),
                    {"instance", ""});
  const bool utf8 = request.headers.get("Accept").find("escaping=allow-utf-8") != std::string_view::npos;
  PageWriter page(utf8, std::move(external));
  for (const auto& [metric, samples] : newest) {
    for (const auto& [labels, sample] : samples) page.write(labels, sample);
  }
  auto response = Response::text(200, std::move(page).take());
  response.headers.set("Content-Type", utf8 ? "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
                                            : "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  return response;
}

}  // namespace

void add_federate_route(net::Router& router, std::shared_ptr<const PrometheusContext> context) {
  router.add("GET", "/federate",
             [context = std::move(context)](const Request& request) { return federate(*context, request); });
}

}  // namespace mamori::console
