#include "spec/detail/diagram.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

Diagram read(std::vector<std::string> lines) { return read_diagram(Block{"mermaid", {0, 10, 1}, std::move(lines)}); }

std::string edges(const Diagram& diagram) {
  std::string text;
  for (const DiagramEdge& edge : diagram.edges) text += edge.from + ">" + edge.to + " ";
  return text;
}

TEST(Diagram, ReadsTheFormsOfEdges) {
  const auto check = [](const std::string& line, const std::string& want) {
    EXPECT_EQ(edges(read({"flowchart LR", line})), want) << line;
  };
  check("A --> B", "A>B ");
  check("A-->B", "A>B ");
  check("A --- B", "A>B ");
  check("A -.-> B", "A>B ");
  check("A ==> B", "A>B ");
  check("A -->|pays| B", "A>B ");
  check("A -- pays --> B", "A>B ");
  check("A --> B --> C", "A>B B>C ");
  check("A & B --> C & D", "A>C A>D B>C B>D ");
  check("A[App Server] --> B{{Queue}}:::hot", "A>B ");
  check("A --> B; B --> C", "A>B B>C ");
  check("A[Logs & metrics; all] --> B & C", "A>B A>C ");
  check("%% A --> B", "");
  check("subgraph \"A --> B\"", "");
}

TEST(Diagram, TakesLabelsAndPlacesOfNodes) {
  const Diagram diagram = read({"graph TB", "  A[App Server 1]", "  A --> DB[(Main DB)]"});
  ASSERT_EQ(diagram.nodes.size(), 2u);
  EXPECT_EQ(diagram.nodes[0].label, "App Server 1");
  EXPECT_EQ(diagram.nodes[0].at, (Position{0, 11, 3}));
  EXPECT_EQ(diagram.targets("A"), std::vector<std::string>{"DB"});
}

TEST(Diagram, LeavesOtherKindsOfDiagramsAlone) {
  EXPECT_TRUE(read({"sequenceDiagram", "A->>B: hi"}).nodes.empty());
  EXPECT_TRUE(read({}).nodes.empty());
}

}  // namespace
}  // namespace mamori::spec
