// Go's own functions for templates.
#include "rules/detail/template_functions.h"

#include <algorithm>
#include <cmath>

#include "metrics/promql/ast.h"

namespace mamori::rules {
namespace {

using Kind = TemplateValue::Kind;
using Args = std::span<const TemplateValue>;
using Outcome = Result<TemplateValue>;

// ---- comparison ----

enum class Basic { None, Bool, Int, Float, String };

Basic basic_kind(const TemplateValue& value) {
  switch (value.kind()) {
    case Kind::Bool:
      return Basic::Bool;
    case Kind::Int:
    case Kind::Duration:
      return Basic::Int;
    case Kind::Float:
      return Basic::Float;
    case Kind::String:
    case Kind::SafeText:
      return Basic::String;
    default:
      return Basic::None;
  }
}

std::int64_t whole(const TemplateValue& value) {
  return value.is(Kind::Duration) ? value.as_duration().count() : value.as_int();
}

Result<bool> equal(const TemplateValue& a, const TemplateValue& b) {
  if (a.is(Kind::Nil) || b.is(Kind::Nil)) return a.is(Kind::Nil) && b.is(Kind::Nil);
  const auto left = basic_kind(a), right = basic_kind(b);
  if (left == Basic::None || right == Basic::None) {
    if (a.kind() != b.kind()) return invalid_argument("incompatible types for comparison");
    return invalid_argument("non-comparable type " + std::string(a.type_name()));
  }
  if (left != right) return invalid_argument("incompatible types for comparison");
  switch (left) {
    case Basic::Bool:
      return a.as_bool() == b.as_bool();
    case Basic::Int:
      return whole(a) == whole(b);
    case Basic::Float:
      return a.as_float() == b.as_float();
    default:
      return a.text() == b.text();
  }
}

Result<bool> less(const TemplateValue& a, const TemplateValue& b) {
  const auto left = basic_kind(a), right = basic_kind(b);
  if (left == Basic::None || right == Basic::None || left == Basic::Bool)
    return invalid_argument("invalid type for comparison");
  if (left != right) return invalid_argument("incompatible types for comparison");
  if (left == Basic::Int) return whole(a) < whole(b);
  if (left == Basic::Float) return a.as_float() < b.as_float();
  return a.text() < b.text();
}

Outcome eq(const TemplateCall&, Args args) {
  for (const auto& other : args.subspan(1)) {
    MAMORI_TRY(const bool same, equal(args[0], other));
    if (same) return TemplateValue(true);
  }
  return TemplateValue(false);
}

Outcome ne(const TemplateCall&, Args args) {
  MAMORI_TRY(const bool same, equal(args[0], args[1]));
  return TemplateValue(!same);
}

Outcome lt(const TemplateCall&, Args args) {
  MAMORI_TRY(const bool smaller, less(args[0], args[1]));
  return TemplateValue(smaller);
}

Outcome le(const TemplateCall&, Args args) {
  MAMORI_TRY(const bool smaller, less(args[0], args[1]));
  if (smaller) return TemplateValue(true);
  MAMORI_TRY(const bool same, equal(args[0], args[1]));
  return TemplateValue(same);
}

Outcome gt(const TemplateCall& call, Args args) {
  MAMORI_TRY(const auto not_greater, le(call, args));
  return TemplateValue(!not_greater.as_bool());
}

Outcome ge(const TemplateCall& call, Args args) {
  MAMORI_TRY(const auto smaller, lt(call, args));
  return TemplateValue(!smaller.as_bool());
}

// ---- collections ----

Result<std::size_t> position(const TemplateValue& index, std::size_t size, bool end_too) {
  if (!index.is(Kind::Int))
    return invalid_argument("cannot index slice/array with type " + std::string(index.type_name()));
  const auto at = index.as_int();
  if (at < 0 || static_cast<std::size_t>(at) > size || (!end_too && static_cast<std::size_t>(at) == size))
    return invalid_argument("index out of range: " + std::to_string(at));
  return static_cast<std::size_t>(at);
}

Outcome index_one(const TemplateValue& of, const TemplateValue& index) {
  switch (of.kind()) {
    case Kind::Labels:
    case Kind::Map: {
      if (!index.is_text()) return wrong_template_type("string", index);
      if (of.is(Kind::Map)) {
        const auto at = of.as_map().find(index.text());
        return at == of.as_map().end() ? TemplateValue() : at->second;
      }
      const auto at = of.as_labels().find(index.text());
      return TemplateValue(at == of.as_labels().end() ? std::string() : at->second);
    }
    case Kind::Samples: {
      MAMORI_TRY(const auto at, position(index, of.as_samples().size(), false));
      return TemplateValue::sample(of.as_samples()[at]);
    }
    case Kind::String:
    case Kind::SafeText: {
      MAMORI_TRY(const auto at, position(index, of.text().size(), false));
      return TemplateValue(std::int64_t{static_cast<unsigned char>(of.text()[at])});
    }
    case Kind::Nil:
      return invalid_argument("index of untyped nil");
    default:
      return invalid_argument("can't index item of type " + std::string(of.type_name()));
  }
}

Outcome index(const TemplateCall&, Args args) {
  TemplateValue item = args[0];
  for (const auto& at : args.subspan(1)) {
    MAMORI_TRY(item, index_one(item, at));
  }
  return item;
}

Outcome slice(const TemplateCall&, Args args) {
  const auto& of = args[0];
  if (!of.is_text() && !of.is(Kind::Samples))
    return invalid_argument("can't slice item of type " + std::string(of.type_name()));
  const auto size = of.is(Kind::Samples) ? of.as_samples().size() : of.text().size();
  std::size_t begin = 0, end = size;
  if (args.size() > 1) {
    MAMORI_TRY(begin, position(args[1], size, true));
  }
  if (args.size() > 2) {
    MAMORI_TRY(end, position(args[2], size, true));
  }
  if (args.size() > 3) {
    if (of.is_text()) return invalid_argument("cannot 3-index slice a string");
    MAMORI_TRY_VOID(position(args[3], size, true));
  }
  if (begin > end)
    return invalid_argument("invalid slice index: " + std::to_string(begin) + " > " + std::to_string(end));
  if (of.is_text()) return TemplateValue(of.text().substr(begin, end - begin));
  const auto& list = of.as_samples();
  return TemplateValue::samples(
      SampleList(list.begin() + static_cast<std::ptrdiff_t>(begin), list.begin() + static_cast<std::ptrdiff_t>(end)));
}

Outcome len(const TemplateCall&, Args args) {
  const auto count = [](std::size_t n) { return TemplateValue(static_cast<std::int64_t>(n)); };
  switch (args[0].kind()) {
    case Kind::Labels:
      return count(args[0].as_labels().size());
    case Kind::Map:
      return count(args[0].as_map().size());
    case Kind::Samples:
      return count(args[0].as_samples().size());
    case Kind::String:
    case Kind::SafeText:
      return count(args[0].text().size());
    case Kind::Nil:
      return invalid_argument("len of nil pointer");
    default:
      return invalid_argument("len of type " + std::string(args[0].type_name()));
  }
}

Outcome negate(const TemplateCall&, Args args) { return TemplateValue(!args[0].truth()); }

/// `and` and `or` stop at the argument that decides: the executor does them itself.
Outcome lazily(const TemplateCall&, Args args) { return args.back(); }

Outcome call_function(const TemplateCall&, Args args) {
  if (args[0].is(Kind::Nil)) return invalid_argument("call of nil");
  return invalid_argument("non-function of type " + std::string(args[0].type_name()));
}

// ---- text ----

std::string joined(Args args) {
  if (args.size() == 1 && args[0].is_text()) return args[0].text();
  return go_print(args);
}

Outcome print(const TemplateCall&, Args args) { return TemplateValue(go_print(args)); }

Outcome println(const TemplateCall&, Args args) {
  std::string out;
  for (const auto& arg : args) out += (out.empty() ? "" : " ") + arg.print();
  return TemplateValue(out + "\n");
}

Outcome printf(const TemplateCall& call, Args args) {
  if (!args[0].is_text()) return wrong_template_type("string", args[0]);
  return TemplateValue(go_printf(args[0].text(), args.subspan(1), call.bounds.output_bytes));
}

std::string replaced(std::string_view text, auto replacement_of) {
  std::string out;
  for (const char c : text) {
    const std::string_view other = replacement_of(c);
    if (other.empty()) {
      out += c;
    } else {
      out += other;
    }
  }
  return out;
}

Outcome html(const TemplateCall&, Args args) {
  return TemplateValue(replaced(joined(args), [](char c) -> std::string_view {
    switch (c) {
      case '\0':
        return "\xEF\xBF\xBD";
      case '"':
        return "&#34;";
      case '\'':
        return "&#39;";
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      default:
        return {};
    }
  }));
}

Outcome js(const TemplateCall&, Args args) {
  return TemplateValue(replaced(joined(args), [](char c) -> std::string_view {
    switch (c) {
      case '\\':
        return "\\\\";
      case '\'':
        return "\\'";
      case '"':
        return "\\\"";
      case '<':
        return "\\u003C";
      case '>':
        return "\\u003E";
      case '&':
        return "\\u0026";
      case '=':
        return "\\u003D";
      case '\n':
        return "\\u000A";
      case '\r':
        return "\\u000D";
      case '\t':
        return "\\u0009";
      default:
        return {};
    }
  }));
}

Outcome urlquery(const TemplateCall&, Args args) { return TemplateValue(query_escaped(joined(args))); }

constexpr TemplateFunction kFunctions[] = {
    {"and", 1, kManyArgs, lazily},
    {"or", 1, kManyArgs, lazily},
    {"not", 1, 1, negate},
    {"call", 1, kManyArgs, call_function},
    {"eq", 1, kManyArgs, eq},
    {"ne", 2, 2, ne},
    {"lt", 2, 2, lt},
    {"le", 2, 2, le},
    {"gt", 2, 2, gt},
    {"ge", 2, 2, ge},
    {"index", 1, kManyArgs, index},
    {"slice", 1, 4, slice},
    {"len", 1, 1, len},
    {"print", 0, kManyArgs, print},
    {"printf", 1, kManyArgs, printf},
    {"println", 0, kManyArgs, println},
    {"html", 0, kManyArgs, html},
    {"js", 0, kManyArgs, js},
    {"urlquery", 0, kManyArgs, urlquery},
};

}  // namespace

std::span<const TemplateFunction> go_template_functions() { return kFunctions; }

const TemplateFunction* find_template_function(std::string_view name) {
  for (const auto part :
       {go_template_functions(), number_template_functions(), text_template_functions(), sample_template_functions()}) {
    const auto found = std::ranges::find(part, name, &TemplateFunction::name);
    if (found != part.end()) return &*found;
  }
  return nullptr;
}

Error wrong_template_type(std::string_view expected, const TemplateValue& got) {
  if (got.is(Kind::Nil)) return invalid_argument("invalid value; expected " + std::string(expected));
  return invalid_argument("wrong type for value; expected " + std::string(expected) + "; got " +
                          std::string(got.type_name()));
}

}  // namespace mamori::rules
