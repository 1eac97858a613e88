// ingest/write_layers.h: the order in which a request with histograms is written. A batch does not say whether a sample
// or a histogram comes first, so a series that changes from one to the other within a request needs several batches.
#pragma once
#include <vector>

#include "metrics/store.h"

namespace mamori::ingest {

/// Written as two batches, since they are counted apart.
struct WriteLayer {
  metrics::WriteBatch samples;
  metrics::WriteBatch histograms;  // staleness markers that came as histograms are its samples
};

/// To be written in this order. In a layer each series has one kind of item; each series' items ascend in time from
/// layer to layer. `histograms`: a null value is a staleness marker. Nearly always it is one layer.
std::vector<WriteLayer> write_layers(std::vector<metrics::RefSample> samples,
                                     std::vector<metrics::RefHistogram> histograms);

}  // namespace mamori::ingest
