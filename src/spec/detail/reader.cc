#include "spec/detail/reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>

namespace mamori::spec {

namespace {

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Entry& entry : node.entries) count += count_nodes(entry.value);
  return count;
}

std::size_t depth_of(const Node& node) {
  std::size_t depth = 0;
  for (const Node& item : node.items) depth = std::max(depth, depth_of(item));
  for (const Entry& entry : node.entries) depth = std::max(depth, depth_of(entry.value));
  return depth + 1;
}

/// Byte columns of yaml-cpp to positions in the file, in characters.
class Positions {
 public:
  Positions(std::string_view text, Position first) : text_(text), first_(first) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);  // a lone '\r' is no new line for yaml-cpp's marks
    }
  }

  Position of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {first_.file, first_.line, 1};
    const std::size_t line = std::min(static_cast<std::size_t>(std::max(mark.line, 0)), starts_.size() - 1);
    const std::size_t begin = starts_[line];
    const std::size_t end = std::min(text_.size(), begin + static_cast<std::size_t>(std::max(mark.column, 0)));
    int column = 1;
    for (std::size_t i = begin; i < end; ++i) column += (static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80 ? 1 : 0;
    return {first_.file, first_.line + static_cast<int>(line), column};
  }

 private:
  std::string_view text_;
  Position first_;
  std::vector<std::size_t> starts_;
};

/// Builds the tree from yaml-cpp's events. After the first failure the remaining events are ignored.
class Builder : public YAML::EventHandler {
 public:
  Builder(const Positions& positions, ReadBudget& budget, Findings& findings)
      : positions_(positions), budget_(budget), budget_max_(budget.nodes), findings_(findings) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.kind = Kind::Null;
    node.at = positions_.of(mark);
    place(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed_) return;
    const Position at = positions_.of(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return fail("yaml.syntax", at, "the alias stands inside its own anchor", "remove it");
    if (depth_of(found->second) + stack_.size() > kDepthMax) return fail_depth(at);
    if (!take(count_nodes(found->second), at)) return;
    Node copy = found->second;
    place_counted(std::move(copy), YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Kind::Scalar;
    node.at = positions_.of(mark);
    node.text = value;
    node.quoted = tag == "!";
    const bool null_word = !node.quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL");
    if (null_word) node.kind = Kind::Null;
    place(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Kind::List, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Kind::Map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  bool failed() const { return failed_; }
  std::optional<Node> take_root() { return std::exchange(root_, std::nullopt); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Node> key;   // a map's key that waits for its value
    std::vector<Node> merged;  // maps named by its merge keys, applied when it closes
  };

  void fail(std::string_view id, Position at, std::string message, std::string fix) {
    findings_.report(id, at, std::move(message), std::move(fix));
    failed_ = true;
  }

  void fail_depth(Position at) {
    fail("yaml.too-large", at, "the document is nested deeper than " + std::to_string(kDepthMax) + " levels",
         "flatten it");
  }

  bool take(std::size_t nodes, Position at) {
    if (nodes <= budget_.nodes) {
      budget_.nodes -= nodes;
      return true;
    }
    fail("yaml.too-large", at, "the document has more values than the " + std::to_string(budget_max_) + " allowed",
         "split it, or expand fewer aliases");
    return false;
  }

  void open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (failed_) return;
    const Position at = positions_.of(mark);
    if (stack_.size() >= kDepthMax) return fail_depth(at);
    if (!take(1, at)) return;
    Frame frame{.node = {}, .anchor = anchor, .key = std::nullopt, .merged = {}};
    frame.node.kind = kind;
    frame.node.at = at;
    stack_.push_back(std::move(frame));
  }

  void close() {
    if (failed_ || stack_.empty()) return;
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    for (Node& from : frame.merged) merge_key(frame.node, from);
    place_counted(std::move(frame.node), frame.anchor);
  }

  void place(Node node, YAML::anchor_t anchor) {
    if (failed_ || !take(1, node.at)) return;
    place_counted(std::move(node), anchor);
  }

  void place_counted(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      // The anchor's copy is held besides the tree: it counts too.
      if (!take(count_nodes(node), node.at)) return;
      anchors_[anchor] = node;
    }
    node.key_at = node.at;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == Kind::List) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.key) {
      if (node.kind != Kind::Scalar && node.kind != Kind::Null) {
        return fail("yaml.syntax", node.at, "a key must be a single value", "quote the key");
      }
      frame.key = std::move(node);
    } else {
      add_entry(frame, std::move(node));
    }
  }

  void add_entry(Frame& frame, Node value) {
    const Node key = *std::exchange(frame.key, std::nullopt);
    if (key.text == "<<" && !key.quoted && value.is_map()) {
      frame.merged.push_back(std::move(value));
      return;
    }
    value.key_at = key.at;
    if (frame.node.entries.size() >= kKeysMax) {
      return fail("yaml.too-large", key.at, "a map has more than " + std::to_string(kKeysMax) + " keys", "split it");
    }
    for (const Entry& entry : frame.node.entries) {
      if (entry.key != key.text) continue;
      findings_.report("spec.defined-twice", key.at,
                       "the key '" + key.text + "' stands twice in one map, first in line " +
                           std::to_string(entry.value.key_at.line),
                       "keep one of them");
      return;
    }
    frame.node.entries.push_back({key.text, std::move(value)});
  }

  /// YAML 1.1's merge key: what the map has already wins.
  static void merge_key(Node& map, Node& from) {
    for (Entry& entry : from.entries) {
      if (map.entries.size() < kKeysMax && !map[entry.key].exists()) map.entries.push_back(std::move(entry));
    }
  }

  const Positions& positions_;
  ReadBudget& budget_;
  const std::size_t budget_max_;
  Findings& findings_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
  bool failed_ = false;
};

std::string where(const Position& at, const std::vector<std::string>& files) {
  const auto file = static_cast<std::size_t>(at.file);
  return (file < files.size() ? files[file] : "") + ":" + std::to_string(at.line);
}

void merge(Node& into, Node from, const std::string& path, Findings& findings, const std::vector<std::string>& files) {
  if (into.kind == Kind::Missing || into.kind == Kind::Null) {
    into = std::move(from);
    return;
  }
  if (from.kind == Kind::Null) return;
  if (into.is_map() && from.is_map()) {
    for (Entry& entry : from.entries) {
      const std::string below = path.empty() ? entry.key : path + "." + entry.key;
      bool found = false;
      for (Entry& old : into.entries) {
        if (old.key != entry.key) continue;
        merge(old.value, std::move(entry.value), below, findings, files);
        found = true;
        break;
      }
      if (!found) into.entries.push_back(std::move(entry));
    }
    return;
  }
  if (into.is_list() && from.is_list()) {
    for (Node& item : from.items) into.items.push_back(std::move(item));
    return;
  }
  findings.report("spec.defined-twice", from.key_at,
                  "'" + path + "' is given twice, first in " + where(into.key_at, files),
                  "keep one: only maps and lists of several files are joined");
}

/// Reads from a view without copying it.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf wants char*, but a get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

std::string tidy(const std::string& message) {
  if (message.empty()) return "this is not YAML";
  return "this is not YAML: " + message;
}

/// Hands each document that could be read to `take`, until it returns false.
void each_document(std::string_view text, Position first, ReadBudget& budget, Findings& findings,
                   const std::function<bool(Node)>& take) {
  const Position begin{first.file, first.line, 1};
  if (text.size() > budget.text_bytes_max) {
    findings.report("yaml.too-large", begin,
                    "the text is longer than " + std::to_string(budget.text_bytes_max >> 20) + " MiB",
                    "split the file");
    return;
  }
  if (text.find('\0') != std::string_view::npos) {
    findings.report("yaml.syntax", begin, "the text holds a zero byte", "save it as UTF-8");
    return;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const Positions positions(text, first);
  Builder builder(positions, budget, findings);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
      std::optional<Node> document = builder.take_root();
      if (document && !builder.failed() && !take(*std::move(document))) return;
    }
  } catch (const YAML::Exception& e) {
    if (builder.failed()) return;  // said already
    findings.report("yaml.syntax", positions.of(e.mark), tidy(e.msg), "mend the syntax; the rest is not read");
  } catch (const std::exception& e) {
    findings.report("yaml.syntax", begin, tidy(e.what()), "mend the syntax; the rest is not read");
  }
}

}  // namespace

void read_into(Node& root, std::string_view text, Position first, ReadBudget& budget, Findings& findings,
               const std::vector<std::string>& files) {
  each_document(text, first, budget, findings, [&](Node document) {
    if (document.kind == Kind::Null) return true;
    if (document.is_map()) {
      merge(root, std::move(document), "", findings, files);
    } else {
      findings.report("spec.wrong-type", document.at,
                      "the document is " + std::string(describe(document.kind)) + ", not a map of sections",
                      "begin with a section such as 'payment_monitoring:'");
    }
    return true;
  });
}

Node read_document(std::string_view text, Position first, ReadBudget& budget, Findings& findings) {
  Node root;
  each_document(text, first, budget, findings, [&](Node document) {
    root = std::move(document);
    return false;
  });
  return root;
}

}  // namespace mamori::spec
