#include "rules/texts.h"

#include <cstdio>

namespace mamori::rules {
namespace {

std::string quantity(const IndicatorState& state, double value) {
  if (state.unit == "percent") return short_number(value) + " %";
  if (state.unit == "ms") return short_number(value) + " ms";
  return short_number(value);
}

struct Words {
  std::string_view alert, what, what_ja, events, events_ja, bad, bad_ja;
};

Words words_of(std::string_view indicator) {
  if (indicator == "payment_success_rate")
    return {"PaymentSuccessRateLow",
            "Technical payment success",
            "決済の技術的成功率",
            "payments",
            "決済",
            "failed for a technical reason",
            "技術的失敗"};
  if (indicator == "payment_acceptance_rate")
    return {"PaymentAcceptanceRateLow", "Payment acceptance", "決済の承認率", "payments", "決済",
            "declined by issuers",      "カード会社の拒否"};
  if (indicator == "payment_latency_p99")
    return {"PaymentLatencyP99High", "Payment latency", "決済の処理時間", "payments", "決済",
            "over the limit",        "上限超過"};
  if (indicator == "stripe_webhook_processing_time")
    return {"StripeWebhookProcessingTimeHigh",
            "Webhook processing time",
            "Webhook の処理時間",
            "webhooks",
            "Webhook ",
            "over the limit",
            "上限超過"};
  if (indicator == "checkout_session_creation_errors")
    return {"CheckoutSessionCreationErrorsHigh",
            "Checkout session errors",
            "チェックアウトセッション作成エラー",
            "checkout sessions",
            "チェックアウト",
            "failed",
            "失敗"};
  return {"IndicatorBreached", indicator, indicator, "events", "イベント", "bad", "不良"};
}

std::string minutes_ja(Nanos window) {
  const auto seconds = std::chrono::duration_cast<Seconds>(window).count();
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + "分" : std::to_string(seconds) + "秒";
}

std::string plural(std::uint64_t count, std::string_view noun_plural) {
  std::string noun(noun_plural);
  if (count == 1 && noun.ends_with('s')) noun.pop_back();
  return std::to_string(count) + " " + noun;
}

}  // namespace

std::string short_number(double value) {
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%.2f", value);
  std::string text(buffer, static_cast<std::size_t>(length));
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string_view alert_name(std::string_view indicator) { return words_of(indicator).alert; }

LabelMap indicator_labels(const IndicatorState& state) {
  return {{"alertname", std::string(alert_name(state.name))},
          {"indicator", state.name},
          {"severity", state.severity},
          {"page", state.severity == "critical" ? "true" : "false"}};
}

LabelMap fast_down_labels() {
  return {{"alertname", std::string(kFastDownAlert)},
          {"indicator", "payment_success_rate"},
          {"severity", "critical"},
          {"page", "true"}};
}

LabelMap indicator_texts(const IndicatorState& state) {
  const Words words = words_of(state.name);
  const std::string value = state.value ? quantity(state, *state.value) : "unknown";
  const std::string limit = quantity(state, state.threshold);
  const std::string window = format_duration(Seconds{state.window_seconds});
  const std::string counted = std::to_string(state.bad) + " of " + plural(state.events, words.events);
  const std::string op_ja = state.op == ">=" ? "以上" : "以下";
  LabelMap texts;
  texts["summary"] =
      std::string(words.what) + " is " + value + " (objective " + state.op + " " + limit + ", last " + window + ")";
  texts["description"] = std::string(words.what) + " (" + state.statistic + ") over the last " + window + " is " +
                         value + "; it must be " + state.op + " " + limit + ". In that time " + counted + " " +
                         (state.bad == 1 && state.events != 1 ? "was " : "were ") + std::string(words.bad) + ".";
  texts["summary_ja"] = std::string(words.what_ja) + "が " + value + " です(目標 " + limit + " " + op_ja + "、直近" +
                        minutes_ja(Seconds{state.window_seconds}) + "の" + std::string(words.events_ja) +
                        std::to_string(state.events) + "件中" + std::string(words.bad_ja) + " " +
                        std::to_string(state.bad) + "件)";
  return texts;
}

LabelMap fast_down_texts(const FastDown& down) {
  const std::string failed = std::to_string(down.failed);
  const std::string payments = std::to_string(down.payments);
  LabelMap texts;
  texts["summary"] = "Payments are down: " + failed + " of the last " + payments + " failed for a technical reason";
  texts["description"] = "Of the latest " + payments + " payments (last 20 within 1h) " + failed +
                         " failed by our or a provider's fault; with 1 % failing such a run would come about less "
                         "than once in a hundred million.";
  texts["summary_ja"] =
      "決済が停止しています: 直近 " + payments + " 件の決済のうち " + failed + " 件が技術的な理由で失敗しました";
  return texts;
}

LabelMap log_alert_texts(const spec::LogAlertSpec& spec, const LogCondition& condition, std::uint64_t lines,
                         Nanos window) {
  const std::string query = condition.query.empty() ? "*" : condition.query;
  const std::string within = format_duration(window);
  LabelMap texts;
  texts["summary"] =
      plural(lines, "log lines") + " in " + spec.section + " matched " + query + " in the last " + within;
  texts["description"] = "The condition of log_analysis." + spec.section + " is: " + spec.condition + " within " +
                         within + ". Ordinary declines count here too; this informs the team and pages nobody.";
  texts["summary_ja"] = "直近" + minutes_ja(window) + "に " + spec.section + " で条件「" + query +
                        "」に一致したログが " + std::to_string(lines) + " 行あります";
  texts["condition"] = spec.condition;
  texts["action"] = spec.action;
  return texts;
}

}  // namespace mamori::rules
