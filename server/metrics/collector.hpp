// An observation as Prometheus families, with names, types and helps from the list and from nowhere else.
//
// Threads: Collect() from any thread.
// Lifetime: the Observatory outlives it.
// Cannot: emit a family that is not in the list; emits a listed one only when it has values (no GIL, no GIL
// series).
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "server/metrics/observatory.hpp"

namespace baton::metrics {

std::vector<prometheus::MetricFamily> families(const Observation& seen);

class Collector final : public prometheus::Collectable {
  public:
    explicit Collector(const Observatory& observatory) : observatory_(observatory) {}

    std::vector<prometheus::MetricFamily> Collect() const override {
        return families(observatory_.observe());
    }

  private:
    const Observatory& observatory_;
};

}  // namespace baton::metrics
