// fmt.Sprintf for the values of a template. Source: Go's package fmt, "Printing" and "Format errors".
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "metrics/promql/ast.h"
#include "rules/detail/template_value.h"

namespace mamori::rules {
namespace {

using Kind = TemplateValue::Kind;

constexpr int kWidthMax = 1'000'000;  // Go's: a larger one is a mistake in the format

struct Verb {
  char letter = 'v';
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  std::optional<int> width, precision;
};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The first `count` characters.
std::string_view cut(std::string_view text, int count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && count-- == 0) break;
  }
  return text.substr(0, at);
}

std::string padded(std::string text, const Verb& verb, bool zeros) {
  const auto width = static_cast<std::size_t>(verb.width.value_or(0));
  const auto length = characters(text);
  if (length >= width) return text;
  if (verb.minus) return text + std::string(width - length, ' ');
  if (!zeros) return std::string(width - length, ' ') + text;
  const bool sign = text.starts_with('-') || text.starts_with('+') || text.starts_with(' ');
  text.insert(sign ? 1 : 0, width - length, '0');
  return text;
}

std::string signed_text(std::string text, const Verb& verb) {
  if (text.starts_with('-') || text.starts_with('+')) return text;
  if (verb.plus) return "+" + text;
  return verb.space ? " " + text : text;
}

std::string in_base(std::uint64_t value, unsigned base, bool capital) {
  std::string out;
  do {
    const auto digit = static_cast<char>(value % base);
    out += static_cast<char>(digit < 10 ? '0' + digit : (capital ? 'A' : 'a') + digit - 10);
    value /= base;
  } while (value > 0);
  std::ranges::reverse(out);
  return out;
}

void append_rune(std::string& out, std::uint64_t point) {
  if (point > 0x10FFFF || !append_utf8(out, static_cast<std::uint32_t>(point))) append_utf8(out, 0xFFFD);
}

std::string hex_of_bytes(std::string_view text, const Verb& verb) {
  if (verb.precision) text = text.substr(0, static_cast<std::size_t>(*verb.precision));
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (verb.space && i > 0) out += ' ';
    if (verb.sharp && (i == 0 || verb.space)) out += verb.letter == 'x' ? "0x" : "0X";
    const auto byte = static_cast<unsigned char>(text[i]);
    out += in_base(byte >> 4, 16, verb.letter == 'X') + in_base(byte & 15, 16, verb.letter == 'X');
  }
  return out;
}

/// Nothing: the verb does not fit the value.
using Formatted = std::optional<std::string>;

Formatted format_integer(std::int64_t value, const Verb& verb) {
  const bool negative = value < 0;
  const auto size = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string prefix, digits;
  switch (verb.letter) {
    case 'v':
    case 'd':
      digits = in_base(size, 10, false);
      break;
    case 'b':
      digits = in_base(size, 2, false);
      if (verb.sharp) prefix = "0b";
      break;
    case 'o':
    case 'O':
      digits = in_base(size, 8, false);
      prefix = verb.letter == 'O' ? "0o" : verb.sharp ? "0" : "";
      break;
    case 'x':
    case 'X':
      digits = in_base(size, 16, verb.letter == 'X');
      if (verb.sharp) prefix = verb.letter == 'x' ? "0x" : "0X";
      break;
    case 'c': {
      std::string out;
      append_rune(out, negative ? 0xFFFD : size);
      return padded(out, verb, false);
    }
    case 'q': {
      std::string out;
      append_rune(out, negative ? 0xFFFD : size);
      const bool escaped = out == "'" || out == "\\";
      return padded((escaped ? "'\\" : "'") + out + "'", verb, false);
    }
    case 'U': {
      auto hex = in_base(size, 16, true);
      if (hex.size() < 4) hex.insert(0, 4 - hex.size(), '0');
      return padded("U+" + hex, verb, false);
    }
    default:
      return std::nullopt;
  }
  if (verb.precision) {
    const auto wanted = static_cast<std::size_t>(*verb.precision);
    if (wanted == 0 && value == 0) return padded("", verb, false);
    if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
  }
  return padded(signed_text((negative ? "-" : "") + prefix + digits, verb), verb,
                verb.zero && !verb.minus && !verb.precision);
}

Formatted format_float(double value, const Verb& verb) {
  char letter = verb.letter;
  int precision = verb.precision.value_or(letter == 'e' || letter == 'E' || letter == 'f' || letter == 'F' ? 6 : -1);
  if (letter == 'v') letter = 'g';
  if (letter == 'F') letter = 'f';
  if (std::string_view("eEfgGxX").find(letter) == std::string_view::npos) return std::nullopt;
  auto text = go_float(value, letter, precision);
  const bool number = text.find_first_of("NI") == std::string::npos;
  if (number && verb.sharp && text.find('.') == std::string::npos &&
      (letter == 'e' || letter == 'f' || letter == 'E')) {
    text.insert(std::min(text.find_first_of("eE"), text.size()), ".");
  }
  if (text != "NaN" || verb.plus || verb.space) text = signed_text(std::move(text), verb);
  return padded(std::move(text), verb, verb.zero && !verb.minus && number);
}

Formatted format_text(std::string_view text, const Verb& verb) {
  if (verb.letter == 'x' || verb.letter == 'X') return padded(hex_of_bytes(text, verb), verb, verb.zero && !verb.minus);
  if (verb.letter != 'v' && verb.letter != 's' && verb.letter != 'q') return std::nullopt;
  if (verb.precision) text = cut(text, *verb.precision);
  if (verb.letter == 's') return padded(std::string(text), verb, verb.zero && !verb.minus);
  if (verb.letter == 'v' && !verb.sharp) return padded(std::string(text), verb, verb.zero && !verb.minus);
  const bool raw = verb.letter == 'q' && verb.sharp && text.find_first_of("`\n\r") == std::string_view::npos;
  return padded(raw ? "`" + std::string(text) + "`" : metrics::promql::quote(text), verb, verb.zero && !verb.minus);
}

std::string format_value(const TemplateValue& value, const Verb& verb) {
  if (verb.letter == 'T') return padded(std::string(value.type_name()), verb, false);
  Formatted text;
  switch (value.kind()) {
    case Kind::Bool:
      if (verb.letter == 't' || verb.letter == 'v') text = padded(value.print(), verb, false);
      break;
    case Kind::Int:
      text = format_integer(value.as_int(), verb);
      break;
    case Kind::Float:
      text = format_float(value.as_float(), verb);
      break;
    case Kind::String:
    case Kind::SafeText:
      text = format_text(value.text(), verb);
      break;
    case Kind::Nil:
      if (verb.letter == 'v') text = padded("<nil>", verb, false);
      break;
    default:
      if (std::string_view("vsq").find(verb.letter) != std::string_view::npos) text = format_text(value.print(), verb);
  }
  if (text) return *text;
  if (value.is(Kind::Nil)) return std::string("%!") + verb.letter + "(<nil>)";
  return std::string("%!") + verb.letter + "(" + std::string(value.type_name()) + "=" + value.print() + ")";
}

class Formatter {
 public:
  Formatter(std::string_view format, std::span<const TemplateValue> args, std::size_t bytes_max)
      : format_(format), args_(args), bytes_max_(bytes_max) {}

  std::string run() {
    while (at_ < format_.size() && out_.size() <= bytes_max_) {
      const auto percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ < format_.size()) verb();
    }
    if (!reordered_ && next_ < args_.size()) {
      out_ += "%!(EXTRA ";
      for (std::size_t i = next_; i < args_.size(); ++i) {
        if (i > next_) out_ += ", ";
        out_ += args_[i].is(Kind::Nil) ? "<nil>" : std::string(args_[i].type_name()) + "=" + args_[i].print();
      }
      out_ += ")";
    }
    return std::move(out_);
  }

 private:
  char at() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  void verb() {
    ++at_;
    Verb verb;
    good_index_ = true;
    after_index_ = false;
    flags(verb);
    argument_index();
    width(verb);
    if (at() == '.') precision(verb);
    if (!after_index_) argument_index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    auto letter = format_.substr(at_, 1);
    while (at_ + letter.size() < format_.size() &&
           (static_cast<unsigned char>(format_[at_ + letter.size()]) & 0xC0) == 0x80) {
      letter = format_.substr(at_, letter.size() + 1);
    }
    at_ += letter.size();
    if (letter == "%") {
      out_ += '%';
    } else if (!good_index_) {
      out_ += "%!" + std::string(letter) + "(BADINDEX)";
    } else if (next_ >= args_.size()) {
      out_ += "%!" + std::string(letter) + "(MISSING)";
    } else {
      verb.letter = letter.size() == 1 ? letter[0] : '?';
      out_ += format_value(args_[next_++], verb);
    }
  }

  void flags(Verb& verb) {
    for (;; ++at_) {
      switch (at()) {
        case '-':
          verb.minus = true;
          break;
        case '+':
          verb.plus = true;
          break;
        case '#':
          verb.sharp = true;
          break;
        case ' ':
          verb.space = true;
          break;
        case '0':
          verb.zero = true;
          break;
        default:
          return;
      }
    }
  }

  std::optional<int> number() {
    if (at() < '0' || at() > '9') return std::nullopt;
    int value = 0;
    for (; at() >= '0' && at() <= '9'; ++at_) value = std::min(value * 10 + (at() - '0'), kWidthMax + 1);
    return value;
  }

  /// "[3]": the argument that is next.
  void argument_index() {
    if (at() != '[') return;
    after_index_ = reordered_ = true;
    const auto end = format_.find(']', at_);
    if (end == std::string_view::npos) {
      good_index_ = false;
      ++at_;
      return;
    }
    ++at_;
    const auto index = number();
    if (!index || at_ != end || *index < 1 || static_cast<std::size_t>(*index) > args_.size()) {
      good_index_ = false;
    } else {
      next_ = static_cast<std::size_t>(*index - 1);
    }
    at_ = end + 1;
  }

  /// What "*" stands for.
  std::optional<int> from_argument(std::string_view bad) {
    if (next_ < args_.size() && args_[next_].is(Kind::Int)) {
      const auto value = args_[next_++].as_int();
      if (value >= -kWidthMax && value <= kWidthMax) return static_cast<int>(value);
    } else if (next_ < args_.size()) {
      ++next_;
    }
    out_ += bad;
    return std::nullopt;
  }

  void width(Verb& verb) {
    if (at() == '*') {
      ++at_;
      verb.width = from_argument("%!(BADWIDTH)");
      if (verb.width && *verb.width < 0) {
        verb.width = -*verb.width;
        verb.minus = true;
      }
      after_index_ = false;
    } else {
      verb.width = number();
      if (verb.width && *verb.width > kWidthMax) verb.width.reset();
      if (verb.width && after_index_) good_index_ = false;
    }
    // A text may not grow beyond what an expansion may give.
    if (verb.width)
      verb.width = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(*verb.width), bytes_max_));
  }

  void precision(Verb& verb) {
    ++at_;
    if (after_index_) good_index_ = false;
    argument_index();
    if (at() == '*') {
      ++at_;
      verb.precision = from_argument("%!(BADPREC)");
      if (verb.precision && *verb.precision < 0) {
        verb.precision.reset();
        out_ += "%!(BADPREC)";
      }
      after_index_ = false;
    } else {
      verb.precision = number().value_or(0);
    }
    if (verb.precision)
      verb.precision = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(*verb.precision), bytes_max_));
  }

  std::string_view format_;
  std::span<const TemplateValue> args_;
  std::size_t bytes_max_;
  std::size_t at_ = 0, next_ = 0;
  bool reordered_ = false, good_index_ = true, after_index_ = false;
  std::string out_;
};

}  // namespace

std::string go_printf(std::string_view format, std::span<const TemplateValue> args, std::size_t bytes_max) {
  return Formatter(format, args, bytes_max).run();
}

}  // namespace mamori::rules
