// app/own_metrics.h: the process's own figures at /metrics: memory, processor time, open files, start, version.
#pragma once
#include "metrics/registry.h"

namespace mamori::app {

void register_process_metrics(metrics::Registry& registry);

}  // namespace mamori::app
