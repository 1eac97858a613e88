// metrics/detail/label_table.h: the label sets of a part's series as a table of texts, each once, and numbers into it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace mamori::metrics::detail {

class LabelTableWriter {
 public:
  void add(const Labels& labels);
  std::string bytes() const;

 private:
  std::uint32_t number_of(std::string_view text);

  std::vector<Labels> kept_;  // the texts below lie in them
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::string_view> texts_;
  std::string label_sets_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> before_;  // the pairs of the series before
};

/// False when the bytes make no sense.
bool read_label_table(std::string_view bytes, std::size_t series, std::vector<Labels>& out);

}  // namespace mamori::metrics::detail
