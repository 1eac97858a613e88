#include "ingest/target_scraper.h"

#include "base/log.h"

namespace mamori::ingest {
namespace {

struct Page {
  std::string body;
  ExpositionFormat format = ExpositionFormat::PrometheusText;
};

constexpr std::string_view kReports[] = {"up", "scrape_duration_seconds", "scrape_samples_scraped",
                                         "scrape_samples_post_metric_relabeling", "scrape_series_added"};

Result<Page> fetch_page(const ScrapeOrder& order, const Fetch& fetch) {
  if (!order.refusal.empty()) return Error{Code::TooLarge, order.refusal};
  MAMORI_TRY(auto request, order.client->request(order.url, order.timeout));
  request.give_up = order.give_up;
  auto reply = fetch(request, std::chrono::duration_cast<Millis>(order.timeout));
  if (!reply && reply.error().code == Code::TooLarge) {
    return Error{Code::TooLarge, "body size limit exceeded: " + reply.error().message};
  }
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return Error{Code::Unavailable, "server returned HTTP status " + std::to_string(reply->status)};
  }
  const auto format = order.client->format_of(reply->headers.get("Content-Type"));
  return Page{.body = std::move(reply->body), .format = format};
}

}  // namespace

ScrapeReport TargetScraper::scrape(const ScrapeOrder& order, const Fetch& fetch, Timestamp at) {
  const auto began = std::chrono::steady_clock::now();
  const auto at_ms = to_millis(at);
  const auto page = fetch_page(order, fetch);
  const std::lock_guard guard(mutex_);
  if (rules_ != order.rules) {
    cache_.forget_lines();
    rules_ = order.rules;
  }
  metrics::WriteBatch batch;
  PageOutcome outcome;
  const auto reports = cache_.make_reports(kReports);
  if (page) {
    outcome = cache_.read_page(page->body, page->format, *order.rules, at_ms, batch, order.give_up);
  } else {
    cache_.end_all(at_ms, batch);
    outcome.error = page.error();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  ScrapeReport report{.error = std::move(outcome.error), .seconds = took.count()};
  report.series_refused = reports ? outcome.counts.first_refused : reports.error().message;
  if (order.give_up && order.give_up()) return report;

  const auto store_report = [&](std::string_view name, double value) { cache_.report(name, value, at_ms, batch); };
  store_report("up", report.error ? 0 : 1);
  store_report("scrape_duration_seconds", took.count());
  store_report("scrape_samples_scraped", static_cast<double>(outcome.counts.scraped));
  store_report("scrape_samples_post_metric_relabeling", static_cast<double>(outcome.counts.kept));
  store_report("scrape_series_added", static_cast<double>(outcome.counts.added));
  if (order.extra_metrics) {
    const bool too_large = !page && page.error().code == Code::TooLarge && order.refusal.empty();
    const auto bytes = page ? static_cast<double>(page->body.size()) : too_large ? -1.0 : 0.0;
    store_report("scrape_timeout_seconds", std::chrono::duration<double>(order.timeout).count());
    store_report("scrape_sample_limit", static_cast<double>(order.rules->limits.samples));
    store_report("scrape_body_size_bytes", bytes);
  }
  report.samples_refused = outcome.counts.too_far_ahead + outcome.counts.refused + write(batch);
  cache_.store_exemplars(exemplars_);
  return report;
}

void TargetScraper::end(Timestamp at) {
  const std::lock_guard guard(mutex_);
  metrics::WriteBatch batch;
  cache_.end_all(to_millis(at), batch);
  cache_.end_reports(to_millis(at), batch);
  write(batch);
}

void TargetScraper::add_metadata_to(std::map<std::string, MetricMetadata>& all) const {
  const std::lock_guard guard(mutex_);
  cache_.add_metadata_to(all);
}

/// Returns how many samples the store refused.
std::size_t TargetScraper::write(metrics::WriteBatch& batch) {
  auto outcome = store_.write(batch);
  if (outcome && outcome->unknown_series > 0) {
    // Retention or a deletion forgot series that come again. What was taken already is a duplicate the second time.
    cache_.resolve_again(batch);
    outcome = store_.write(batch);
  }
  if (outcome) return outcome->refused();
  log_warn("scraped samples could not be stored", {{"error", outcome.error().message}});
  return 0;
}

}  // namespace mamori::ingest
