#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <map>

#include "logs/query.h"

namespace mamori::logs {
namespace {

using Document = std::map<std::string, int>;  // a: 0..3, b: 0..3

/// A query as text, and what it means, built together.
struct Made {
  std::string text;
  std::function<bool(const Document&)> means;
};

Made leaf() {
  const auto field = *rc::gen::element<std::string>("a", "b");
  const int number = *rc::gen::inRange(0, 4);
  const auto value = [field](const Document& d) { return d.contains(field) ? d.at(field) : -1; };
  const std::string n = std::to_string(number);
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return {field + ":" + n, [=](const Document& d) { return value(d) == number; }};
    case 1:
      return {field + ":>" + n, [=](const Document& d) { return value(d) > number; }};
    case 2:
      return {field + " <= " + n, [=](const Document& d) { return value(d) >= 0 && value(d) <= number; }};
    case 3:
      return {field + ":{0 TO " + n + "]", [=](const Document& d) { return value(d) > 0 && value(d) <= number; }};
    case 4:
      return {"_exists_:" + field, [=](const Document& d) { return value(d) >= 0; }};
    default:
      return {"*", [](const Document&) { return true; }};
  }
}

Made made(int depth) {
  if (depth == 0) return leaf();
  const int kind = *rc::gen::inRange(0, 5);
  if (kind == 0) return leaf();
  if (kind == 1) {
    const Made inner = made(depth - 1);
    const auto sign = *rc::gen::element<std::string>("NOT ", "!", "-");
    return {sign + "(" + inner.text + ")", [=](const Document& d) { return !inner.means(d); }};
  }
  const Made left = made(depth - 1), right = made(depth - 1);
  if (kind == 2) {
    const auto sign = *rc::gen::element<std::string>(" OR ", " || ");
    return {"(" + left.text + sign + right.text + ")",
            [=](const Document& d) { return left.means(d) || right.means(d); }};
  }
  const auto sign = *rc::gen::element<std::string>(" AND ", " && ", " ");
  return {"(" + left.text + ")" + sign + "(" + right.text + ")",
          [=](const Document& d) { return left.means(d) && right.means(d); }};
}

RC_GTEST_PROP(Query, MeansWhatItsPartsMean, ()) {
  const Made query = made(3);
  const auto parsed = Query::parse(query.text);
  RC_ASSERT(parsed.has_value());
  for (int a = -1; a < 4; ++a) {
    for (int b = -1; b < 4; ++b) {
      Document document;
      if (a >= 0) document["a"] = a;
      if (b >= 0) document["b"] = b;
      std::string json;
      for (const auto& [name, value] : document)
        json += (json.empty() ? "\"" : ",\"") + name + "\":" + std::to_string(value);
      json = "{" + json + "}";
      RC_ASSERT(parsed->matches(Line{"payment_logs", Timestamp{}, json}) == query.means(document));
    }
  }
}

RC_GTEST_PROP(Query, FindsATermThatIsEscapedWhateverItHolds, ()) {
  const auto value = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>(0x20, 0x7F)));
  std::string text = "f:\"", json = "{\"f\":\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\', json += '\\';
    text += c;
    json += c;
  }
  const auto parsed = Query::parse(text + "\"");
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->matches(Line{"payment_logs", Timestamp{}, json + "\"}"}));
}

}  // namespace
}  // namespace mamori::logs
