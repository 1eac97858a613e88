// Prometheus' functions over the results of queries.
#include <algorithm>

#include "rules/detail/template_functions.h"

namespace mamori::rules {
namespace {

using Kind = TemplateValue::Kind;
using Args = std::span<const TemplateValue>;
using Outcome = Result<TemplateValue>;

std::string label_of(const TemplateSample& sample, std::string_view name) {
  const auto at = std::ranges::find(sample.labels, name, &std::pair<std::string, std::string>::first);
  return at == sample.labels.end() ? std::string() : at->second;
}

Outcome query(const TemplateCall& call, Args args) {
  if (!args[0].is_text()) return wrong_template_type("string", args[0]);
  if (!call.data.query) return invalid_argument("there is nothing to query here");
  if (++call.queries > call.bounds.queries)
    return Error{Code::TooLarge, "more than " + std::to_string(call.bounds.queries) + " queries"};
  MAMORI_TRY(auto samples, call.data.query(args[0].text()));
  SampleList list;
  for (auto& sample : samples) list.push_back(std::make_shared<const TemplateSample>(std::move(sample)));
  return TemplateValue::samples(std::move(list));
}

Outcome first(const TemplateCall&, Args args) {
  if (!args[0].is(Kind::Samples)) return wrong_template_type("template.queryResult", args[0]);
  if (args[0].as_samples().empty()) return invalid_argument("first() called on vector with no elements");
  return TemplateValue::sample(args[0].as_samples().front());
}

Outcome label(const TemplateCall&, Args args) {
  if (!args[0].is_text()) return wrong_template_type("string", args[0]);
  if (!args[1].is(Kind::Sample)) return wrong_template_type("*template.sample", args[1]);
  return TemplateValue(label_of(args[1].as_sample(), args[0].text()));
}

Outcome value(const TemplateCall&, Args args) {
  if (!args[0].is(Kind::Sample)) return wrong_template_type("*template.sample", args[0]);
  return TemplateValue::of_number(args[0].as_sample().value);
}

/// Of metrics that hold a text in the label __value__.
Outcome strvalue(const TemplateCall&, Args args) {
  if (!args[0].is(Kind::Sample)) return wrong_template_type("*template.sample", args[0]);
  return TemplateValue(label_of(args[0].as_sample(), "__value__"));
}

Outcome sort_by_label(const TemplateCall&, Args args) {
  if (!args[0].is_text()) return wrong_template_type("string", args[0]);
  if (!args[1].is(Kind::Samples)) return wrong_template_type("template.queryResult", args[1]);
  auto list = args[1].as_samples();
  std::ranges::stable_sort(list, {}, [&](const SamplePtr& sample) { return label_of(*sample, args[0].text()); });
  return TemplateValue::samples(std::move(list));
}

/// Several values as one, for {{template}}: arg0, arg1, …
Outcome args_map(const TemplateCall&, Args args) {
  ValueMap map;
  for (std::size_t i = 0; i < args.size(); ++i) map.emplace("arg" + std::to_string(i), args[i]);
  return TemplateValue::map(std::move(map));
}

constexpr TemplateFunction kFunctions[] = {
    {"query", 1, 1, query},           {"first", 1, 1, first},       {"label", 2, 2, label},
    {"value", 1, 1, value},           {"strvalue", 1, 1, strvalue}, {"sortByLabel", 2, 2, sort_by_label},
    {"args", 0, kManyArgs, args_map},
};

}  // namespace

std::span<const TemplateFunction> sample_template_functions() { return kFunctions; }

}  // namespace mamori::rules
