#include "metrics/detail/label_table.h"

#include "metrics/detail/bytes.h"

namespace mamori::metrics::detail {

std::uint32_t LabelTableWriter::number_of(std::string_view text) {
  const auto [at, is_new] = numbers_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
  if (is_new) texts_.push_back(text);
  return at->second;
}

void LabelTableWriter::add(const Labels& labels) {
  const auto texts_before = texts_.size();
  put_varint(label_sets_, labels.size());
  std::size_t place = 0;
  for (const auto& [name, value] : labels) {
    // Neighbours differ in a label or two; comparing is quicker than a table.
    const bool as_before =
        place < before_.size() && texts_[before_[place].first] == name && texts_[before_[place].second] == value;
    if (!as_before) {
      if (place >= before_.size()) before_.resize(place + 1);
      before_[place].first = number_of(name);
      before_[place].second = number_of(value);
    }
    put_varint(label_sets_, before_[place].first);
    put_varint(label_sets_, before_[place].second);
    ++place;
  }
  if (texts_.size() > texts_before) kept_.push_back(labels);
}

std::string LabelTableWriter::bytes() const {
  std::string all;
  put_varint(all, texts_.size());
  for (const auto text : texts_) {
    put_varint(all, text.size());
    all += text;
  }
  return all + label_sets_;
}

bool read_label_table(std::string_view bytes, std::size_t series, std::vector<Labels>& out) {
  ByteReader in(bytes);
  const auto text_count = in.varint();
  if (text_count > in.left()) return false;
  std::vector<std::string_view> texts(text_count);
  for (auto& text : texts) text = in.take(in.varint());
  std::vector<Labels::Pair> pairs;
  for (std::size_t s = 0; s < series && in.ok(); ++s) {
    const auto count = in.varint();
    if (count > in.left()) return false;
    pairs.clear();
    for (std::uint64_t p = 0; p < count; ++p) {
      const auto name = in.varint(), value = in.varint();
      if (name >= texts.size() || value >= texts.size()) return false;
      pairs.emplace_back(texts[name], texts[value]);
    }
    out.push_back(Labels::from_pairs(pairs));
  }
  return in.ok() && in.left() == 0;
}

}  // namespace mamori::metrics::detail
