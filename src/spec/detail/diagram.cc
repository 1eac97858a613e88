#include "spec/detail/diagram.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"

namespace mamori::spec {

namespace {

// A chart that a person drew has some dozens of nodes; comparing siblings is quadratic.
constexpr std::size_t kNodesMaxInChart = 300, kEdgesMaxInChart = 2000, kGroupMax = 50;

std::vector<std::string> unique(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Splits where `separator` stands outside of brackets and quotes: "A[Logs & metrics] & B".
std::vector<std::string_view> split_outside_labels(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '(' || c == '{') ++depth;
    if (c == ']' || c == ')' || c == '}') --depth;
    if (c != separator || depth > 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

class DiagramReader {
 public:
  explicit DiagramReader(Diagram& diagram) : diagram_(diagram) {}

  void read_line(std::string_view line, Position at) {
    static const RE2 kSkip(
        R"(\s*(?:$|%%.*|subgraph\b.*|end\s*|direction\b.*|style\b.*|classDef\b.*|class\b.*|linkStyle\b.*|click\b.*))");
    if (RE2::FullMatch(line, kSkip)) return;
    for (const std::string_view statement : split_outside_labels(line, ';')) read_statement(statement, at);
  }

 private:
  void read_statement(std::string_view text, Position at) {
    static const RE2 kArrow(
        R"(\s*<?(?:--+[>xo]|---+|-\.+-+>?|==+>|===+|--\s+[^-|>]{1,80}?\s+--+>)\s*(?:\|[^|]{0,200}\|)?\s*)");
    re2::StringPiece rest(text.data(), text.size());
    std::vector<std::string> before;
    while (true) {
      re2::StringPiece arrow;
      std::string_view part(rest.data(), rest.size());
      const bool found = find_arrow(rest, kArrow, arrow);
      if (found) part = std::string_view(rest.data(), static_cast<std::size_t>(arrow.data() - rest.data()));
      const auto group = read_group(part, at);
      for (const std::string& from : before) {
        for (const std::string& to : group) {
          if (diagram_.edges.size() < kEdgesMaxInChart) diagram_.edges.push_back({from, to, at});
        }
      }
      if (!found) return;
      before = group;
      rest.remove_prefix(static_cast<std::size_t>(arrow.data() + arrow.size() - rest.data()));
    }
  }

  static bool find_arrow(const re2::StringPiece& text, const RE2& form, re2::StringPiece& arrow) {
    return form.Match(text, 0, text.size(), RE2::UNANCHORED, &arrow, 1) && !arrow.empty();
  }

  /// "A[Label] & B" -> A, B.
  std::vector<std::string> read_group(std::string_view text, Position at) {
    // An id, a label in one of the shapes [ ] ( ) { } >] and their doubles, and a class.
    static const RE2 kNode(R"(\s*([\p{L}\p{N}_][\p{L}\p{N}_.]*)\s*)"
                           R"((?:(?:\[+|\(+|\{+|>)[\s"(/\\]*([^\]\)\}"]*)["\s\)/\\]*[\]\)\}]+)?\s*)"
                           R"((?::::\w+)?\s*)");
    std::vector<std::string> ids;
    for (const std::string_view part : split_outside_labels(text, '&')) {
      std::string id, label;
      if (!RE2::FullMatch(re2::StringPiece(part.data(), part.size()), kNode, &id, &label)) continue;
      if (ids.size() == kGroupMax) break;
      ids.push_back(id);
      add_node(id, std::string(trim(label)), at);
    }
    return ids;
  }

  void add_node(const std::string& id, const std::string& label, Position at) {
    for (DiagramNode& node : diagram_.nodes) {
      if (node.id != id) continue;
      if (!label.empty()) node.label = label;
      return;
    }
    if (diagram_.nodes.size() < kNodesMaxInChart) diagram_.nodes.push_back({id, label.empty() ? id : label, at});
  }

  Diagram& diagram_;
};

}  // namespace

const DiagramNode* Diagram::find(const std::string& id) const {
  const auto found = std::ranges::find(nodes, id, &DiagramNode::id);
  return found == nodes.end() ? nullptr : &*found;
}

std::vector<std::string> Diagram::targets(const std::string& id) const {
  std::vector<std::string> names;
  for (const DiagramEdge& edge : edges) {
    if (edge.from == id) names.push_back(edge.to);
  }
  return unique(std::move(names));
}

std::vector<std::string> Diagram::sources(const std::string& id) const {
  std::vector<std::string> names;
  for (const DiagramEdge& edge : edges) {
    if (edge.to == id) names.push_back(edge.from);
  }
  return unique(std::move(names));
}

Diagram read_diagram(const Block& block) {
  Diagram diagram;
  DiagramReader reader(diagram);
  bool begun = false;
  int number = block.at.line - 1;
  for (const std::string& line : block.lines) {
    ++number;
    if (!begun) {
      begun = RE2::FullMatch(line, R"(\s*(?:graph|flowchart)\b.*)");
      if (!begun && !trim(line).empty() && !trim(line).starts_with("%%")) return diagram;  // another kind of diagram
      continue;
    }
    const auto indent = line.find_first_not_of(" \t");
    reader.read_line(line, {block.at.file, number, static_cast<int>(indent == std::string::npos ? 0 : indent) + 1});
  }
  return diagram;
}

}  // namespace mamori::spec
