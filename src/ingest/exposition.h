// ingest/exposition.h: reads what exporters say, line by line: the Prometheus text format 0.0.4, as lax as Prometheus
// reads it, and OpenMetrics 1.0 text. No sockets, no storage.
// What always holds: nothing is copied; a line's texts are parts of the page. A line that is the expected one is
// compared, not read.
// Sources: prometheus.io/docs/instrumenting/exposition_formats, the OpenMetrics 1.0 specification.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace mamori::ingest {

enum class ExpositionFormat { PrometheusText, OpenMetrics };

struct PagePlace {
  std::size_t line = 1, column = 1;
};
/// Of the byte that has `offset` bytes of the page before it.
PagePlace place_in(std::string_view page, std::size_t offset);

/// By a Content-Type header; anything that is not OpenMetrics is read as Prometheus text.
ExpositionFormat exposition_format(std::string_view content_type);

/// Names and values of one sample or exemplar, undone of their escapes, in the order of the page; the metric's name
/// first, as __name__. Reused from line to line.
struct LabelViews {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  std::string unescaped;  // what some views point to
};

struct ExemplarSample {
  std::optional<std::int64_t> time_ms;
  double value = 0;
};

/// The last # TYPE decides how Prometheus 3 writes the numbers of le and quantile.
enum class FloatLabel : std::uint8_t { None, Le, Quantile };

class ExpositionReader {
 public:
  /// `page` must stay.
  ExpositionReader(std::string_view page, ExpositionFormat format)
      : page_(page), open_metrics_(format == ExpositionFormat::OpenMetrics) {}

  enum class Step {
    Sample,    // series(), value(), time_ms() and, in OpenMetrics, exemplar() tell of it
    Metadata,  // metadata_line() is a # HELP, # TYPE or # UNIT line
    End,
    Failed,  // error(); a page is taken whole or refused whole, as Prometheus does
  };
  /// Goes to the next line that says something. `expected`: a series() or metadata_line() of an earlier page, whole,
  /// that probably comes.
  Step next(std::string_view expected = {});

  /// Name and labels as written, such as `a{b="c"}`: they identify a series from scrape to scrape.
  std::string_view series() const { return raw_; }
  std::string_view metadata_line() const { return raw_; }
  double value() const { return value_; }
  const std::optional<std::int64_t>& time_ms() const { return time_ms_; }
  bool has_exemplar() const { return !exemplar_.empty(); }
  std::string_view exemplar() const { return exemplar_; }  // as written
  bool as_expected() const { return as_expected_; }        // the last line was the expected one

  /// Reads series(). False: error(). `floats`: which label's number to write as 1.0 instead of 1.
  bool read_labels(LabelViews& labels, FloatLabel floats = FloatLabel::None);
  /// Reads the sample's exemplar. False: error(). REQUIRES: has_exemplar().
  bool read_exemplar(LabelViews& labels, ExemplarSample& sample);

  /// InvalidArgument with line and column: "line 3, column 12: …".
  Error error() const;
  const std::string& problem() const { return problem_; }  // without its place
  std::size_t problem_at() const { return problem_at_; }   // bytes before it

 private:
  friend class SeriesText;
  Step fail(std::size_t at, std::string problem);
  Step end();
  Step read_sample();
  Step read_tail();
  bool read_time(std::string_view word);
  bool is_comment_line(std::string_view line) const;
  std::size_t end_of_labels(std::size_t at);
  std::string_view word_at(std::size_t at) const;
  void skip_spaces() {
    while (at_ < page_.size() && (page_[at_] == ' ' || page_[at_] == '\t')) ++at_;
  }

  const std::string_view page_;
  const bool open_metrics_;
  std::size_t at_ = 0;  // between two calls of next(): where a line begins
  bool ended_ = false;  // "# EOF" was read
  bool as_expected_ = false;
  std::string_view raw_, exemplar_;
  double value_ = 0;
  std::optional<std::int64_t> time_ms_;
  std::string problem_;
  std::size_t problem_at_ = 0;
};

struct MetricMetadata {
  std::string type;  // counter, gauge, histogram, summary, untyped, …
  std::string help, unit;
};

/// Adds what a metadata_line() says. False when it is malformed; then nothing is added.
bool add_metadata(std::string_view line, std::map<std::string, MetricMetadata>& metadata);
/// Of a metadata_line(): what a # TYPE line says; nothing for another.
std::optional<FloatLabel> float_label_of(std::string_view line);

struct ExposedSample {
  metrics::Labels labels;  // __name__ among them
  std::optional<std::int64_t> time_ms;
  double value = 0;
};

struct Exposition {
  std::vector<ExposedSample> samples;
  std::map<std::string, MetricMetadata> metadata;  // by metric family
};

/// A whole page at once. Errors: InvalidArgument with line and column. OpenMetrics must end with "# EOF".
Result<Exposition> parse_exposition(std::string_view text, ExpositionFormat format);

}  // namespace mamori::ingest
