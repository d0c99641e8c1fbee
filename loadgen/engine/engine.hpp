// Runs a plan: one worker per thread, each with an io_context, its part of the schedule and its connections.
//
// Threads: reach() and run() are called by one thread; run() returns when the run is over. stop() may be
// called from any. Lifetime: an Engine is one run. Cannot: be started again; see the target's side.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "loadgen/engine/targets.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/result/interval.hpp"

namespace loadgen::engine {

struct Outcome {
    double wall = 0;  // seconds measured: the duration, or less when it was stopped
    double cpu = 0;   // CPU seconds of this process in that time
    bool stopped = false;
};

class Engine {
  public:
    // Called by workers, on their threads, once a second and at their end; must not block for long.
    using Sink = std::function<void(result::Interval&&)>;

    // std::runtime_error: a certificate's file is not to be had, or not as many descriptors as connections.
    Engine(const plan::Plan& plan, Sink sink);

    // A connection to each target, TLS included, before anything is measured. The text says what could not be
    // reached.
    std::optional<std::string> reach() { return targets_.reach(plan_.load.timeout, stops_); }

    // From `start` on (the start of the warm-up) until the duration is over and the last answers are in.
    Outcome run(Moment start);

    // Ends early: what has been measured so far counts. A second call ends at once, without waiting for
    // answers.
    void stop() noexcept { stops_.fetch_add(1, std::memory_order_relaxed); }

  private:
    const plan::Plan& plan_;
    Sink sink_;
    Targets targets_;
    std::atomic<int> stops_ = 0;
};

}  // namespace loadgen::engine
