#include "rules/template.h"

#include <gtest/gtest.h>

#include <limits>

namespace mamori::rules {
namespace {

TemplateData data(double value = 1) {
  TemplateData made;
  made.labels = {{"__name__", "m"}, {"instance", "host.example.com:9090"}, {"job", "a"}};
  made.value = value;
  made.external_labels = {{"region", "tokyo"}};
  made.external_url = "http://example.com:9650/mamori";
  made.now = Timestamp{Seconds{1'435'065'584}};
  made.query = [](std::string_view query) -> Result<std::vector<TemplateSample>> {
    if (query == "fails") return invalid_argument("no such query");
    if (query != "up") return std::vector<TemplateSample>{};
    return std::vector<TemplateSample>{{{{"__name__", "up"}, {"job", "b"}}, 3.0},
                                       {{{"__name__", "up"}, {"job", "a"}}, 2.0}};
  };
  return made;
}

std::string expand(std::string_view text, double value = 1) {
  const auto made = Template::parse("t", text);
  if (!made) return made.error().message;
  const auto out = made->expand(data(value));
  return out ? *out : out.error().message;
}

TEST(Template, PutsInTheAlertsLabelsAndValue) {
  EXPECT_EQ(expand("plain"), "plain");
  EXPECT_EQ(expand("{{ $labels.job }} {{ .Labels.job }} {{ $labels.nothing }}."), "a a .");
  EXPECT_EQ(expand("{{ $value }} {{ .Value }}", 0.25), "0.25 0.25");
  EXPECT_EQ(expand("{{ $externalLabels.region }} {{ .ExternalURL }} {{ $externalURL }}"),
            "tokyo http://example.com:9650/mamori http://example.com:9650/mamori");
  EXPECT_EQ(expand("{{ $labels }}"), "map[__name__:m instance:host.example.com:9090 job:a]");
  EXPECT_EQ(expand("{{ index $labels \"job\" }}"), "a");
  EXPECT_EQ(expand("{{ with $labels }}{{ .job }}{{ $.Value }}{{ end }}"), "a1");
}

TEST(Template, ShowsNumbersAsGoDoes) {
  EXPECT_EQ(expand("{{ $value }}", 1'234'567), "1.234567e+06");
  EXPECT_EQ(expand("{{ $value }}", 123'456.5), "123456.5");
  EXPECT_EQ(expand("{{ $value }}", 0.00001), "1e-05");
  EXPECT_EQ(expand("{{ $value }}", -0.0), "-0");
  EXPECT_EQ(expand("{{ $value }}", std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(expand("{{ $value }}", std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(expand("{{ 5 }} {{ 0x1F }} {{ 1e3 }} {{ 'a' }} {{ 1_000 }} {{ -2.5 }}"), "5 31 1000 97 1000 -2.5");
}

TEST(Template, TrimsWhiteSpaceAndComments) {
  EXPECT_EQ(expand("a  {{- 1 -}}  b"), "a1b");
  EXPECT_EQ(expand("a {{/* a comment */}} b"), "a  b");
  EXPECT_EQ(expand("a {{- /* a comment */ -}} b"), "ab");
  EXPECT_EQ(expand("{{\n$value\n}}"), "1");
}

TEST(Template, Chooses) {
  EXPECT_EQ(expand("{{ if gt $value 5.0 }}high{{ else if gt $value 2.0 }}some{{ else }}low{{ end }}", 3), "some");
  EXPECT_EQ(expand("{{ if $labels.job }}yes{{ end }}{{ if $labels.nothing }}no{{ end }}"), "yes");
  EXPECT_EQ(expand("{{ with $labels.nothing }}no{{ else }}none{{ end }}"), "none");
  EXPECT_EQ(expand("{{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}"), "55");
  EXPECT_EQ(expand("{{ if and (eq $labels.job \"a\") (ne $value 2.0) }}both{{ end }}"), "both");
  EXPECT_EQ(expand("{{ or \"\" 0 \"x\" }} {{ and 1 0 }} {{ not true }}"), "x 0 false");
  EXPECT_EQ(expand("{{ and false (first (query \"none\")) }}"), "false") << "what decides ends the evaluation";
}

TEST(Template, Repeats) {
  EXPECT_EQ(expand("{{ range query \"up\" }}{{ .Labels.job }}={{ .Value }} {{ end }}"), "b=3 a=2 ");
  EXPECT_EQ(expand("{{ range $i, $s := query \"up\" }}{{ $i }}{{ $s.Labels.job }} {{ end }}"), "0b 1a ");
  EXPECT_EQ(expand("{{ range query \"none\" }}x{{ else }}nothing{{ end }}"), "nothing");
  EXPECT_EQ(expand("{{ range $k, $v := $externalLabels }}{{ $k }}:{{ $v }}{{ end }}"), "region:tokyo");
  EXPECT_EQ(expand("{{ range 3 }}{{ . }}{{ end }}"), "012");
  EXPECT_EQ(
      expand("{{ range 9 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}"),
      "02");
  EXPECT_EQ(expand("{{ $n := 0 }}{{ range 3 }}{{ $n = . }}{{ end }}{{ $n }}"), "2");
}

TEST(Template, UsesSamplesOfQueries) {
  EXPECT_EQ(expand("{{ query \"up\" | first | value }}"), "3");
  EXPECT_EQ(expand("{{ with query \"up\" }}{{ . | first | label \"job\" }}{{ end }}"), "b");
  EXPECT_EQ(expand("{{ range query \"up\" | sortByLabel \"job\" }}{{ .Labels.job }}{{ end }}"), "ab");
  EXPECT_EQ(expand("{{ (index (query \"up\") 1).Value }} {{ len (query \"up\") }}"), "2 2");
  EXPECT_EQ(expand("{{ (slice (query \"up\") 1) | len }} {{ slice \"abcdef\" 2 4 }}"), "1 cd");
  EXPECT_EQ(expand("{{ query \"up\" | first | strvalue }}."), ".");
}

TEST(Template, MakesNumbersReadable) {
  EXPECT_EQ(expand("{{ humanize $value }}", 1'234'567), "1.235M");
  EXPECT_EQ(expand("{{ $value | humanize }}", 0.0123), "12.3m");
  EXPECT_EQ(expand("{{ humanize 0 }} {{ humanize \"12345\" }} {{ humanize -1e30 }}"), "0 12.35k -1e+06Y");
  EXPECT_EQ(expand("{{ humanize1024 1048576 }} {{ humanize1024 1 }}"), "1Mi 1");
  EXPECT_EQ(expand("{{ humanizeDuration 899.99 }} {{ humanizeDuration 90061 }} {{ humanizeDuration 0.0012 }} {{ "
                   "humanizeDuration -61 }}"),
            "14m 59s 1d 1h 1m 1s 1.2ms -1m 1s");
  EXPECT_EQ(expand("{{ humanizePercentage 0.1234567 }}"), "12.35%");
  EXPECT_EQ(expand("{{ humanizeTimestamp 1435065584.128 }}"), "2015-06-23 13:19:44.128 +0000 UTC");
  EXPECT_EQ(expand("{{ parseDuration \"1h30m\" }} {{ toDuration 90 }}"), "5400 1m30s");
  EXPECT_EQ(expand("{{ (toTime 1435065584).Format \"2006-01-02 15:04\" }} {{ (1435065584 | toTime).Year }}"),
            "2015-06-23 13:19 2015");
  EXPECT_EQ(expand("{{ now }}"), "1.435065584e+09");
}

TEST(Template, ChangesTexts) {
  EXPECT_EQ(expand("{{ \"aa bB\" | title }} {{ toUpper \"aéß\" }} {{ toLower \"ÀB\" }}"), "Aa BB AÉß àb");
  EXPECT_EQ(expand("{{ match \"a+\" \"caat\" }} {{ match \"^x\" \"a\" }}"), "true false");
  EXPECT_EQ(expand("{{ reReplaceAll \"localhost:(.*)\" \"my.domain:$1\" \"localhost:3000\" }}"), "my.domain:3000");
  EXPECT_EQ(expand("{{ reReplaceAll \"(?P<x>[a-z])\" \"<${x}>$$\" \"ab1\" }}"), "<a>$<b>$1");
  EXPECT_EQ(expand("{{ reReplaceAll \"b*\" \"-\" \"abc\" }}"), "-a-c-");
  EXPECT_EQ(
      expand("{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }} {{ stripDomain \"10.0.0.1:80\" }}"),
      "host.example.com host:9090 10.0.0.1:80");
  EXPECT_EQ(expand("{{ stripPort \"[::1]:80\" }} {{ stripPort \"plain\" }}"), "::1 plain");
  EXPECT_EQ(expand("{{ graphLink \"up == 0\" }} {{ tableLink \"up\" }}"),
            "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1");
  EXPECT_EQ(expand("{{ externalURL }} {{ pathPrefix }}"), "http://example.com:9650/mamori /mamori");
  EXPECT_EQ(expand("{{ safeHtml \"<b>\" }} {{ html \"<b>\" }} {{ urlquery \"a b\" }}"), "<b> &lt;b&gt; a+b");
}

TEST(Template, PrintsByFormats) {
  EXPECT_EQ(expand("{{ printf \"%.2f%% of %s\" $value $labels.job }}", 12.345), "12.35% of a");
  EXPECT_EQ(expand("{{ $value | printf \"%5.1f|\" }}", 3.14159), "  3.1|");
  EXPECT_EQ(expand("{{ printf \"%d %+d %05d %x %o %b %c %q %U\" 7 7 7 255 8 5 97 97 97 }}"),
            "7 +7 00007 ff 10 101 a 'a' U+0061");
  EXPECT_EQ(expand("{{ printf \"%-5s|%5s|%.2s|%q|%x\" \"ab\" \"ab\" \"abc\" \"q\" \"hi\" }}"),
            "ab   |   ab|ab|\"q\"|6869");
  EXPECT_EQ(expand("{{ printf \"%e %g %G %08.3f %v\" 1234.5 1e-7 1e30 2.5 0.1 }}"),
            "1.234500e+03 1e-07 1E+30 0002.500 0.1");
  EXPECT_EQ(expand("{{ printf \"%d\" 1.5 }} {{ printf \"%s\" 1.5 }} {{ printf \"%d\" }} {{ printf \"x\" 1 }}"),
            "%!d(float64=1.5) %!s(float64=1.5) %!d(MISSING) x%!(EXTRA int=1)");
  EXPECT_EQ(expand("{{ printf \"%[2]s %[1]s\" \"a\" \"b\" }} {{ printf \"%*d\" 4 7 }} {{ printf \"%!\" }}"),
            "b a    7 %!!(MISSING)");
  EXPECT_EQ(expand("{{ printf \"%t %v %T\" true $labels $value }}"),
            "true map[__name__:m instance:host.example.com:9090 job:a] float64");
  EXPECT_EQ(expand("{{ print 1 2 \"a\" 3 }} {{ println \"a\" 1 }}"), "1 2a3 a 1\n");
}

TEST(Template, CallsTemplatesThatItDefines) {
  EXPECT_EQ(expand("{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" $value }}"), "<1>");
  EXPECT_EQ(expand("{{ define \"x\" }}{{ .arg0 }}{{ .arg1 }}{{ end }}{{ template \"x\" (args 1 \"b\") }}"), "1b");
  EXPECT_EQ(expand("{{ block \"x\" 5 }}[{{ . }}]{{ end }}"), "[5]");
  EXPECT_EQ(expand("{{ template \"y\" }}").substr(0, 9), "template:");
}

TEST(Template, NamesWhatIsWrongWithAText) {
  const auto mistake = [](std::string_view text) {
    TemplateMistake found;
    const auto made = Template::parse("t", text, &found);
    return made ? std::string("parses") : std::to_string(found.offset) + " " + found.message;
  };
  EXPECT_EQ(mistake("{{ $labels.job }"), "15 unexpected character \"}\" in an action");
  EXPECT_EQ(mistake("ab {{ nope }}"), "6 function \"nope\" not defined");
  EXPECT_EQ(mistake("{{ $x }}"), "3 undefined variable \"$x\"");
  EXPECT_EQ(mistake("{{ if true }}"), "13 unexpected EOF in {{if}}");
  EXPECT_EQ(mistake("{{ end }}"), "0 unexpected {{end}}");
  EXPECT_EQ(mistake("{{ }}"), "3 missing value for command");
  EXPECT_EQ(mistake("{{ 1 | 2 }}"), "7 non executable command in pipeline stage 2");
  EXPECT_EQ(mistake("{{ break }}"), "3 {{break}} outside {{range}}");
  EXPECT_EQ(mistake("{{ \"a }}"), "3 unterminated quoted string");
  EXPECT_EQ(mistake("{{ (1 }}"), "6 unexpected \"}}\" in parenthesized pipeline");
  EXPECT_EQ(mistake("{{ 1x }}"), "3 bad number syntax: \"1x\"");
  EXPECT_EQ(mistake("{{ if true }}{{ else }}{{ else }}{{ end }}").substr(3), "expected end; found {{else}}");
  EXPECT_EQ(mistake("{{/* open"), "0 unclosed comment");
}

TEST(Template, NamesWhatFailsWhenItRuns) {
  const auto has = [](std::string_view text, std::string_view part) {
    const auto got = expand(text);
    EXPECT_NE(got.find(part), std::string::npos) << got;
  };
  // Columns and texts as promtool 2.42 shows them.
  EXPECT_EQ(expand("{{ gt $value 5 }}"),
            "template: t:1:115: executing \"t\" at <gt $value 5>: error calling gt: incompatible types for comparison");
  EXPECT_EQ(expand("{{ first (query \"nope\") }}"),
            "template: t:1:115: executing \"t\" at <first (query \"nope\")>: error calling first: first() called on "
            "vector with no elements");
  has("{{ .Foo }}", "at <.Foo>: can't evaluate field Foo in type struct {");
  has("{{ toUpper $value }}", "wrong type for value; expected string; got float64");
  has("{{ humanize $labels }}", "can't convert map[string]string to float");
  has("{{ query \"fails\" }}", "error calling query: no such query");
  has("{{ index (query \"up\") 7 }}", "index out of range: 7");
  has("{{ match \"(\" \"a\" }}", "error calling match: error parsing regexp");
  has("{{ range 1.5 }}{{ end }}", "range can't iterate over 1.5");
  has("{{ toUpper }}", "wrong number of args for toUpper: want 1 got 0");
}

TEST(Template, IsBounded) {
  const auto made = Template::parse("t", "{{ range 1000000000 }}{{ end }}");
  ASSERT_TRUE(made);
  const auto out = made->expand(data());
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, Code::TooLarge);
  EXPECT_FALSE(Template::parse("t", std::string(70'000, 'x')));
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "{{ if true }}";
  EXPECT_FALSE(Template::parse("t", deep));
  EXPECT_FALSE(Template::parse("t", "{{ " + std::string(200, '(') + " }}"));
  EXPECT_NE(
      expand("{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}").find("maximum template depth"),
      std::string::npos);
  EXPECT_NE(expand("{{ range 1000 }}{{ printf \"%9999d\" 1 }}{{ end }}").find("bytes of output"), std::string::npos);
  EXPECT_NE(expand("{{ range 1000 }}{{ query \"up\" }}{{ end }}").find("more than 100 queries"), std::string::npos);
}

}  // namespace
}  // namespace mamori::rules
