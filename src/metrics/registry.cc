#include "metrics/registry.h"

#include <charconv>
#include <cmath>

namespace mamori::metrics {
namespace {

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

void append_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char buffer[32];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, end);
  }
}

void append_sample(std::string& out, const std::string& name, const Labels& labels, double value) {
  out += name;
  if (!labels.empty()) {
    out += '{';
    bool first = true;
    for (const auto& [label, text] : labels) {
      if (!first) out += ',';
      first = false;
      out += std::string(label) + "=\"" + escape(text, true) + "\"";
    }
    out += '}';
  }
  out += ' ';
  append_value(out, value);
  out += '\n';
}

}  // namespace

Registry::Family& Registry::family(const std::string& name, const std::string& help, const std::string& type) {
  auto& family = families_[name];
  if (family.type.empty()) {
    family.help = help;
    family.type = type;
  }
  return family;
}

Counter& Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard guard(mutex_);
  auto& entries = family(name, help, "counter").entries;
  for (auto& entry : entries) {
    if (entry.labels == labels && entry.counter) return *entry.counter;
  }
  entries.push_back({.labels = labels, .counter = std::make_unique<Counter>()});
  return *entries.back().counter;
}

Gauge& Registry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard guard(mutex_);
  auto& entries = family(name, help, "gauge").entries;
  for (auto& entry : entries) {
    if (entry.labels == labels && entry.gauge) return *entry.gauge;
  }
  entries.push_back({.labels = labels, .gauge = std::make_unique<Gauge>()});
  return *entries.back().gauge;
}

void Registry::callback(const std::string& name, const std::string& help, const std::string& type, const Labels& labels,
                        std::function<double()> read) {
  const std::lock_guard guard(mutex_);
  family(name, help, type).entries.push_back({.labels = labels, .read = std::move(read)});
}

void Registry::callback_all(const std::string& name, const std::string& help, const std::string& type,
                            std::function<Readings()> read) {
  const std::lock_guard guard(mutex_);
  family(name, help, type).entries.push_back({.read_all = std::move(read)});
}

namespace {

/// A summary's a_sum and a_count are told of as a; they stand side by side.
std::string_view base_name(std::string_view name, std::string_view type) {
  if (type != "summary") return name;
  return name.substr(0, name.rfind('_'));
}

}  // namespace

std::string Registry::expose() const {
  const std::lock_guard guard(mutex_);
  std::string out;
  std::string_view shown;
  for (const auto& [name, family] : families_) {
    const auto base = base_name(name, family.type);
    if (base != shown) {
      out += "# HELP " + std::string(base) + " " + escape(family.help, false) + "\n# TYPE " + std::string(base) + " " +
             family.type + "\n";
    }
    shown = base;
    for (const auto& entry : family.entries) {
      if (entry.read_all) {
        for (const auto& [labels, value] : entry.read_all()) append_sample(out, name, labels, value);
        continue;
      }
      const double value = entry.counter ? static_cast<double>(entry.counter->value())
                           : entry.gauge ? entry.gauge->value()
                                         : entry.read();
      append_sample(out, name, entry.labels, value);
    }
  }
  return out;
}

}  // namespace mamori::metrics
