// Where the intervals of all workers (and, over the network, of all agents) come together: the running sums,
// and the series by second.
//
// A run may be a week long, so not all is kept by second: the cells of latencies (some 16 KB a second) become
// percentiles when kWatched seconds have passed, and their sums over stretches of seconds, of which each two
// are added up when they have too many cells together. No percentile is lost or averaged by that: those of
// the run are of its sums.
//
// Threads: any; a mutex of its own, held for as long as an addition takes. Lifetime: outlives the workers.
// Cannot: take an interval back; the end of a run is the caller's to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
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
        std::vector<RecentSecond> seconds;
        std::size_t first = 0;  // which second of the run `seconds` begins with
        Self self;              // `busiest` is of the last complete second
    };
    Progress progress() const;

    // All of it. `wall` and `cpu` (seconds, of the process or of all agents' processes) are the caller's to
    // know.
    Result result(std::string started, double wall, double cpu) const;

    // More cells than this (16 bytes each) are kept of stretches only while there are kFewestStretches at
    // most.
    static constexpr std::size_t kMostCells = 4'000'000;
    static constexpr std::size_t kMostStretches = 3600;
    static constexpr std::size_t kFewestStretches = 60;

    // More workers than this, counted over all agents, are not believed.
    static constexpr std::uint32_t kMostWorkers = 4096;

  private:
    bool fits(const Interval& interval) const noexcept;
    void add_second(const Interval& interval);
    void reach(std::size_t second);
    void add_latencies(std::uint32_t second, const stats::Cells& response, const stats::Cells& service);
    void fold();
    std::vector<RecentSecond> recent() const;
    std::vector<Second> series() const;
    std::vector<Stretch> all_stretches() const;

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
    // What is known of a second as long as it is one of the last.
    struct Latencies {
        stats::Cells response;
        stats::Cells service;
    };
    std::vector<Second> seconds_;     // with the latencies of those only that have left recent_
    std::deque<Latencies> recent_;    // of the last kWatched
    std::vector<Stretch> stretches_;  // of all, each `width_` long
    std::uint32_t width_ = 1;
    std::size_t cells_ = 0;  // in stretches_
    // What ended behind the measured time, which may have been cut short.
    std::optional<RecentSecond> behind_;
    std::vector<std::vector<Used>> used_;  // by worker, by second
    Self self_;
};

}  // namespace loadgen::result
