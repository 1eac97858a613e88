#include "metrics/promql/tree_json.h"

#include <gtest/gtest.h>

#include "metrics/promql/parser.h"

namespace mamori::metrics::promql {
namespace {

std::string tree(std::string_view query) {
  const auto expr = parse(query, Features::all());
  return expr ? tree_json(**expr) : expr.error().message;
}

constexpr const char* kUp =
    R"({"anchored":false,"matchers":[{"name":"job","type":"=~","value":"a|b"},{"name":"__name__","type":"=","value":"up"}],)"
    R"("name":"up","offset":300000,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"})";

TEST(TreeJson, WritesSelectorsWithTheirModifiers) {
  EXPECT_EQ(tree(R"(up{job=~"a|b"} offset 5m)"), kUp);
  EXPECT_EQ(tree("x[2m] @ 1.5"),
            R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"x"}],"name":"x","offset":0,)"
            R"("range":120000,"smoothed":false,"startOrEnd":null,"timestamp":1500,"type":"matrixSelector"})");
  EXPECT_EQ(tree("1[1h:5m] @ end()"),
            R"x(1:1: parse error: subquery is only allowed on instant vector, got scalar instead)x");
  EXPECT_EQ(tree("vector(1)[1h:5m] @ end() offset -1m").substr(0, 20), R"({"expr":{"args":[{"t)");
}

TEST(TreeJson, WritesEveryOtherNode) {
  EXPECT_EQ(tree("-1.5e-7"), R"({"type":"numberLiteral","val":"-0.00000015"})");
  EXPECT_EQ(tree("1e22"), R"({"type":"numberLiteral","val":"10000000000000000000000"})");
  EXPECT_EQ(tree("123.25"), R"({"type":"numberLiteral","val":"123.25"})");
  EXPECT_EQ(tree("Inf"), R"({"type":"numberLiteral","val":"+Inf"})");
  EXPECT_EQ(tree("'a'"), R"({"type":"stringLiteral","val":"a"})");
  EXPECT_EQ(tree("(1)"), R"({"expr":{"type":"numberLiteral","val":"1"},"type":"parenExpr"})");
  const std::string up = kUp, selector = R"(up{job=~"a|b"} offset 5m)";
  EXPECT_EQ(tree("-" + selector), R"({"expr":)" + up + R"(,"op":"-","type":"unaryExpr"})");
  EXPECT_EQ(tree("topk by (z) (3, " + selector + ")"),
            R"({"expr":)" + up +
                R"(,"grouping":["z"],"op":"topk","param":{"type":"numberLiteral","val":"3"},)"
                R"("type":"aggregation","without":false})");
  EXPECT_EQ(tree("round(" + selector + ")"),
            R"({"args":[)" + up +
                R"(],"func":{"argTypes":["vector","scalar"],"name":"round","returnType":"vector",)"
                R"("variadic":1},"type":"call"})");
  EXPECT_EQ(tree(selector + " > bool 1"), R"({"bool":true,"lhs":)" + up +
                                              R"(,"matching":null,"op":">",)"
                                              R"("rhs":{"type":"numberLiteral","val":"1"},"type":"binaryExpr"})");
  EXPECT_EQ(tree(selector + " / on (a) group_left (b) " + selector),
            R"({"bool":false,"lhs":)" + up +
                R"(,"matching":{"card":"many-to-one","fillValues":{"lhs":null,"rhs":null},)"
                R"("include":["b"],"labels":["a"],"on":true},"op":"/","rhs":)" +
                up + R"(,"type":"binaryExpr"})");
}

TEST(SelectorsOf, FindsEachWhereverItStands) {
  const auto expr = parse("sum(rate(a[5m])) / -(b > topk(scalar(c), max_over_time(d[5m:1m])))");
  ASSERT_TRUE(expr) << expr.error().message;
  std::string names;
  for (const auto& matchers : selectors_of(**expr)) names += matchers.at(0).value();
  EXPECT_EQ(names, "abcd");
}

}  // namespace
}  // namespace mamori::metrics::promql
