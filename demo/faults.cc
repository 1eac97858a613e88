#include "demo/faults.h"

#include "base/json.h"
#include "base/text.h"
#include "demo/json_object.h"

namespace mamori::demo {

Result<const FaultInfo*> find_fault(std::string_view name) {
  std::string known;
  std::vector<std::string> names;
  for (const auto& fault : kFaults) {
    if (fault.name == name) return &fault;
    known += (known.empty() ? "" : ", ") + std::string(fault.name);
    names.emplace_back(fault.name);
  }
  const std::string near = nearest(name, names);
  return Error{Code::NotFound, "no fault is named \"" + std::string(name) + "\"" +
                                   (near.empty() ? "" : ", did you mean " + near + "?") + " (known: " + known + ")"};
}

std::string to_json(const Faults& faults) {
  JsonWriter json;
  json.begin_object();
  for (const auto& fault : kFaults) json.field(fault.name, faults.*fault.member);
  json.end_object();
  return std::move(json).take();
}

Result<Faults> faults_from_json(std::string_view json) {
  MAMORI_TRY(const auto object, JsonObject::parse(json));
  Faults faults;
  for (const auto& fault : kFaults) faults.*fault.member = object.text(fault.name) == "true";
  return faults;
}

}  // namespace mamori::demo
