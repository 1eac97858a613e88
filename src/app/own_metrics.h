// app/own_metrics.h: the process's own figures at /metrics: memory, processor time, open files, start, version; what
// remote write and OTLP took and refused; what the metrics store holds, took, refused and does.
#pragma once
#include "ingest/otlp_metrics.h"
#include "ingest/remote_write.h"
#include "metrics/registry.h"
#include "metrics/store.h"

namespace mamori::app {

void register_process_metrics(metrics::Registry& registry);
/// The second argument must outlive the registry's last page.
void register_remote_write_metrics(metrics::Registry& registry, const ingest::RemoteWrite& remote_write);
void register_otlp_metrics(metrics::Registry& registry, const ingest::OtlpMetrics& otlp);
void register_store_metrics(metrics::Registry& registry, const metrics::Store& store);

}  // namespace mamori::app
