#include "metrics/promql/parser.h"

#include <gtest/gtest.h>
#include "metrics/promql/lexer.h"

namespace mamori::metrics::promql {
namespace {

std::string printed(std::string_view query, Features features = {}) {
  const auto expr = parse(query, features);
  return expr ? print(**expr) : expr.error().message;
}

void same(std::string_view query) { EXPECT_EQ(printed(query, Features::all()), query); }
void prints(std::string_view query, std::string_view want) { EXPECT_EQ(printed(query, Features::all()), want); }
void refused(std::string_view query, std::string_view want) { EXPECT_EQ(printed(query), want) << query; }

TEST(Parse, PrintsItsCanonicalFormUnchanged) {
  same("1");
  same("-1");
  same("+Inf");
  same("NaN");
  same("5m");
  same("\"text\"");
  same("up");
  same("up{job=\"node\"}");
  same("{job=\"node\"}");
  same("job:rate:5m{a!=\"b\",c=~\"d.*\",e!~\"f\"}");
  same("{\"a.b\"=\"c\"}");
  same("rate(x[5m])");
  same("rate(x[5m] @ 1.500 offset -1h30m)");
  same("max_over_time(rate(x[5m])[1h:30s] @ end() offset 1m)");
  same("a + on (x) group_left (y) b");
  same("a == bool ignoring (x) b");
  same("a and on () b");
  same("sum by (job) (rate(x[5m]))");
  same("topk without (a) (3, x)");
  same("count_values(\"v\", x)");
  same("-(a ^ b)");
  same("Inf ^ 2");
  same("rate(x[5m + step()])");
  same("increase(x[5m] anchored)");
  same("a + fill (0) b");
}

TEST(Parse, NormalisesWhatMayBeWrittenInSeveralWays) {
  prints("SUM(x) BY (a,b,)", "sum by (a, b) (x)");
  prints("0x1F", "31");
  prints("1_000", "1000");
  prints("1e3", "1000");
  prints("x[300]", "x[5m]");
  prints("'a\\'b'", "\"a'b\"");
  prints("`a\\b`", "\"a\\\\b\"");
  prints("{\"up\"}", "{__name__=\"up\"}");
  prints("x offset 0s", "x");
  prints("sum", "sum");
  prints("sum{a=\"b\"}", "sum{a=\"b\"}");
  prints("# note\nup # more", "up");
}

TEST(Pretty, BreaksWhatPassesAHundredColumns) {
  const std::string name(60, 'a');
  const auto expr = parse("sum by (job) (rate(" + name + "[5m]) / rate(" + name + "[5m]))").value();
  EXPECT_EQ(pretty(*expr), "sum by (job) (\n    rate(" + name + "[5m])\n  /\n    rate(" + name + "[5m])\n)");
  EXPECT_EQ(pretty(*parse("sum(up)by(job)").value()), "sum by (job) (up)");
}

TEST(Parse, BindsAsTheDocumentationSays) {
  const auto shape = [](std::string_view query) {
    const auto expr = parse(query);
    if (!expr) return expr.error().message;
    const auto& binary = static_cast<const BinaryExpr&>(**expr);
    return (*expr)->kind == Kind::Binary ? print(*binary.left) + " | " + print(*binary.right) : print(**expr);
  };
  EXPECT_EQ(shape("a + b * c"), "a | b * c");
  EXPECT_EQ(shape("a * b + c"), "a * b | c");
  EXPECT_EQ(shape("a ^ b ^ c"), "a | b ^ c");
  EXPECT_EQ(shape("a - b - c"), "a - b | c");
  EXPECT_EQ(shape("a or b and c"), "a | b and c");
  EXPECT_EQ(shape("a > b + c"), "a | b + c");
  EXPECT_EQ(shape("-a * b"), "-a | b");
  EXPECT_EQ(parse("-a ^ b").value()->kind, Kind::Unary);
}

TEST(Parse, NamesTheMistakeAndItsPlaceAsPrometheusDoes) {
  refused("", "1:1: parse error: no expression found in input");
  refused("1+", "1:3: parse error: unexpected end of input");
  refused("sum((a) * )", "1:11: parse error: unexpected \")\" in aggregation");
  refused("abs((a) * )", "1:11: parse error: unexpected \")\"");
  refused("sum(a) * ", "1:10: parse error: unexpected end of input");
  refused("*1", "1:1: parse error: unexpected <op:*>");
  refused("(1))", "1:4: parse error: unexpected right parenthesis ')'");
  refused("((1)", "1:5: parse error: unclosed left parenthesis");
  refused("3e323", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"3e323\": value out of range");
  refused("2.5.", "1:4: parse error: unexpected character: '.'");
  refused("0deadbeef", "1:1: parse error: bad number or duration syntax: \"0de\"");
  refused("some{", "1:6: parse error: unexpected end of input inside braces");
  refused("some{a=b}", "1:8: parse error: unexpected identifier \"b\" in label matching, expected string");
  refused("foo{gibberish}", "1:14: parse error: unexpected \"}\" in label matching, expected label matching operator");
  refused("foo{,}", "1:5: parse error: unexpected \",\" in label matching, expected identifier or \"}\"");
  refused("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher");
  refused("{x=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher");
  refused("foo{__name__=\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\"");
  refused("sum some", "1:5: parse error: unexpected identifier \"some\"");
  refused("sum()", "1:1: parse error: no arguments for aggregate expression provided");
  refused("topk(x)",
          "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1");
  refused("topk(x, y)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector");
  refused("rate(x)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector");
  refused("floor()", "1:1: parse error: expected 1 argument(s) in call to \"floor\", got 0");
  refused("nothing(x)", "1:1: parse error: unknown function with name \"nothing\"");
  refused("1 == 1", "1:1: parse error: comparisons between scalars must use BOOL modifier");
  refused("a + bool b", "1:1: parse error: bool modifier can only be used on comparison operators");
  refused("a and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression");
  refused("foo and on(bar) group_left(baz) bar", "1:1: parse error: no grouping allowed for \"and\" operation");
  refused("-test[5m]",
          "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "
          "\"range vector\"");
  refused("foo offset 1m[5m]", "1:14: parse error: no offset modifiers allowed before range");
  refused("(foo + bar)[5m]", "1:12: parse error: ranges only allowed for vector selectors");
  refused("foo[5mm]", "1:5: parse error: bad number or duration syntax: \"5mm\"");
  refused("foo[0s]", "1:5: parse error: duration must be greater than 0");
  refused("foo offset 1s offset 2s", "1:1: parse error: offset may not be set multiple times");
  refused("\"open", "1:1: parse error: unterminated quoted string");
  refused("limitk(1, x)",
          "1:1: parse error: limitk() is experimental and must be enabled with "
          "--enable-feature=promql-experimental-functions");
}

TEST(Parse, RefusesWhatWouldExhaustTheStack) {
  EXPECT_FALSE(parse(std::string(100'000, '(') + "1" + std::string(100'000, ')')));
  EXPECT_FALSE(parse(std::string(100'000, '-') + "a"));
  std::string sum = "a";
  for (int i = 0; i < 100'000; ++i) sum += "+a";
  EXPECT_FALSE(parse(sum));
}

TEST(Parse, ReadsAPlainSelectorForMatchParameters) {
  ASSERT_TRUE(parse_selector("up{job=\"a\"}"));
  EXPECT_EQ(parse_selector("up{job=\"a\"}")->size(), 2u);
  EXPECT_FALSE(parse_selector("up[5m]"));
  EXPECT_FALSE(parse_selector("up offset 5m"));
}

TEST(Durations, ReadAndPrintAsPrometheusDoes) {
  EXPECT_EQ(duration_ms("1h30m"), 5'400'000);
  EXPECT_EQ(duration_ms("1y2w3d4h5m6s7ms"), 31'536'000'000 + 1'209'600'000 + 259'200'000 + 14'400'000 + 306'007);
  EXPECT_EQ(duration_ms("5m1h"), std::nullopt);
  EXPECT_EQ(duration_ms("5m5m"), std::nullopt);
  EXPECT_EQ(duration_ms("300y"), std::nullopt);
  EXPECT_EQ(format_duration_ms(90'000), "1m30s");
  EXPECT_EQ(format_duration_ms(0), "0s");
  EXPECT_EQ(format_duration_ms(-1500), "-1s500ms");
  EXPECT_EQ(format_duration_ms(1'209'600'000), "2w");
}

}  // namespace
}  // namespace mamori::metrics::promql
