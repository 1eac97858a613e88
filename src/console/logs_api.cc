#include "console/logs_api.h"

#include <simdjson.h>

#include <charconv>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "logs/query.h"

namespace mamori::console {
namespace {

using net::Request;
using net::Response;
using Fields = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t kLimitDefault = 100;
// How many lines pass between two looks at the clock: some milliseconds' worth.
constexpr std::uint64_t kLinesPerLook = 1024;

struct Question {
  logs::Query query;
  logs::ScanRange range;
  std::size_t limit = kLimitDefault;
};

Response refusal(const Error& error) {
  JsonWriter json;
  json.begin_object().field("error", error.message).field("code", to_string(error.code)).end_object();
  return Response::json(net::http_status(error.code), std::move(json).take());
}

Result<Fields> fields_of_json(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(document) != simdjson::SUCCESS ||
      document.get(object) != simdjson::SUCCESS) {
    return invalid_argument("the body is no JSON object");
  }
  Fields fields;
  for (const auto [key, value] : object) {
    std::string_view text;
    if (value.is_null()) continue;
    if (value.get(text) == simdjson::SUCCESS) {
      fields[std::string(key)] = text;
    } else if (value.is_number()) {
      fields[std::string(key)] = simdjson::minify(value);
    } else {
      return invalid_argument(std::string(key) + ": is neither a string nor a number");
    }
  }
  return fields;
}

Result<Fields> fields_of(const Request& request) {
  Fields fields;
  for (const auto& [name, value] : request.params()) fields.try_emplace(name, value);
  const std::string type = to_lower(request.headers.get("Content-Type"));
  if (request.method != "POST" || !type.starts_with("application/json")) return fields;
  MAMORI_TRY(auto more, fields_of_json(request.body));
  fields.merge(more);
  return fields;
}

Result<Question> question_of(const Fields& fields, Timestamp now, std::size_t limit_max) {
  Question question;
  const auto get = [&](std::string_view name) -> std::string_view {
    const auto at = fields.find(name);
    return at == fields.end() ? std::string_view{} : std::string_view(at->second);
  };
  for (const auto& [name, value] : fields) {
    static const std::vector<std::string> kNames{"query", "start", "end", "limit", "stream"};
    if (std::ranges::find(kNames, name) != kNames.end()) continue;
    const std::string meant = nearest(name, kNames);
    return invalid_argument(
        "\"" + name.substr(0, 40) + "\" is no parameter" +
        (meant.empty() ? "; known: query, start, end, limit, stream" : "; did you mean " + meant + "?"));
  }
  MAMORI_TRY(question.query, logs::Query::parse(get("query")));
  question.range.end = now + std::chrono::minutes{1};
  if (!get("end").empty()) {
    MAMORI_TRY(question.range.end, parse_time(get("end")));
  }
  question.range.start = question.range.end - std::chrono::hours{1};
  if (!get("start").empty()) {
    MAMORI_TRY(question.range.start, parse_time(get("start")));
  }
  if (question.range.start > question.range.end) return invalid_argument("start is after end");
  if (!get("stream").empty()) question.range.stream_pattern = get("stream");
  if (const auto text = get("limit"); !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), question.limit);
    if (error != std::errc{} || end != text.data() + text.size() || question.limit == 0 || question.limit > limit_max) {
      return invalid_argument("limit: \"" + std::string(text.substr(0, 40)) + "\" is no number from 1 to " +
                              std::to_string(limit_max));
    }
  }
  return question;
}

/// Collects matching lines until one of the bounds is met.
class Answer {
 public:
  Answer(const Question& question, const Clock& clock, const LogsApiOptions& options)
      : question_(question), clock_(clock), options_(options), began_(clock.now()) {
    json_.begin_object().key("lines").begin_array();
  }

  /// False when enough is known.
  bool take(const logs::Line& line) {
    if (++seen_ % kLinesPerLook == 0 && clock_.now() - began_ > options_.time_max) return stop(timed_out_);
    if (!question_.query.matches(line)) return true;
    if (found_ == question_.limit || bytes_ + line.json.size() > options_.reply_bytes_max) return stop(truncated_);
    ++found_;
    bytes_ += line.json.size();
    json_.begin_object().field("stream", line.stream).field("time", format_rfc3339(line.time));
    json_.key("line").raw(line.json).end_object();
    return true;
  }

  std::string finish(const logs::ScanCost& cost) && {
    json_.end_array().field("truncated", truncated_ || timed_out_);
    json_.key("cost").begin_object().field("lines", static_cast<std::size_t>(cost.lines));
    json_.field("bytes", static_cast<std::size_t>(cost.bytes));
    json_.field("seconds", std::chrono::duration<double>(clock_.now() - began_).count()).end_object();
    json_.key("warnings").begin_array();
    if (timed_out_) {
      json_.string("stopped after " + std::to_string(options_.time_max.count()) +
                   " s; older lines were not looked at: narrow the time range");
    }
    if (cost.damaged_blocks > 0) {
      json_.string(std::to_string(cost.damaged_blocks) + " blocks of stored lines are damaged and were left out");
    }
    json_.end_array().end_object();
    return std::move(json_).take();
  }

 private:
  static bool stop(bool& why) {
    why = true;
    return false;
  }
  const Question& question_;
  const Clock& clock_;
  const LogsApiOptions& options_;
  const Timestamp began_;
  JsonWriter json_;
  std::uint64_t seen_ = 0;
  std::size_t found_ = 0, bytes_ = 0;
  bool truncated_ = false, timed_out_ = false;
};

Response answer(const Request& request, const logs::Store& store, const Clock& clock, const LogsApiOptions& options) {
  const auto fields = fields_of(request);
  if (!fields) return refusal(fields.error());
  const auto question = question_of(*fields, clock.now(), options.lines_max);
  if (!question) return refusal(question.error());
  Answer result(*question, clock, options);
  const auto cost = store.scan(question->range, [&](const logs::Line& line) { return result.take(line); });
  if (!cost) return refusal(cost.error());
  return Response::json(200, std::move(result).finish(*cost));
}

}  // namespace

void add_logs_routes(net::Router& router, const logs::Store& store, const Clock& clock, LogsApiOptions options) {
  router.add("GET|POST", "/api/mamori/v1/logs/query",
             [&store, &clock, options](const Request& request) { return answer(request, store, clock, options); });
}

}  // namespace mamori::console
