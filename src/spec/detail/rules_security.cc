// Rules over security_layers and pci_dss_compliance, and texts anywhere that promise something about security.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

struct Requirement {
  int number;
  std::string_view title;               // PCI DSS v4.0.1
  std::string_view key;                 // the key that says so
  std::vector<std::string_view> words;  // one of them stands in a fitting key
};

const std::array<Requirement, 12>& requirements() {
  static const std::array<Requirement, 12> kRequirements{{
      {1, "Install and Maintain Network Security Controls", "network_security_controls", {"network"}},
      {2, "Apply Secure Configurations to All System Components", "secure_configurations", {"config"}},
      {3, "Protect Stored Account Data", "protect_stored_account_data", {"stored", "account_data"}},
      {4,
       "Protect Cardholder Data with Strong Cryptography During Transmission",
       "encrypt_transmission",
       {"transmission", "cryptograph", "transit"}},
      {5, "Protect All Systems and Networks from Malicious Software", "malicious_software", {"malicious", "malware"}},
      {6, "Develop and Maintain Secure Systems and Software", "secure_systems", {"secure", "software", "develop"}},
      {7, "Restrict Access by Business Need to Know", "restrict_access", {"restrict", "need_to_know", "access"}},
      {8, "Identify Users and Authenticate Access", "identify_users", {"identif", "authentic"}},
      {9, "Restrict Physical Access to Cardholder Data", "physical_access", {"physical"}},
      {10, "Log and Monitor All Access", "log_and_monitor_access", {"log", "monitor"}},
      {11, "Test Security of Systems and Networks Regularly", "regular_testing", {"test"}},
      {12, "Support Information Security with Policies and Programs", "policies", {"polic", "program"}},
  }};
  return kRequirements;
}

struct Numbered {
  int number = 0;
  std::string name;  // what follows the number
};

std::optional<Numbered> read_key(const std::string& key) {
  static const RE2 kForm("requirement_([0-9]{1,2})_(.+)");
  Numbered numbered;
  if (!RE2::FullMatch(key, kForm, &numbered.number, &numbered.name)) return std::nullopt;
  return numbered;
}

template <typename Visit>
void each_requirement(const Document& document, Visit visit) {
  for (const Entry& entry : document.root["pci_dss_compliance"].entries) {
    if (const auto numbered = read_key(entry.key)) visit(*numbered, entry.value);
  }
}

void check_titles(const Document& document, Findings& findings) {
  each_requirement(document, [&](const Numbered& key, const Node& items) {
    if (key.number < 1 || key.number > 12) {
      findings.at_key(items, "PCI DSS has requirements 1 to 12, not " + std::to_string(key.number), "renumber it");
      return;
    }
    const Requirement& wanted = requirements()[static_cast<std::size_t>(key.number - 1)];
    const bool fits = std::ranges::any_of(
        wanted.words, [&](std::string_view word) { return key.name.find(word) != std::string::npos; });
    if (fits) return;
    findings.at_key(items,
                    "requirement " + std::to_string(key.number) + " of PCI DSS v4.0.1 is '" +
                        std::string(wanted.title) + "', not '" + key.name + "'",
                    "call it requirement_" + std::to_string(key.number) + "_" + std::string(wanted.key));
  });
}

void check_misfiled(const Document& document, Findings& findings) {
  static const RE2 kFirewall(R"((?i)\bWAF\b|web application firewall)");
  each_requirement(document, [&](const Numbered& key, const Node& items) {
    for (const Node& item : items.items) {
      if (key.number != 6 && RE2::PartialMatch(item.text, kFirewall)) {
        findings.at(item,
                    "a web application firewall belongs to 6.4.2, not to requirement " + std::to_string(key.number),
                    "move it to requirement 6");
      }
      if (key.number != 4 && mentions(item.text, {"in transit", "during transmission", "転送時"})) {
        findings.at(item, "encryption in transit belongs to 4.2.1, not to requirement " + std::to_string(key.number),
                    "move it to requirement 4");
      }
    }
  });
}

void check_missing_requirements(const Document& document, Findings& findings) {
  const Node& section = document.root["pci_dss_compliance"];
  if (!section.is_map()) return;
  std::set<int> present;
  std::string all;
  each_requirement(document, [&](const Numbered& key, const Node& items) {
    present.insert(key.number);
    for (const Node& item : items.items) all += to_lower(item.text) + "\n";
  });
  std::string missing;
  for (int number = 1; number <= 12; ++number) {
    if (!present.contains(number)) missing += (missing.empty() ? "" : ", ") + std::to_string(number);
  }
  if (!missing.empty()) {
    findings.at_key(section, "the requirements " + missing + " are missing; none of the twelve is optional",
                    "add them, or say which provider fulfils them");
  }
  struct Control {
    std::string_view number, what, pattern;
  };
  static constexpr std::array<Control, 3> kControls{{
      {"6.4.3", "scripts on payment pages are authorised and checked", R"(6\.4\.3|script)"},
      {"11.6.1", "changes of payment pages are detected",
       R"(11\.6\.1|tamper|(?:chang|modif)\w* .*payment page|payment page.*(?:chang|modif))"},
      {"11.3.2", "an approved vendor scans from outside every three months", R"(11\.3\.2|\basv\b|approved scanning)"},
  }};
  for (const Control& control : kControls) {
    if (RE2::PartialMatch(all, std::string(control.pattern))) continue;
    findings.at_key(section,
                    "nothing says how " + std::string(control.number) + " is met: " + std::string(control.what),
                    "add an item for " + std::string(control.number));
  }
}

void check_patch_slot(const Document& document, Findings& findings) {
  const auto judge = [&](const Node& item) {
    if (!mentions(item.text, {"patch", "パッチ"})) return;
    if (!mentions(item.text, {"monthly", "every month", "quarterly", "yearly", "annually", "毎月", "月次"})) return;
    findings.at(item, "a fixed slot can miss 'critical patches within one month of release': '" + item.text + "'",
                "patch within 30 days of release, and look for new ones daily");
  };
  each_text(document.root["pci_dss_compliance"], judge);
  each_text(document.root["security_layers"], judge);
}

void check_stored_data_scope(const Document& document, Findings& findings) {
  each_requirement(document, [&](const Numbered& key, const Node& items) {
    if (key.number != 3) return;
    const auto stores_none = [](const Node& item) {
      return RE2::PartialMatch(item.text, R"((?i)\bno (?:cardholder|card|account|payment) data\b.*(?:stored|kept))");
    };
    if (!std::ranges::any_of(items.items, stores_none)) return;
    for (const Node& item : items.items) {
      if (!mentions(item.text, {"encrypt", "暗号"})) continue;
      findings.at(item, "requirement 3 claims that no cardholder data is stored, and encrypts it all the same",
                  "decide the scope: tokens only, card numbers refused, and a scanner that proves it (SAQ A or A-EP)");
    }
  });
}

void check_stricter_than_pci(const Document& document, Findings& findings) {
  struct Interval {
    RE2 subject;
    int pci_months;
    std::string_view requirement;
  };
  static const std::array<Interval, 3> kIntervals{{
      {"(?i)penetration|pentest", 12, "11.4"},
      {"(?i)firewall|network security control", 6, "1.2.7"},
      {"(?i)vulnerability (?:assessment|scan)", 3, "11.3"},
  }};
  static constexpr std::array<std::pair<std::string_view, int>, 3> kWords{
      {{"monthly", 1}, {"quarterly", 3}, {"weekly", 0}}};
  each_text(document.root["pci_dss_compliance"], [&](const Node& item) {
    for (const Interval& interval : kIntervals) {
      if (!RE2::PartialMatch(item.text, interval.subject)) continue;
      for (const auto& [word, months] : kWords) {
        if (!mentions(item.text, {word}) || months >= interval.pci_months) continue;
        findings.at(item,
                    "'" + item.text + "' is stricter than PCI DSS " + std::string(interval.requirement) + " (every " +
                        std::to_string(interval.pci_months) + " months); an assessor holds you to your own text",
                    "keep it if it is really done, and track it");
      }
      return;
    }
  });
}

void check_tls_versions(const Document& document, Findings& findings) {
  static const RE2 kWeak(R"((?i)\b(?:SSL ?v?[23]|TLS ?v?1\.[01])\b)");
  static const RE2 kNewest(R"((?i)\bTLS ?v?1\.3\b)");
  static const RE2 kUsual(R"(\b1\.2\b)");
  const auto judge = [&](const Node& item) {
    if (RE2::PartialMatch(item.text, kWeak) && !mentions(item.text, {"no ", "not ", "disable", "refuse", "without"})) {
      findings.at(item, "'" + item.text + "' allows a protocol that is no strong cryptography",
                  "allow TLS 1.2 and 1.3");
      return;
    }
    if (!RE2::PartialMatch(item.text, kNewest) || RE2::PartialMatch(item.text, kUsual)) return;
    findings.at(item, "'" + item.text + "' shuts out clients and partners that still use TLS 1.2",
                "prefer TLS 1.3, and allow TLS 1.2 with AEAD ciphers by a list of exceptions");
  };
  each_text(document.root["security_layers"], judge);
  each_text(document.root["pci_dss_compliance"], judge);
  each_text(document.root["セキュリティ"], judge);
}

void check_mixed_scripts(const Document& document, Findings& findings) {
  // A Cyrillic word that runs into Han, kana or Latin letters without a space is a slip of the keyboard.
  static const RE2 kMixed(R"((\p{Cyrillic}+[0-9]*[\p{Han}\p{Hiragana}\p{Katakana}\p{Latin}]|)"
                          R"([\p{Han}\p{Hiragana}\p{Katakana}\p{Latin}][0-9]*\p{Cyrillic}+))");
  static const RE2 kWord(R"((\p{Cyrillic}+))");
  const auto judge = [&](std::string_view text, Position at) {
    if (!RE2::PartialMatch(text, kMixed)) return;
    std::string word;
    if (!RE2::PartialMatch(text, kWord, &word)) return;
    const auto offset = text.find(word);
    int column = at.column;
    for (std::size_t i = 0; i < offset; ++i) column += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 ? 1 : 0;
    findings.at(Position{at.file, at.line, column}, "the word '" + word + "' mixes Cyrillic letters into the text",
                "write it in the language of the text, for example 重大");
  };
  each_text(document.root, [&](const Node& node) { judge(node.text, node.at); });
  for (const ProseLine& line : document.prose) judge(line.text, line.at);
}

void check_certificate_alarm(const Document& document, Findings& findings) {
  static const RE2 kDays(R"(([0-9]+)\s*(?:days?|日))");
  const auto judge = [&](const std::string& text, Position at) {
    if (!mentions(text, {"certificate", "証明書"})) return;
    int count = 0;
    if (!RE2::PartialMatch(text, kDays, &count) || count < 16) return;
    findings.at(at,
                "a fixed alarm " + std::to_string(count) +
                    " days before the end does not fit lifetimes that shrink to "
                    "47 days",
                "alarm when a third of the certificate's lifetime is left");
  };
  each_text(document.root, [&](const Node& node) { judge(node.text, node.at); });
  for (const ProseLine& line : document.prose) judge(line.text, line.at);
}

}  // namespace

std::span<const Rule> security_rules() {
  static constexpr std::array kRules{
      Rule{"security.tls-version", Severity::Warning, 47, "A TLS version that is too strict, or too weak",
           "PCI DSS 4.2.1 asks for strong cryptography, not for TLS 1.3: clients, partners and banks still speak 1.2. "
           "Prefer 1.3, allow 1.2 with AEAD ciphers by exception; 1.1 and older are out (RFC 8996).",
           check_tls_versions},
      Rule{"text.mixed-scripts", Severity::Warning, 25, "A word of another script inside the text",
           "A Cyrillic word glued to Japanese or Latin letters is a typing or translation slip; a reader on call may "
           "not be able to read it.",
           check_mixed_scripts},
      Rule{
          "security.certificate-alarm", Severity::Info, 55, "A certificate alarm of fixed days",
          "Public certificates live at most 200 days since March 2026, 100 from March 2027 and 47 from March 2029 "
          "(CA/Browser Forum ballot SC-081v3). A fixed number of days before the end becomes most of their life: alarm "
          "when a third of the lifetime is left.",
          check_certificate_alarm},
      Rule{"pci.title-outdated", Severity::Warning, 50, "A requirement under a title of PCI DSS 3.2.1",
           "PCI DSS v4.0.1 renamed its requirements: 1 network security controls, 2 secure configurations, 3 stored "
           "account data, 4 cryptography during transmission, 10 log and monitor. Source: PCI DSS v4.0.1, high-level "
           "overview.",
           check_titles},
      Rule{"pci.item-misfiled", Severity::Warning, 50, "An item under the wrong requirement",
           "In PCI DSS v4.0.1 a web application firewall answers 6.4.2 and encryption in transit 4.2.1; an assessor "
           "looks "
           "for them there.",
           check_misfiled},
      Rule{"pci.requirement-missing", Severity::Warning, 51, "Requirements that nothing answers",
           "All twelve requirements of PCI DSS v4.0.1 hold; a provider may fulfil some, but then it must be written "
           "down "
           "(12.8). Since 31 March 2025 also 6.4.3 and 11.6.1 (payment page scripts and changes), and ASV scans by "
           "11.3.2.",
           check_missing_requirements},
      Rule{"pci.patch-slot", Severity::Warning, 52, "Patches in a fixed slot",
           "PCI DSS 6.3.3: patches for critical vulnerabilities are installed within one month of release. A monthly "
           "slot misses "
           "it "
           "for a patch that is released right after the slot and delayed once.",
           check_patch_slot},
      Rule{"pci.scope-contradicts", Severity::Warning, 53, "No cardholder data, and yet encrypted",
           "Requirement 3 either has nothing to protect (tokens only) or has to be met in full. A relay in the payment "
           "path must refuse card numbers, and a scanner must prove that none is stored; then SAQ A or A-EP applies.",
           check_stored_data_scope},
      Rule{"pci.stricter-than-required", Severity::Info, 54, "A promise beyond the standard",
           "Allowed, and binding: an assessor checks what your policy says. PCI DSS v4.0.1 asks for penetration tests "
           "every 12 months (11.4), reviews of network controls every 6 (1.2.7), scans every 3 (11.3).",
           check_stricter_than_pci},
  };
  return kRules;
}

}  // namespace mamori::spec
