// ingest/series_text.h: reads the text of one series, `a{b="c",d="e"}`, or of one exemplar, `# {trace_id="…"} 1.5 2`.
// Looks at each byte once; remembers the first thing that does not fit, and where.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "ingest/exposition.h"

namespace mamori::ingest {

/// Undoes \\ and \n and, with `quotes`, \"; any other backslash stands for itself, as Prometheus reads it.
std::string unescape(std::string_view text, bool quotes);

class SeriesText {
 public:
  /// `text` and `labels` must outlive it.
  SeriesText(std::string_view text, bool open_metrics, LabelViews& labels)
      : text_(text), open_metrics_(open_metrics), labels_(labels) {
    labels_.pairs.clear();
    labels_.unescaped.clear();
    labels_.unescaped.reserve(text.size() + kFloatsBytes);  // never moves: what is undone is shorter than it was
  }

  bool read_series(FloatLabel floats);
  bool read_exemplar(ExemplarSample& sample);

  const std::string& problem() const { return problem_; }
  std::size_t problem_at() const { return problem_at_; }

 private:
  static constexpr std::size_t kFloatsBytes = 64;  // of one number written anew

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_spaces();
  bool take(char c);
  bool fail(std::string problem) { return fail_at(at_, std::move(problem)); }
  bool fail_at(std::size_t at, std::string problem);
  bool read_pairs(bool name_allowed);
  bool read_name(std::string_view& name, bool colons);
  bool read_quoted(std::string_view& value);
  bool check_unique();
  void normalize(FloatLabel floats);

  const std::string_view text_;
  const bool open_metrics_;
  LabelViews& labels_;
  std::size_t at_ = 0;
  std::string problem_;
  std::size_t problem_at_ = 0;
};

}  // namespace mamori::ingest
