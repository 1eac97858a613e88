#include "ingest/relabel.h"

#include <openssl/evp.h>
#include <re2/re2.h>
#include <wctype.h>

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace mamori::ingest {
namespace {

using spec::RelabelAction;

/// A replacement as Go's Regexp.Expand reads it: $1, ${1}, $name, ${name}; $$ is a dollar, and a $ before anything else
/// stands for itself. The longest name counts: $1x is the group called "1x", not the first group and an x.
class Template {
 public:
  Template() = default;
  Template(std::string_view text, const RE2& regex) {
    static const RE2 kReference(R"((?:\{([\pL\p{Nd}_]+)\}|([\pL\p{Nd}_]+)))");
    std::string literal;
    while (!text.empty()) {
      const auto dollar = text.find('$');
      literal += text.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar + 1);
      if (text.starts_with('$')) {
        literal += '$';
        text.remove_prefix(1);
        continue;
      }
      re2::StringPiece rest(text.data(), text.size());
      std::string braced, bare;
      if (!RE2::Consume(&rest, kReference, &braced, &bare)) {
        literal += '$';
        continue;
      }
      text = {rest.data(), rest.size()};
      parts_.push_back({std::exchange(literal, ""), group_of(braced.empty() ? bare : braced, regex)});
    }
    if (!literal.empty()) parts_.push_back({literal, kNoGroup});
  }

  bool has_references() const {
    return std::ranges::any_of(parts_, [](const Part& part) { return part.group != kNoGroup; });
  }

  std::string expand(const std::vector<re2::StringPiece>& groups) const {
    std::string out;
    for (const auto& [literal, group] : parts_) {
      out += literal;
      if (group < 0 || static_cast<std::size_t>(group) >= groups.size()) continue;
      const auto& text = groups[static_cast<std::size_t>(group)];
      out.append(text.data(), text.size());
    }
    return out;
  }

 private:
  static constexpr int kNoGroup = -2, kUnknownGroup = -1;
  struct Part {
    std::string literal;
    int group = kNoGroup;  // put behind the literal
  };

  static int group_of(const std::string& name, const RE2& regex) {
    const bool number = name.find_first_not_of("0123456789") == std::string::npos;
    if (number && name.size() <= 8 && (name.size() == 1 || name[0] != '0')) return std::stoi(name);
    const auto& named = regex.NamedCapturingGroups();
    const auto found = named.find(name);
    return found == named.end() ? kUnknownGroup : found->second;
  }

  std::vector<Part> parts_;
};

/// The whole text, each character by Unicode's simple mapping. Bytes that are no UTF-8 stay.
std::string map_case(std::string_view text, bool upper) {
  static const locale_t kUnicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || i + length > text.size()) {
      out += text[i++];
      continue;
    }
    std::uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t k = 1; k < length; ++k) code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    std::uint32_t mapped = code;
    if (code < 0x80) {
      const bool letter = upper ? code >= 'a' && code <= 'z' : code >= 'A' && code <= 'Z';
      mapped = letter ? code ^ 0x20 : code;
    } else if (kUnicode != nullptr) {
      mapped = upper ? ::towupper_l(code, kUnicode) : ::towlower_l(code, kUnicode);
    }
    if (mapped == code) {
      out += text.substr(i, length);
    } else {
      append_utf8(out, mapped);
    }
    i += length;
  }
  return out;
}

/// The last eight bytes of the MD5, so that shards are the same as Prometheus'.
std::uint64_t hash_of(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE] = {};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_md5(), nullptr);
  std::uint64_t hash = 0;
  for (int i = 8; i < 16; ++i) hash = hash << 8 | digest[i];
  return hash;
}

}  // namespace

std::string_view LabelSet::get(std::string_view name) const {
  const auto at = std::ranges::lower_bound(pairs_, name, {}, &std::pair<std::string, std::string>::first);
  return at != pairs_.end() && at->first == name ? std::string_view(at->second) : std::string_view{};
}

void LabelSet::set(std::string_view name, std::string_view value) {
  if (value.empty()) return erase(name);
  const auto at = std::ranges::lower_bound(pairs_, name, {}, &std::pair<std::string, std::string>::first);
  if (at != pairs_.end() && at->first == name) {
    at->second = value;
  } else {
    pairs_.emplace(at, name, value);
  }
}

void LabelSet::erase(std::string_view name) {
  const auto at = std::ranges::lower_bound(pairs_, name, {}, &std::pair<std::string, std::string>::first);
  if (at != pairs_.end() && at->first == name) pairs_.erase(at);
}

metrics::Labels LabelSet::labels() const {
  std::vector<metrics::Labels::Pair> sorted(pairs_.begin(), pairs_.end());
  return metrics::Labels::from_sorted(sorted);
}

struct Relabeler::Step {
  explicit Step(const spec::RelabelConfig& config_)
      : config(config_), regex("^(?s:" + config_.regex + ")$", RE2::Quiet) {
    if (!regex.ok()) return;
    target = Template(config.target_label, regex);
    replacement = Template(config.replacement, regex);
  }

  bool apply(LabelSet& labels) const {
    switch (config.action) {
      case RelabelAction::LabelMap:
        return map_names(labels), true;
      case RelabelAction::LabelDrop:
        return labels.erase_if([&](std::string_view name) { return matches(name); }), true;
      case RelabelAction::LabelKeep:
        return labels.erase_if([&](std::string_view name) { return !matches(name); }), true;
      default:
        return apply_to(labels, source(labels));
    }
  }

  const spec::RelabelConfig config;
  const RE2 regex;

 private:
  bool apply_to(LabelSet& labels, const std::string& value) const {
    switch (config.action) {
      case RelabelAction::Keep:
        return matches(value);
      case RelabelAction::Drop:
        return !matches(value);
      case RelabelAction::KeepEqual:
        return labels.get(config.target_label) == value;
      case RelabelAction::DropEqual:
        return labels.get(config.target_label) != value;
      case RelabelAction::HashMod:
        labels.set(config.target_label, std::to_string(hash_of(value) % config.modulus));
        return true;
      case RelabelAction::Lowercase:
        labels.set(config.target_label, map_case(value, false));
        return true;
      case RelabelAction::Uppercase:
        labels.set(config.target_label, map_case(value, true));
        return true;
      default:
        replace(labels, value);
        return true;
    }
  }

  bool matches(std::string_view text) const {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);  // the pattern itself is anchored
  }

  std::string source(const LabelSet& labels) const {
    std::string joined;
    for (std::size_t i = 0; i < config.source_labels.size(); ++i) {
      if (i > 0) joined += config.separator;
      joined += labels.get(config.source_labels[i]);
    }
    return joined;
  }

  std::optional<std::vector<re2::StringPiece>> match(std::string_view text) const {
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
    const bool found = regex.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::UNANCHORED,
                                   groups.data(), static_cast<int>(groups.size()));
    return found ? std::optional(std::move(groups)) : std::nullopt;
  }

  void replace(LabelSet& labels, const std::string& value) const {
    const auto groups = match(value);
    if (!groups) return;
    const std::string name = target.expand(*groups);
    if (!name.empty()) labels.set(name, replacement.expand(*groups));
  }

  void map_names(LabelSet& labels) const {
    const auto before = labels;
    for (const auto& [name, value] : before) {
      if (const auto groups = match(name)) {
        const std::string to = replacement.expand(*groups);
        if (!to.empty()) labels.set(to, value);
      }
    }
  }

  Template target, replacement;
};

Result<Relabeler> Relabeler::make(const std::vector<spec::RelabelConfig>& steps) {
  Relabeler relabeler;
  for (const auto& config : steps) {
    auto step = std::make_shared<const Step>(config);
    if (!step->regex.ok()) {
      return invalid_argument("relabelling: the regex \"" + config.regex.substr(0, 60) +
                              "\" does not compile: " + step->regex.error());
    }
    if (config.action == RelabelAction::HashMod && config.modulus == 0) {
      return invalid_argument("relabelling: hashmod needs a modulus above 0");
    }
    relabeler.steps_.push_back(std::move(step));
  }
  return relabeler;
}

bool Relabeler::apply(LabelSet& labels) const {
  return std::ranges::all_of(steps_, [&](const auto& step) { return step->apply(labels); });
}

}  // namespace mamori::ingest
