// ingest/remote_write_routes.h: remote write's HTTP: which headers are understood, what the answer's headers say.
#pragma once
#include "ingest/remote_write.h"
#include "net/router.h"

namespace mamori::ingest {

/// POST /api/v1/write. 415 for a Content-Type or Content-Encoding that is not remote write's; without a Content-Type
/// the body is taken for 1.0, without an encoding for snappy, as Prometheus does. `remote_write` must outlive the
/// router.
void add_remote_write_routes(net::Router& router, RemoteWrite& remote_write);

/// Of a Content-Type header. Errors: InvalidArgument saying what is understood.
Result<WriteVersion> write_version(std::string_view content_type);

}  // namespace mamori::ingest
