// ingest/sample_labels.h: the labels under which a scraped sample is stored: its own, the target's, and what
// relabelling makes of both.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ingest/relabel.h"
#include "metrics/labels.h"
#include "spec/prometheus_config.h"

namespace mamori::ingest {

using LabelViewPairs = std::vector<std::pair<std::string_view, std::string_view>>;

/// Adds the target's labels to the sample's. Where both name one: the target's stays and the sample's becomes
/// exported_NAME, or, with honor_labels, the sample's stays, even when it is empty (Prometheus, scrape_config).
/// `names` holds the new names.
void merge_target_labels(LabelViewPairs& own, const spec::LabelPairs& target, bool honor_labels,
                         std::deque<std::string>& names);

/// Merged, relabelled and within the limits. Nothing: relabelling drops the sample. `own` is changed.
/// Errors: InvalidArgument, as Prometheus words it, for a label over a limit or a series that has lost its name.
Result<std::optional<metrics::Labels>> stored_labels(LabelViewPairs& own, const spec::LabelPairs& target,
                                                     bool honor_labels, const Relabeler& relabeler,
                                                     const spec::ScrapeLimits& limits);

}  // namespace mamori::ingest
