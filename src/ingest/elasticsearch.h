// ingest/elasticsearch.h: as much of Elasticsearch's HTTP API as log shippers ask for: the greeting, _bulk and single
// documents, health, licence, and the set-up calls, which are acknowledged and change nothing (a stream needs no
// template). Which shipper needs what: docs/formats/payment-log.md.
// What always holds: each of these answers carries X-elastic-product, without which the official clients refuse them.
#pragma once
#include "ingest/bulk.h"
#include "net/router.h"

namespace mamori::ingest {

/// What GET / says to an Elasticsearch client. The app answers browsers there by itself.
net::Response elasticsearch_greeting(const net::Request& request);

/// `bulk` and `clock` must outlive the router.
void add_elasticsearch_routes(net::Router& router, BulkIngest& bulk, const Clock& clock);

}  // namespace mamori::ingest
