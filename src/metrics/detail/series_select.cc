// SeriesIndex::select: which series match. Lists of ids are intersected, from the narrowest on; labels are looked at
// only where a matcher has more values to try than there are series left.
#include <algorithm>

#include "metrics/detail/id_set.h"
#include "metrics/detail/regex_literals.h"
#include "metrics/detail/series_index.h"

namespace mamori::metrics::detail {
namespace {

using Lists = std::vector<std::span<const SeriesRef>>;

bool is_negative(const Matcher& matcher) {
  return matcher.op() == MatchOp::NotEqual || matcher.op() == MatchOp::NotRegex;
}

/// The texts that an (in)equality, or a regular expression that is only a list of texts, stands for.
std::optional<std::vector<std::string>> texts_of(const Matcher& matcher) {
  if (matcher.op() == MatchOp::Equal || matcher.op() == MatchOp::NotEqual) return std::vector{matcher.value()};
  return regex_literals(matcher.value());
}

Lists lists_of(const LabelPostings* postings, const std::vector<std::string>& texts) {
  Lists lists;
  for (const auto& text : texts) {
    const auto* entry = postings == nullptr ? nullptr : postings->find(text);
    if (entry != nullptr) lists.push_back(entry->ids.ids());
  }
  return lists;
}

/// Of the values for which the matcher says `answer`.
Lists lists_where(const LabelPostings& postings, const Matcher& matcher, bool answer) {
  Lists lists;
  postings.for_each([&](const LabelPostings::Entry& entry) {
    if (matcher.matches(entry.value) == answer) lists.push_back(entry.ids.ids());
  });
  return lists;
}

std::size_t count(const Lists& lists) {
  std::size_t total = 0;
  for (const auto list : lists) total += list.size();
  return total;
}

}  // namespace

std::vector<SeriesRef> SeriesIndex::select(std::span<const Matcher> matchers) const {
  // The narrowest that wants its label there decides where to start. One by texts comes first: it needs no trying.
  const Matcher* start = nullptr;
  std::optional<Lists> start_lists;
  for (const auto& matcher : matchers) {
    if (matcher.matches("") || is_negative(matcher)) continue;
    const auto texts = texts_of(matcher);
    if (!texts) continue;
    auto lists = lists_of(postings_of(matcher.name()), *texts);
    if (lists.empty()) return {};
    if (start_lists && count(*start_lists) <= count(lists)) continue;
    start = &matcher;
    start_lists = std::move(lists);
  }
  for (const auto& matcher : matchers) {
    if (start_lists) break;
    if (matcher.matches("")) continue;
    const auto* postings = postings_of(matcher.name());
    if (postings == nullptr) return {};
    start = &matcher;
    start_lists = lists_where(*postings, matcher, true);
  }
  auto ids = start_lists ? join(*start_lists) : all();
  for (const auto& matcher : matchers) {
    if (ids.empty()) break;
    if (&matcher != start) narrow(ids, matcher);
  }
  return ids;
}

void SeriesIndex::narrow(std::vector<SeriesRef>& ids, const Matcher& matcher) const {
  const auto* postings = postings_of(matcher.name());
  const bool matches_empty = matcher.matches("");
  if (postings == nullptr) {
    if (!matches_empty) ids.clear();
    return;
  }
  // A matcher that takes series without the label leaves out the values it does not match; any other keeps those it
  // does.
  const auto texts = texts_of(matcher);
  const bool by_texts = texts && is_negative(matcher) == matches_empty;
  if (!by_texts && postings->size() > 64 + ids.size()) return narrow_by_labels(ids, matcher);
  const auto lists = by_texts ? lists_of(postings, *texts) : lists_where(*postings, matcher, !matches_empty);
  if (lists.size() == 1) return keep_if(ids, lists[0], !matches_empty);
  if (lists.size() > 8 && count(lists) > 16 * ids.size()) return narrow_by_labels(ids, matcher);
  keep_if(ids, join(lists), !matches_empty);
}

void SeriesIndex::narrow_by_labels(std::vector<SeriesRef>& ids, const Matcher& matcher) const {
  std::erase_if(ids, [&](SeriesRef id) { return !matcher.matches(labels(id).get(matcher.name())); });
}

}  // namespace mamori::metrics::detail
