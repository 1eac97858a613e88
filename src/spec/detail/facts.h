// spec/detail/facts.h: what several rules ask of the document, read through its types. Absent or unreadable: nullopt;
// the schema has reported the latter already.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "spec/detail/node.h"

namespace mamori::spec {

std::optional<double> number_of(const Node& node);
std::optional<double> percent_of(const Node& node);
std::optional<Nanos> duration_of(const Node& node);
std::optional<double> days_of(const Node& node);
std::optional<double> dollars_of(const Node& node);
std::optional<double> rate_of(const Node& node);
bool flag_of(const Node& node, bool absent = false);  // also enabled, disabled

/// Milliseconds of a "< 500ms".
std::optional<double> limit_ms_of(const Node& node);

double seconds(Nanos duration);
/// "5m" as an operator writes it.
std::string shown(Nanos duration);

/// The first sentence in `text`'s lower case that holds any of `words` (given in lower case).
bool mentions(const std::string& text, std::initializer_list<std::string_view> words);

/// payment_monitoring.metrics[] with that name, or Missing.
const Node& metric(const Document& document, std::string_view name);

/// The shortest RTO (or RPO) of business_continuity.objectives, and where it stands.
struct Objective {
  Nanos value;
  const Node* node;
  std::string name;
};
std::optional<Objective> shortest_objective(const Document& document, std::string_view key);

/// Calls `visit` for every single value of the document.
void each_text(const Node& node, const std::function<void(const Node&)>& visit);

/// Every text of security_layers that mentions one of `words`; null if none does.
const Node* layer_mentioning(const Document& document, std::initializer_list<std::string_view> words);

}  // namespace mamori::spec
