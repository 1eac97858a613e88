#include <re2/re2.h>

#include "metrics/store.h"

namespace mamori::metrics {

Result<Matcher> Matcher::make(std::string name, MatchOp op, std::string value) {
  Matcher matcher;
  matcher.name_ = std::move(name);
  matcher.value_ = std::move(value);
  matcher.op_ = op;
  if (op == MatchOp::Regex || op == MatchOp::NotRegex) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);      // Prometheus compiles ^(?s:…)$
    options.set_max_mem(8 << 20);  // bounds what one expression may cost
    auto compiled = std::make_shared<const RE2>(matcher.value_, options);
    if (!compiled->ok()) {
      return invalid_argument("\"" + matcher.value_ + "\" is not a regular expression: " + compiled->error());
    }
    matcher.compiled_ = std::move(compiled);
  }
  return matcher;
}

bool Matcher::matches(std::string_view value) const {
  switch (op_) {
    case MatchOp::Equal:
      return value == value_;
    case MatchOp::NotEqual:
      return value != value_;
    case MatchOp::Regex:
      return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *static_cast<const RE2*>(compiled_.get()));
    case MatchOp::NotRegex:
      return !RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *static_cast<const RE2*>(compiled_.get()));
  }
  return false;
}

}  // namespace mamori::metrics
