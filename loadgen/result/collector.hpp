// Where the intervals of all workers (and, over the network, of all agents) come together: the running sums,
// and the series by second.
//
// Threads: any; a mutex of its own, held for as long as an addition takes. Lifetime: outlives the workers.
// Cannot: take an interval back; the end of a run is the caller's to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/result/interval.hpp"
#include "loadgen/result/result.hpp"

namespace loadgen::result {

class Collector {
  public:
    explicit Collector(const plan::Plan& plan);

    // False when it does not fit the plan (another number of endpoints, a second that is not in it, cells
    // that do not exist); then nothing is added.
    bool add(const Interval& interval);

    // What has been collected so far, for those who watch: complete seconds only are of use, the last may
    // still grow. Of a long run only the last kWatched seconds, as the workers wait while they are copied.
    static constexpr std::size_t kWatched = 300;
    struct Progress {
        Sum all;
        std::vector<Sum> endpoints;
        std::vector<Second> seconds;
        std::size_t first = 0;  // which second of the run `seconds` begins with
        Self self;              // `busiest` is of the last complete second
    };
    Progress progress() const;

    // All of it. `wall` and `cpu` (seconds, of the process or of all agents' processes) are the caller's to
    // know.
    Result result(std::string started, double wall, double cpu) const;

    // More workers than this, counted over all agents, are not believed.
    static constexpr std::uint32_t kMostWorkers = 4096;

  private:
    bool fits(const Interval& interval) const noexcept;
    void add_second(const Interval& interval);
    std::vector<Second> series(std::size_t from) const;

    // Of one worker in one second.
    struct Used {
        double cpu = 0, waited = 0, stalled = 0;
    };
    double most(double Used::* what, std::size_t from, std::size_t to) const noexcept;
    void add_texts(const Interval& interval);

    const plan::Plan& plan_;
    const std::uint32_t measured_;  // seconds that are of the measured time, the last perhaps in part
    mutable std::mutex mutex_;
    std::vector<Sum> endpoints_;
    std::vector<Second> seconds_;
    std::optional<Second> behind_;  // what ended behind the measured time, which may have been cut short
    std::vector<std::vector<Used>> used_;  // by worker, by second
    Self self_;
};

}  // namespace loadgen::result
