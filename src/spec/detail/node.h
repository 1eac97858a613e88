// spec/detail/node.h: the document as a tree in which every value knows where it stands.
// Invariant: a Node reached by a lookup that fails is the one Missing node, so lookups chain without checks.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mamori::spec {

struct Position {
  int file = 0;              // index into Document::files
  int line = 0, column = 0;  // from 1; columns count characters, not bytes; 0: unknown
  auto operator<=>(const Position&) const = default;
};

enum class Kind { Missing, Null, Scalar, List, Map };

struct Entry;

struct Node {
  Kind kind = Kind::Missing;
  Position at;      // where the value begins
  Position key_at;  // where its key begins, when it is a value of a map; else `at`
  std::string text;
  bool quoted = false;  // "300" and 300 are different things in YAML
  std::vector<Node> items;
  std::vector<Entry> entries;

  bool exists() const { return kind != Kind::Missing; }
  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_map() const { return kind == Kind::Map; }
  bool is_list() const { return kind == Kind::List; }

  /// The value under `key`; the Missing node when this is no map or has no such key.
  const Node& operator[](std::string_view key) const;
  /// The node at a path such as "infrastructure.vpc.cidr".
  const Node& at_path(std::string_view dotted) const;
};

struct Entry {
  std::string key;
  Node value;
};

/// The kind as an operator would call it: "a map", "a list", "text", "nothing".
std::string_view describe(Kind kind);

/// A fenced block of a Markdown file.
struct Block {
  std::string language;  // "mermaid", "bash", ...
  Position at;           // the first line inside the fence
  std::vector<std::string> lines;
};

/// A line of a Markdown file outside the fences (or inside a fence that holds Markdown).
struct ProseLine {
  Position at;
  std::string text;
  bool fenced = false;
};

/// All files, merged.
struct Document {
  std::vector<std::string> files;
  Node root;
  std::vector<Block> blocks;
  std::vector<ProseLine> prose;
};

}  // namespace mamori::spec
