// spec/detail/typed.h: the active sections of a checked document as the typed Spec that the other rooms read.
// What the schema refused is left out or keeps its default, so a Spec is always safe to hold.
#pragma once
#include "spec/detail/node.h"
#include "spec/spec.h"

namespace mamori::spec {

Spec to_spec(const Document& document);

}  // namespace mamori::spec
