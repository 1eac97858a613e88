// metrics/promql/histogram_text.h: a histogram in a line, as Prometheus writes it into labels.
#pragma once
#include <string>

#include "metrics/histogram.h"

namespace mamori::metrics::promql {

/// {count:3, sum:2.5, [-1,-0.5):1, [-0.001,0.001]:1, (0.5,1]:1}
std::string to_text(const Histogram& histogram);

}  // namespace mamori::metrics::promql
