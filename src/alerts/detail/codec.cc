#include "alerts/detail/codec.h"

namespace mamori::alerts::detail {
namespace {

namespace dom = simdjson::dom;

std::int64_t nanos(Timestamp t) { return t.time_since_epoch().count(); }

Error corrupt(std::string_view member) {
  return Error{Code::Corrupt, "member \"" + std::string(member) + "\" is missing or of the wrong type"};
}

template <typename T>
Result<T> read(dom::element object, std::string_view member) {
  T value;
  if (object[member].get(value) != simdjson::SUCCESS) return corrupt(member);
  return value;
}

Result<Timestamp> read_time(dom::element object, std::string_view member) {
  MAMORI_TRY(const auto count, read<std::int64_t>(object, member));
  return Timestamp{Nanos{count}};
}

Result<rules::LabelMap> read_labels(dom::element object, std::string_view member) {
  MAMORI_TRY(const auto fields, read<dom::object>(object, member));
  rules::LabelMap labels;
  for (const auto field : fields) {
    std::string_view value;
    if (field.value.get(value) != simdjson::SUCCESS) return corrupt(member);
    labels[std::string(field.key)] = value;
  }
  return labels;
}

Result<AlertState> read_state(dom::element object) {
  MAMORI_TRY(const auto name, read<std::string_view>(object, "state"));
  for (const auto state : {AlertState::Pending, AlertState::Firing, AlertState::Resolved}) {
    if (name == to_string(state)) return state;
  }
  return corrupt("state");
}

}  // namespace

void write_labels(JsonWriter& json, const rules::LabelMap& labels) {
  json.begin_object();
  for (const auto& [name, value] : labels) json.field(name, value);
  json.end_object();
}

void write_alert(JsonWriter& json, const Alert& alert) {
  json.begin_object();
  json.key("labels");
  write_labels(json, alert.labels);
  json.key("annotations");
  write_labels(json, alert.annotations);
  json.field("state", std::string(to_string(alert.state)));
  json.field("value", alert.value);
  json.field("active_at", nanos(alert.active_at));
  json.field("starts_at", nanos(alert.starts_at));
  if (alert.ends_at) json.field("ends_at", nanos(*alert.ends_at));
  json.end_object();
}

Result<Alert> read_alert(dom::element element) {
  Alert alert;
  MAMORI_TRY(alert.labels, read_labels(element, "labels"));
  MAMORI_TRY(alert.annotations, read_labels(element, "annotations"));
  MAMORI_TRY(alert.state, read_state(element));
  MAMORI_TRY(alert.active_at, read_time(element, "active_at"));
  MAMORI_TRY(alert.starts_at, read_time(element, "starts_at"));
  if (element["ends_at"].error() == simdjson::SUCCESS) {
    MAMORI_TRY(alert.ends_at, read_time(element, "ends_at"));
  }
  if (double value = 0; element["value"].get(value) == simdjson::SUCCESS) alert.value = value;
  alert.fingerprint = fingerprint(alert.labels);
  return alert;
}

Result<std::string> read_string(dom::element object, std::string_view member) {
  MAMORI_TRY(const auto text, read<std::string_view>(object, member));
  return std::string(text);
}

Result<dom::array> read_array(dom::element object, std::string_view member) { return read<dom::array>(object, member); }

}  // namespace mamori::alerts::detail
