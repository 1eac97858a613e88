// Prometheus' functions that change texts.
#include <locale.h>
#include <re2/re2.h>
#include <wctype.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "base/text.h"
#include "metrics/promql/ast.h"
#include "rules/detail/template_functions.h"

namespace mamori::rules {
namespace {

using Kind = TemplateValue::Kind;
using Args = std::span<const TemplateValue>;
using Outcome = Result<TemplateValue>;

/// Errors for the first argument that is no text.
Result<void> all_texts(Args args) {
  for (const auto& arg : args) {
    if (!arg.is_text()) return wrong_template_type("string", arg);
  }
  return {};
}

// ---- letters ----

/// Classes and cases of letters as Unicode has them, whatever the process' locale is.
locale_t unicode() {
  static const locale_t kLocale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

/// Steps over one character; a byte that is no UTF-8 counts as U+FFFD, and is kept as it is by the callers.
struct Letter {
  std::uint32_t point = 0xFFFD;
  std::size_t length = 1;
};

Letter letter_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || at + length > text.size()) return {};
  std::uint32_t point = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    point = point << 6 | (byte(at + i) & 0x3Fu);
  }
  return {point, length};
}

/// `change(letter, previous letter)` for each letter.
std::string mapped(std::string_view text, auto change) {
  std::string out;
  std::uint32_t before = ' ';
  for (std::size_t at = 0; at < text.size();) {
    const auto letter = letter_at(text, at);
    const auto changed = static_cast<std::uint32_t>(change(letter.point, before));
    if (changed == letter.point) {
      out += text.substr(at, letter.length);
    } else {
      append_utf8(out, changed);
    }
    before = letter.point;
    at += letter.length;
  }
  return out;
}

Outcome to_upper_text(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue(mapped(args[0].text(), [](auto letter, auto) { return ::towupper_l(letter, unicode()); }));
}

Outcome to_lower_text(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue(mapped(args[0].text(), [](auto letter, auto) { return ::towlower_l(letter, unicode()); }));
}

/// What parts words, as Go's strings.Title has it.
bool is_separator(std::uint32_t letter) {
  if (letter < 0x80) {
    const auto c = static_cast<char>(letter);
    return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_');
  }
  if (::iswalpha_l(letter, unicode()) != 0 || ::iswdigit_l(letter, unicode()) != 0) return false;
  return ::iswspace_l(letter, unicode()) != 0;
}

Outcome title(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue(mapped(args[0].text(), [](auto letter, auto before) {
    return is_separator(before) ? ::towupper_l(letter, unicode()) : letter;
  }));
}

// ---- regular expressions ----

Result<std::unique_ptr<RE2>> compiled(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  auto regex = std::make_unique<RE2>(pattern, options);
  if (!regex->ok()) return invalid_argument("error parsing regexp: " + regex->error());
  return regex;
}

Outcome match(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  MAMORI_TRY(const auto regex, compiled(args[0].text()));
  return TemplateValue(RE2::PartialMatch(args[1].text(), *regex));
}

/// Go's replacement text: $1, ${1}, $name, ${name}, $$. A name is as long as it can be.
void append_expanded(std::string& out, std::string_view replacement, const RE2& regex,
                     std::span<const re2::StringPiece> groups) {
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  for (std::size_t at = 0; at < replacement.size(); ++at) {
    if (replacement[at] != '$' || at + 1 == replacement.size()) {
      out += replacement[at];
      continue;
    }
    if (replacement[at + 1] == '$') {
      out += replacement[++at];
      continue;
    }
    const bool braced = replacement[at + 1] == '{';
    const auto begin = at + (braced ? 2 : 1);
    auto end = begin;
    while (end < replacement.size() && is_word(replacement[end])) ++end;
    if (end == begin || (braced && (end == replacement.size() || replacement[end] != '}'))) {
      out += '$';
      continue;
    }
    const std::string name(replacement.substr(begin, end - begin));
    std::size_t group = groups.size();
    if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
      std::from_chars(name.data(), name.data() + name.size(), group);
    } else if (const auto found = regex.NamedCapturingGroups().find(name);
               found != regex.NamedCapturingGroups().end()) {
      group = static_cast<std::size_t>(found->second);
    }
    if (group < groups.size()) out.append(groups[group].data(), groups[group].size());
    at = braced ? end : end - 1;
  }
}

Outcome replace_all(const TemplateCall& call, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  MAMORI_TRY(const auto regex, compiled(args[0].text()));
  const auto& replacement = args[1].text();
  const auto& text = args[2].text();
  const re2::StringPiece whole(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) + 1);
  std::string out;
  std::size_t at = 0, copied = 0;
  while (at <= text.size() && out.size() <= call.bounds.output_bytes) {
    if (!regex->Match(whole, at, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) break;
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const auto end = begin + groups[0].size();
    out.append(text, copied, begin - copied);
    // An empty match right behind a match is none.
    if (end > copied || begin == 0) append_expanded(out, replacement, *regex, groups);
    copied = end;
    at = std::max(end, at + (at < text.size() ? letter_at(text, at).length : 1));
  }
  if (copied < text.size()) out.append(text, copied);
  return TemplateValue(out);
}

// ---- hosts and links ----

struct HostPort {
  std::string host, port;
};

/// "host:port" and "[host]:port"; nothing for any other form.
std::optional<HostPort> split_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (host.find(']') != host.size() - 1) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  if (host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  if (text.substr(colon).find_first_of("[]") != std::string_view::npos) return std::nullopt;
  return HostPort{std::string(host), std::string(text.substr(colon + 1))};
}

bool is_ip(const std::string& host) {
  static const RE2 kV4(R"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3})");
  static const RE2 kV6(R"([0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f.:]*)");
  return RE2::FullMatch(host, kV4) || RE2::FullMatch(host, kV6);
}

Outcome strip_port(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  const auto split = split_host_port(args[0].text());
  return TemplateValue(split ? split->host : args[0].text());
}

Outcome strip_domain(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  const auto split = split_host_port(args[0].text()).value_or(HostPort{args[0].text(), ""});
  if (is_ip(split.host)) return TemplateValue(args[0].text());
  auto host = split.host.substr(0, split.host.find('.'));
  if (split.port.empty()) return TemplateValue(host);
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return TemplateValue(host + ":" + split.port);
}

Outcome graph_link(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue("/graph?g0.expr=" + query_escaped(args[0].text()) + "&g0.tab=0");
}

Outcome table_link(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue("/graph?g0.expr=" + query_escaped(args[0].text()) + "&g0.tab=1");
}

Outcome external_url(const TemplateCall& call, Args) { return TemplateValue(call.data.external_url); }

Outcome path_prefix(const TemplateCall& call, Args) {
  const auto& url = call.data.external_url;
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (path == std::string::npos) return TemplateValue(std::string());
  return TemplateValue(url.substr(path, url.find_first_of("?#", path) - path));
}

Outcome safe_html(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue::safe(args[0].text());
}

Outcome url_query_escape(const TemplateCall&, Args args) {
  MAMORI_TRY_VOID(all_texts(args));
  return TemplateValue(query_escaped(args[0].text()));
}

constexpr TemplateFunction kFunctions[] = {
    {"toUpper", 1, 1, to_upper_text},
    {"toLower", 1, 1, to_lower_text},
    {"title", 1, 1, title},
    {"match", 2, 2, match},
    {"reReplaceAll", 3, 3, replace_all},
    {"stripPort", 1, 1, strip_port},
    {"stripDomain", 1, 1, strip_domain},
    {"graphLink", 1, 1, graph_link},
    {"tableLink", 1, 1, table_link},
    {"externalURL", 0, 0, external_url},
    {"pathPrefix", 0, 0, path_prefix},
    {"safeHtml", 1, 1, safe_html},
    {"urlQueryEscape", 1, 1, url_query_escape},
};

}  // namespace

std::span<const TemplateFunction> text_template_functions() { return kFunctions; }

std::string query_escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

}  // namespace mamori::rules
