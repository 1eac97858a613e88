// app/own_metrics.h: the process's own figures at /metrics: memory, processor time, open files, start, version; what
// remote write took and refused.
#pragma once
#include "ingest/remote_write.h"
#include "metrics/registry.h"

namespace mamori::app {

void register_process_metrics(metrics::Registry& registry);
/// `remote_write` must outlive the registry's last page.
void register_remote_write_metrics(metrics::Registry& registry, const ingest::RemoteWrite& remote_write);

}  // namespace mamori::app
