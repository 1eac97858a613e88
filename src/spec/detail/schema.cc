#include "spec/detail/schema.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/text.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

std::string shown(const Node& node) {
  if (!node.is_scalar()) return std::string(describe(node.kind));
  constexpr std::size_t kShownMax = 60;
  std::string text = node.text.substr(0, kShownMax);
  // Cut at a character, not inside one.
  while (text.size() == kShownMax && !text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) {
    text.pop_back();
  }
  return "'" + text + (node.text.size() > kShownMax ? "…'" : "'");
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Patterns come from the declared shapes: a handful, compiled once.
const RE2& compiled(const std::string& pattern) {
  static std::mutex mutex;
  static std::map<std::string, RE2> patterns;
  const std::lock_guard lock(mutex);
  return patterns.try_emplace(pattern, pattern).first->second;
}

bool is_host_port(const std::string& text) {
  static const RE2 kForm(R"((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::([0-9]{1,5}))?)");
  std::string port;
  if (!RE2::FullMatch(text, kForm, &port)) return false;
  return port.empty() || (read_integer(port).value_or(0) >= 1 && read_integer(port).value_or(0) <= 65535);
}

class Checker {
 public:
  explicit Checker(Findings& findings) : findings_(findings) {}

  void check(const Node& node, const Shape& shape, const std::string& path) {
    if (shape.may_be_null && node.kind == Kind::Null) return;
    switch (shape.type) {
      case Type::Any:
        return;
      case Type::List:
        return check_list(node, shape, path);
      case Type::Map:
        return check_map(node, shape, path);
      case Type::Keyed:
        return check_keyed(node, shape, path);
      case Type::Either:
        return check(node, node.is_map() ? shape.parts[1] : shape.parts[0], path);
      default:
        return check_scalar(node, shape, path);
    }
  }

 private:
  void wrong(const Node& node, const std::string& path, const std::string& want, const std::string& fix) {
    findings_.report("spec.wrong-type", node.at, "'" + path + "' must be " + want + ", not " + shown(node), fix);
  }
  void wrong_unit(const Node& node, const std::string& path, const std::string& want, const std::string& fix) {
    findings_.report("spec.wrong-unit", node.at, "'" + path + "' is " + shown(node) + ", which is no " + want, fix);
  }

  void check_list(const Node& node, const Shape& shape, const std::string& path) {
    if (!node.is_list()) return wrong(node, path, "a list", "write its items as '- …' lines or in [ ]");
    for (const Node& item : node.items) check(item, shape.parts[0], path + "[]");
  }

  void check_map(const Node& node, const Shape& shape, const std::string& path) {
    if (!node.is_map()) return wrong(node, path, "a map", "write its keys as 'key: value' lines");
    std::vector<std::string> names;
    for (const Field& field : shape.fields) names.push_back(field.name);
    for (const Entry& entry : node.entries) {
      const auto field = std::ranges::find(shape.fields, entry.key, &Field::name);
      if (field == shape.fields.end()) {
        unknown_key(entry, path, names);
      } else {
        check(entry.value, field->shape, path.empty() ? entry.key : path + "." + entry.key);
      }
    }
    for (const Field& field : shape.fields) {
      if (!field.required || node[field.name].exists()) continue;
      findings_.report("spec.missing-key", node.at, "'" + path + "' lacks the key '" + field.name + "'",
                       "add '" + field.name + ": …'");
    }
  }

  void unknown_key(const Entry& entry, const std::string& path, const std::vector<std::string>& names) {
    const std::string near = nearest(entry.key, names);
    const std::string inside = path.empty() ? "" : " in '" + path + "'";
    std::string fix = near.empty() ? "known are: " + join(names) : "did you mean '" + near + "'?";
    findings_.report("spec.unknown-key", entry.value.key_at,
                     "the key '" + entry.key.substr(0, 100) + "'" + inside + " is not known", std::move(fix));
  }

  void check_keyed(const Node& node, const Shape& shape, const std::string& path) {
    if (!node.is_map()) return wrong(node, path, "a map", "write its keys as 'key: value' lines");
    for (const Entry& entry : node.entries) {
      if (!shape.pattern.empty() && !RE2::FullMatch(entry.key, compiled(shape.pattern))) {
        findings_.report("spec.unknown-key", entry.value.key_at,
                         "the key '" + entry.key.substr(0, 100) + "' in '" + path + "' is not known",
                         "keys here are " + shape.pattern_words);
        continue;
      }
      check(entry.value, shape.parts[0], path + "." + entry.key);
    }
  }

  void check_scalar(const Node& node, const Shape& shape, const std::string& path) {
    if (!node.is_scalar()) return wrong(node, path, "a single value", "write one value");
    const std::string& text = node.text;
    switch (shape.type) {
      case Type::Text:
        if (trim(text).empty()) wrong(node, path, "a text", "fill it in, or remove the key");
        return;
      case Type::Flag:
        if (node.quoted || !read_flag(text)) wrong(node, path, "true or false", "write true or false, without quotes");
        return;
      case Type::Switch:
        if (!read_switch(text)) wrong(node, path, "enabled or disabled", "write enabled or disabled");
        return;
      case Type::Integer:
        return check_number(node, shape, path, node.quoted ? std::nullopt : as_double(read_integer(text)),
                            "a whole number");
      case Type::Number:
        return check_number(node, shape, path, node.quoted ? std::nullopt : read_number(text), "a number");
      case Type::Percent: {
        const auto percent = read_percent(text);
        if (!percent) return wrong_unit(node, path, "percentage", "write a number from 0 to 100, such as 99.5 or 0.1%");
        if (*percent < 0 || *percent > 100) wrong(node, path, "from 0 to 100", "a percentage, such as 99.5");
        return;
      }
      case Type::Duration:
        return check_duration(node, shape, path);
      case Type::Days:
        if (const auto days = read_days(text); !days || *days < 0 || *days > 36600) {
          wrong_unit(node, path, "number of days", "write a number of days (90) or a duration (90d)");
        }
        return;
      case Type::Dollars:
        if (!read_dollars(text)) wrong_unit(node, path, "amount in dollars", "write it as \"$2,500\"");
        return;
      case Type::Rate:
        if (!read_rate(text)) wrong_unit(node, path, "rate", "write it as \"100 req/s\"");
        return;
      case Type::Size:
        if (!read_size(text)) wrong_unit(node, path, "size", "write it as \"500 GB\" or in bytes");
        return;
      case Type::Comparison:
        if (!read_comparison(text)) wrong_unit(node, path, "comparison", "write it as \"< 500ms\" or \"< 70%\"");
        return;
      case Type::Url:
        if (!RE2::FullMatch(text, R"(https?://[^\s/?#@]+(?:[/?#]\S*)?)")) {
          findings_.report("spec.wrong-type", node.at, "'" + path + "' is no http or https URL",
                           "write it as https://host/path");
        }
        return;
      case Type::HostPort:
        if (!is_host_port(text)) wrong(node, path, "host:port", "write it as 127.0.0.1:9100");
        return;
      case Type::Choice:
        return check_choice(node, shape, path);
      case Type::YamlFlag:
        if (!read_yaml_flag(text)) wrong(node, path, "true or false", "write true or false");
        return;
      case Type::PrometheusDuration:
        if (!parse_duration(text)) wrong_unit(node, path, "duration", "write a number and a unit: 15s, 1m30s, 2h");
        return;
      case Type::Bytes:
        if (!read_bytes(text)) wrong_unit(node, path, "size", "write it as 512MB; units are B, KB, MB, GB, TB");
        return;
      default:
        return;
    }
  }

  static std::optional<double> as_double(std::optional<std::int64_t> value) {
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
  }

  void check_number(const Node& node, const Shape& shape, const std::string& path, std::optional<double> value,
                    const std::string& want) {
    if (!value) return wrong(node, path, want, "write " + want + ", without quotes and without a unit");
    if (*value >= shape.min && *value <= shape.max) return;
    findings_.report("spec.wrong-type", node.at,
                     "'" + path + "' is " + shown(node) + ", outside " + plain(shape.min) + " to " + plain(shape.max),
                     "choose a value in that range");
  }

  void check_duration(const Node& node, const Shape& shape, const std::string& path) {
    const auto duration = read_duration(node.text);
    if (!duration) return wrong_unit(node, path, "duration", "write 30s, 5m, \"5 minutes\" or seconds (300)");
    const double seconds = std::chrono::duration<double>(*duration).count();
    if (shape.max == 0 || (seconds >= shape.min && seconds <= shape.max)) return;
    findings_.report(
        "spec.wrong-type", node.at,
        "'" + path + "' is " + shown(node) + ", outside " + plain(shape.min) + " s to " + plain(shape.max) + " s",
        "choose a duration in that range");
  }

  void check_choice(const Node& node, const Shape& shape, const std::string& path) {
    const auto same = [&](const std::string& choice) {
      return shape.any_case ? equals_ignore_case(choice, node.text) : choice == node.text;
    };
    if (std::ranges::any_of(shape.choices, same)) return;
    const std::string near = nearest(node.text, shape.choices);
    findings_.report("spec.wrong-type", node.at, "'" + path + "' is " + shown(node) + ", which is not known",
                     near.empty() ? "known are: " + join(shape.choices) : "did you mean '" + near + "'?");
  }

  Findings& findings_;
};

std::string_view type_words(const Shape& shape) {
  switch (shape.type) {
    case Type::Any:
      return "anything";
    case Type::Text:
      return "text";
    case Type::Flag:
      return "true, false";
    case Type::Switch:
      return "enabled, disabled";
    case Type::Integer:
      return "whole number";
    case Type::Number:
      return "number";
    case Type::Percent:
      return "percent: `99.5`, `0.1%`";
    case Type::Duration:
      return "duration: `30s`, `5m`, `5 minutes`, seconds";
    case Type::Days:
      return "days: `90`, `90d`";
    case Type::Dollars:
      return "dollars: `$2,500`";
    case Type::Rate:
      return "rate: `100 req/s`";
    case Type::Size:
      return "size: `500 GB`";
    case Type::Comparison:
      return "comparison: `< 500ms`, `< 70%`";
    case Type::Url:
      return "http(s) URL";
    case Type::HostPort:
      return "host:port";
    case Type::Choice:
      return "one of";
    case Type::List:
      return "list of";
    case Type::Map:
    case Type::Keyed:
      return "map";
    case Type::Either:
      return "text or map";
    case Type::AnyText:
      return "text";
    case Type::YamlFlag:
      return "true, false";
    case Type::PrometheusDuration:
      return "duration: `15s`, `1h30m`";
    case Type::Bytes:
      return "size: `512MB`";
  }
  return "";
}

std::string cell(const Shape& shape) {
  std::string text(type_words(shape));
  if (shape.type == Type::Choice) {
    text += ":";
    for (const std::string& choice : shape.choices) text += " `" + choice + "`";
  }
  if (shape.type == Type::List) text += " " + cell(shape.parts[0]);
  if (shape.type == Type::Integer || shape.type == Type::Number) {
    text += " " + plain(shape.min) + " to " + plain(shape.max);
  }
  return text;
}

void add_rows(std::string& out, const Shape& shape, const std::string& path, bool active) {
  for (const Field& field : shape.fields) {
    const std::string below = path.empty() ? field.name : path + "." + field.name;
    const bool live = active && field.active;
    out += "| `" + below + "`" + (field.required ? " *" : "") + " | " + cell(field.shape) + " | " + field.note +
           (live ? "" : (field.note.empty() ? "(not active yet)" : " (not active yet)")) + " |\n";
    add_rows(out, field.shape, below, live);
  }
  for (const Shape& part : shape.parts) {
    if (shape.type == Type::List) add_rows(out, part, path + "[]", active);
    if (shape.type == Type::Keyed) add_rows(out, part, path + ".NAME", active);
    if (shape.type == Type::Either) add_rows(out, part, path, active);
  }
}

void find_inactive(const Node& node, const Shape& shape, const std::string& path, std::vector<std::string>& out) {
  for (const Entry& entry : node.entries) {
    const std::string below = path.empty() ? entry.key : path + "." + entry.key;
    if (shape.type == Type::Keyed) find_inactive(entry.value, shape.parts[0], below, out);
    const auto field = std::ranges::find(shape.fields, entry.key, &Field::name);
    if (field == shape.fields.end()) continue;
    if (!field->active) {
      if (std::ranges::find(out, below) == out.end()) out.push_back(below);
    } else {
      find_inactive(entry.value, field->shape, below, out);
    }
  }
  if (shape.type != Type::List) return;
  for (const Node& item : node.items) find_inactive(item, shape.parts[0], path + "[]", out);
}

}  // namespace

void check_shape(const Node& node, const Shape& shape, const std::string& path, Findings& findings) {
  Checker(findings).check(node, shape, path);
}

std::vector<std::string> inactive_parts(const Node& root) {
  std::vector<std::string> parts;
  find_inactive(root, document_shape(), "", parts);
  return parts;
}

std::string keys_as_markdown() {
  std::string out = "| key (* required) | value | meaning |\n|---|---|---|\n";
  add_rows(out, document_shape(), "", true);
  return out;
}

}  // namespace mamori::spec
