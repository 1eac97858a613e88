// logs/query.h: the log query language: a subset of Lucene query strings.
// field:term  field:"phrase"  term  AND OR NOT && || ! -term  ( )  field:(a OR b)  field:>5  field:[a TO b]  wildcards
// * ? AND binds closer than OR; a space between terms is AND. Documented in docs/log-queries.md.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "logs/store.h"

namespace mamori::logs {

/// Immutable, cheap to copy, thread-safe.
class Query {
 public:
  /// "" and "*" match everything. Errors: InvalidArgument with the column and a caret line under the spot.
  static Result<Query> parse(std::string_view text);
  bool matches(const Line& line) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
};

}  // namespace mamori::logs
