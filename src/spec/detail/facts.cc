#include "spec/detail/facts.h"

#include <algorithm>

#include "base/text.h"
#include "spec/detail/units.h"

namespace mamori::spec {

std::optional<double> number_of(const Node& node) { return node.is_scalar() ? read_number(node.text) : std::nullopt; }
std::optional<double> percent_of(const Node& node) { return node.is_scalar() ? read_percent(node.text) : std::nullopt; }
std::optional<Nanos> duration_of(const Node& node) {
  return node.is_scalar() ? read_duration(node.text) : std::nullopt;
}
std::optional<double> days_of(const Node& node) { return node.is_scalar() ? read_days(node.text) : std::nullopt; }
std::optional<double> rate_of(const Node& node) { return node.is_scalar() ? read_rate(node.text) : std::nullopt; }

std::optional<double> dollars_of(const Node& node) {
  const auto cents = node.is_scalar() ? read_dollars(node.text) : std::nullopt;
  return cents ? std::optional<double>(static_cast<double>(*cents) / 100) : std::nullopt;
}

bool flag_of(const Node& node, bool absent) {
  return (node.is_scalar() ? read_switch(node.text) : std::nullopt).value_or(absent);
}

std::optional<double> limit_ms_of(const Node& node) {
  const auto comparison = node.is_scalar() ? read_comparison(node.text) : std::nullopt;
  if (!comparison || comparison->unit != Unit::Time) return std::nullopt;
  return comparison->value;
}

double seconds(Nanos duration) { return std::chrono::duration<double>(duration).count(); }
std::string shown(Nanos duration) { return format_duration(duration); }

bool mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  const std::string lower = to_lower(text);
  return std::ranges::any_of(words, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

const Node& metric(const Document& document, std::string_view name) {
  static const Node missing;
  for (const Node& item : document.root.at_path("payment_monitoring.metrics").items) {
    if (item["name"].text == name) return item;
  }
  return missing;
}

std::optional<Objective> shortest_objective(const Document& document, std::string_view key) {
  std::optional<Objective> shortest;
  for (const Entry& entry : document.root.at_path("business_continuity.objectives").entries) {
    const Node& node = entry.value[key];
    const auto value = duration_of(node);
    if (value && (!shortest || *value < shortest->value)) shortest = Objective{*value, &node, entry.key};
  }
  return shortest;
}

void each_text(const Node& node, const std::function<void(const Node&)>& visit) {
  if (node.is_scalar()) visit(node);
  for (const Node& item : node.items) each_text(item, visit);
  for (const Entry& entry : node.entries) each_text(entry.value, visit);
}

const Node* layer_mentioning(const Document& document, std::initializer_list<std::string_view> words) {
  for (const Entry& layer : document.root["security_layers"].entries) {
    for (const Node& item : layer.value.items) {
      if (mentions(item.text, words)) return &item;
    }
  }
  return nullptr;
}

}  // namespace mamori::spec
