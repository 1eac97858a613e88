// spec/detail/diagram.h: a Mermaid flow chart as nodes and edges. Reads the forms that flow charts of systems use; what
// it does not understand it leaves out, so a rule must never conclude from a line that is missing.
#pragma once
#include <string>
#include <vector>

#include "spec/detail/node.h"

namespace mamori::spec {

struct DiagramNode {
  std::string id, label;  // the label is the id when none is given
  Position at;            // where it first stands
};

struct DiagramEdge {
  std::string from, to;
  Position at;
};

struct Diagram {
  std::vector<DiagramNode> nodes;
  std::vector<DiagramEdge> edges;

  const DiagramNode* find(const std::string& id) const;
  std::vector<std::string> targets(const std::string& id) const;  // sorted, each once
  std::vector<std::string> sources(const std::string& id) const;
};

/// Empty when the block is no `graph` or `flowchart`. Source of the forms: mermaid.js.org/syntax/flowchart.html.
Diagram read_diagram(const Block& block);

}  // namespace mamori::spec
