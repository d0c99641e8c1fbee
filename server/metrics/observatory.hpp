// Everything that can be known at this moment, taken in one go: the one origin of /metrics and of the status
// page.
//
// Threads: observe() and tick() from any thread, usually the admin's. Never waits for the GIL.
// Lifetime: what its constructor is given outlives it.
// Cannot: keep history beyond the ten seconds of the throughput.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "server/metrics/blame.hpp"
#include "server/metrics/process.hpp"
#include "server/metrics/shards.hpp"
#include "server/metrics/sources.hpp"
#include "server/metrics/thread_clocks.hpp"
#include "server/metrics/throughput.hpp"
#include "server/metrics/totals.hpp"

namespace baton::metrics {

struct Observation {
    RequestTotals totals;
    std::vector<std::string> route_labels;  // by id
    std::vector<GilSample> gils;
    BlameSeries blame;
    std::vector<PartyHold> longest_holds;  // over all GILs, the longest first
    std::map<Party, std::string> others;   // labels of the parties in these two that are no routes
    std::vector<GcSample> gc;
    std::vector<PythonThread> python_threads;
    std::vector<LoopSample> loops;
    ThreadStates threads;
    std::size_t queue_length = 0;
    RuntimeInfo runtime;
    std::array<Nanoseconds, kRoleNames.size()> cpu_by_role{};
    ProcessSample process;
    double requests_per_cpu_second = 0.0;

    bool has_gil_books() const;
    const std::string& label(Party party) const;
};

class Observatory {
  public:
    Observatory(Shards& shards, const ThreadClocks& clocks, Sources sources);

    Observation observe() const;
    // To be called about once a second; requests per CPU-second are counted over the last ten of them.
    void tick();
    // As Shards::take_slow(); for one reader.
    std::vector<SlowRequest> take_slow(Nanoseconds threshold) { return shards_.take_slow(threshold); }

  private:
    Throughput::Sample throughput_sample() const;
    void add_parties(Observation& seen) const;

    Shards& shards_;
    const ThreadClocks& clocks_;
    const Sources sources_;
    Throughput throughput_;
    mutable BlameTable blame_;
};

}  // namespace baton::metrics
