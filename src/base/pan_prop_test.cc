#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cctype>

#include "base/json.h"
#include "base/pan.h"

namespace mamori {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
char at(const std::string& text, long i) { return i < 0 || i >= static_cast<long>(text.size()) ? ' ' : text[i]; }

/// The number in `text` that begins at `i`, tried form by form at every byte: slow, and obviously what the header says.
std::size_t naive_length(const std::string& text, std::size_t i) {
  const long start = static_cast<long>(i);
  const char before = at(text, start - 1), beyond = at(text, start - 2);
  if (digit(before) || word(before) || (before == '-' && word(beyond)) || (before == '.' && digit(beyond))) return 0;
  std::vector<std::string> forms;
  for (const char separator : {' ', '-'}) {
    for (const std::vector<int>& groups : {std::vector{4, 4, 4, 4, 3}, {4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}}) {
      std::string form;
      for (const int group : groups) form += (form.empty() ? "" : std::string(1, separator)) + std::string(group, '0');
      forms.push_back(form);
    }
  }
  for (std::size_t n = 13; n <= 19; ++n) forms.push_back(std::string(n, '0'));
  for (const auto& form : forms) {
    if (i + form.size() > text.size()) continue;
    bool fits = true;
    std::string digits;
    for (std::size_t k = 0; k < form.size(); ++k) {
      fits = fits && (form[k] == '0' ? digit(text[i + k]) : text[i + k] == form[k]);
      if (form[k] == '0') digits += text[i + k];
    }
    const long end = start + static_cast<long>(form.size());
    const char after = at(text, end), after2 = at(text, end + 1);
    if (!fits || word(after) || (after == '-' && word(after2))) continue;
    // Issuer and Luhn are asked of the plain number, which the unit tests check network by network.
    if (find_pans(digits).size() == 1) return form.size();
  }
  return 0;
}

std::string generated_text() {
  static const std::vector<std::string> kParts{"4242424242424242",
                                               "4242 4242 4242 4242",
                                               "4242-4242-4242-4242",
                                               "378282246310005",
                                               "3782 822463 10005",
                                               "6205500000000000004",
                                               "6205 5000 0000 0000 004",
                                               "3622-720627-1667",
                                               "4222222222222",
                                               "4242",
                                               "424",
                                               "1",
                                               " ",
                                               "-",
                                               ".",
                                               "_",
                                               "x",
                                               ",",
                                               "支",
                                               "0",
                                               "4242 4242",
                                               "1764042535000"};
  std::string text;
  for (const auto& part : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kParts))) text += part;
  return text;
}

RC_GTEST_PROP(FindPans, FindsWhatTheNaiveSearchFinds, ()) {
  const std::string text = generated_text();
  std::vector<PanMatch> want;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = digit(text[i]) ? naive_length(text, i) : 0;
    if (length > 0) want.push_back({i, length});
    i += length > 0 ? length : 1;
  }
  const auto got = find_pans(text);
  RC_ASSERT(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    RC_ASSERT(got[i].offset == want[i].offset);
    RC_ASSERT(got[i].length == want[i].length);
  }
}

RC_GTEST_PROP(MaskPans, ChangesOnlyDigits, ()) {
  const std::string before = generated_text();
  std::string after = before;
  const auto count = mask_pans(after);
  RC_ASSERT(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i)
    RC_ASSERT(after[i] == before[i] || (after[i] == '*' && digit(before[i])));
  RC_ASSERT(count >= find_pans(before).size());
  RC_ASSERT(find_pans(after).empty());
}

RC_GTEST_PROP(MaskPansInJson, MasksAStringAsItMasksItsText, ()) {
  std::string text = generated_text();
  std::string json = "{\"k\":";
  append_json_string(json, text);
  json += "}";
  mask_pans_in_json(json);
  mask_pans(text);
  std::string want = "{\"k\":";
  append_json_string(want, text);
  RC_ASSERT(json == want + "}");
}

}  // namespace
}  // namespace mamori
