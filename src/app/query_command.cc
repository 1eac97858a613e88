#include "app/query_command.h"

#include <charconv>
#include <ostream>

#include "app/options.h"
#include "app/query_answer.h"
#include "app/query_chart.h"
#include "base/text.h"

namespace mamori::app {
namespace {

constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2;
constexpr std::int64_t kStepsMax = 11'000;  // Prometheus' bound of points per series

constexpr Option kOptions[] = {
    {"--server", "URL", "http://127.0.0.1:9650", "mamori's or a Prometheus' address"},
    {"--time", "TIME", "", "the moment, or a range's end: RFC 3339 or epoch seconds; default now"},
    {"--range", "DURATION", "", "so long until --time, as a chart: 6h"},
    {"--step", "DURATION", "", "between the values of a range; default: as many as the terminal has room for"},
    {"--top", "NUMBER", "8", "series in a chart at most, those with the largest values; 1 to 26"},
    {"--timeout", "DURATION", "2m", "longest wait for the answer"},
    {"--json", "", "", "the server's answer as it is"},
};

struct Question {
  std::string expression, server;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;  // step_ms 0: an instant, at end_ms
  std::size_t series_max = 8;
  Millis timeout{};
  bool json = false;
};

Result<Nanos> positive_duration(const ParsedOptions& parsed, std::string_view option) {
  const auto duration = parse_duration(parsed.get(option));
  if (!duration) return invalid_argument(std::string(option) + ": " + duration.error().message);
  if (*duration < Millis{1}) return invalid_argument(std::string(option) + " must be at least 1ms");
  return *duration;
}

/// So many values that each column of dots has one, in whole seconds.
std::int64_t step_for(std::int64_t range_ms, const Terminal& terminal) {
  const auto dots = static_cast<std::int64_t>(2 * terminal.columns);
  const auto step_ms = (range_ms + dots - 1) / dots;
  return std::max<std::int64_t>(1000, (step_ms + 999) / 1000 * 1000);
}

Result<void> read_range(const ParsedOptions& parsed, const Terminal& terminal, Question& question) {
  if (!parsed.given("--range")) {
    if (parsed.given("--step")) return invalid_argument("--step goes with --range");
    return {};
  }
  MAMORI_TRY(const auto range, positive_duration(parsed, "--range"));
  const auto range_ms = std::chrono::floor<Millis>(range).count();
  question.start_ms = question.end_ms - range_ms;
  question.step_ms = step_for(range_ms, terminal);
  if (parsed.given("--step")) {
    MAMORI_TRY(const auto step, positive_duration(parsed, "--step"));
    question.step_ms = std::chrono::floor<Millis>(step).count();
  }
  if (range_ms / question.step_ms >= kStepsMax) {
    return invalid_argument("--range " + parsed.get("--range") + " with --step " + parsed.get("--step") +
                            " are more than 11,000 values for each series, which servers refuse; take a longer step");
  }
  return {};
}

Result<Question> read_question(const ParsedOptions& parsed, const QueryWorld& world) {
  Question question{.server = parsed.get("--server"), .json = parsed.given("--json")};
  if (parsed.positional().size() != 1) {
    return invalid_argument(parsed.positional().empty()
                                ? "the expression is missing"
                                : "one expression is wanted; put it in single quotes for the shell");
  }
  question.expression = parsed.positional()[0];
  while (question.server.ends_with('/')) question.server.pop_back();
  if (const auto url = net::parse_url(question.server); !url)
    return invalid_argument("--server " + question.server + ": " + url.error().message);
  auto end = world.now;
  if (parsed.given("--time")) {
    const auto time = parse_time(parsed.get("--time"));
    if (!time) return invalid_argument("--time: " + time.error().message);
    end = *time;
  }
  question.end_ms = to_millis(end);
  MAMORI_TRY_VOID(read_range(parsed, world.terminal, question));
  const auto top = parsed.get("--top");
  const auto [stop, failure] = std::from_chars(top.data(), top.data() + top.size(), question.series_max);
  if (failure != std::errc{} || stop != top.data() + top.size() || question.series_max < 1 || question.series_max > 26)
    return invalid_argument("--top " + top + ": write a number from 1 to 26");
  MAMORI_TRY(const auto timeout, positive_duration(parsed, "--timeout"));
  question.timeout = std::chrono::floor<Millis>(timeout);
  return question;
}

std::string seconds_text(std::int64_t millis) {
  if (millis < 0) return "-" + seconds_text(-millis);
  auto fraction = std::to_string(millis % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(millis / 1000) + "." + fraction;
}

net::ClientRequest request_for(const Question& question) {
  const bool range = question.step_ms > 0;
  net::ClientRequest request{.method = "POST",
                             .url = question.server + (range ? "/api/v1/query_range" : "/api/v1/query"),
                             .headers = {},
                             .body = "query=" + net::percent_encode(question.expression)};
  if (range) {
    request.body += "&start=" + seconds_text(question.start_ms) + "&end=" + seconds_text(question.end_ms) +
                    "&step=" + seconds_text(question.step_ms);
  } else {
    request.body += "&time=" + seconds_text(question.end_ms);
  }
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  return request;
}

/// The line of the expression that the message is about, and a caret below the place.
std::string caret(std::string_view expression, const PlacedMessage& message) {
  const auto lines = split(expression, '\n');
  if (message.line < 1 || message.line > lines.size()) return "";
  const auto line = lines[message.line - 1];
  std::string below;
  for (const char c : line.substr(0, message.column - 1)) {
    if (display_width(std::string_view(&c, 1)) == 1) below += c == '\t' ? '\t' : ' ';
  }
  // A mistake at the end of the text is placed behind it.
  return "  " + std::string(line) + "\n  " + below + "^\n";
}

void print_refusal(const std::string& expression, const std::string& message, std::ostream& err) {
  const auto placed = find_place(message);
  err << "mamori query: " << placed.text << "\n";
  if (placed.column > 0) err << caret(expression, placed);
}

int show(const Question& question, const QueryAnswer& answer, const QueryWorld& world) {
  const auto note = [&](std::string_view kind, const std::string& text) {
    // Prometheus' own say of which kind they are.
    world.err << (text.starts_with("PromQL ") ? "" : kind) << text << "\n";
  };
  for (const auto& warning : answer.warnings) note("warning: ", warning);
  for (const auto& info : answer.infos) note("info: ", info);
  if (question.step_ms > 0) {
    world.out << answer_chart(
        answer, {.start_ms = question.start_ms, .end_ms = question.end_ms, .series_max = question.series_max},
        world.terminal);
  } else {
    world.out << answer_table(answer, world.terminal);
  }
  world.out << std::flush;
  return world.out ? kExitOk : kExitFailed;
}

}  // namespace

std::string query_help() {
  return "usage: mamori query [options] 'EXPRESSION'\n\n"
         "Asks a running mamori, or any server with Prometheus' HTTP API, and shows the answer: a table for a moment,\n"
         "a chart for a range. Warnings go to standard error. Colours and braille dots only where the terminal has\n"
         "them; NO_COLOR and COLUMNS are respected.\n\n"
         "examples:\n"
         "  mamori query 'sum by (job) (up)'\n"
         "  mamori query --range 6h --step 1m 'rate(payments_total[5m])'\n"
         "  mamori query --server http://prometheus:9090 --json up | jq .data.result\n\n"
         "options:\n" +
         options_help(kOptions) +
         "\nexit codes: 0 answered, also with no series; 1 the server refused the query or could not be asked; 2 "
         "usage\n";
}

int run_query(std::span<const std::string_view> args, const QueryWorld& world) {
  const auto usage = [&](const Error& error) {
    world.err << "mamori query: " << error.message << "; see 'mamori help query'\n";
    return kExitUsage;
  };
  const auto failed = [&](const std::string& message) {
    world.err << "mamori query: " << message << "\n";
    return kExitFailed;
  };
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) return usage(parsed.error());
  const auto question = read_question(*parsed, world);
  if (!question) return usage(question.error());
  const auto response = world.send(request_for(*question), question->timeout);
  if (!response) return failed(response.error().message);
  const auto answer = read_query_answer(response->body);
  if (question->json && (answer || answer.error().code == Code::InvalidArgument)) {
    world.out << trim(response->body) << "\n" << std::flush;
    return answer ? kExitOk : kExitFailed;
  }
  if (answer) return show(*question, *answer, world);
  if (answer.error().code == Code::InvalidArgument) {
    print_refusal(question->expression, answer.error().message, world.err);
    return kExitFailed;
  }
  return failed(question->server + " answered " + std::to_string(response->status) + ", and " + answer.error().message +
                "; is --server right?");
}

}  // namespace mamori::app
