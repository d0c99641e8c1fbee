// Runs a plan: one worker per thread, each with an io_context, its part of the schedule and its connections.
//
// Threads: run() is called by one thread and returns when the run is over; stop() may be called from any, and
// from a signal's handler on an io_context. Lifetime: an Engine is one run. Cannot: be started again; see the
// target's side.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "loadgen/plan/plan.hpp"
#include "loadgen/result/interval.hpp"

namespace loadgen::engine {

struct Outcome {
    Moment started;   // the start of the measured time
    double wall = 0;  // seconds measured: the duration, or less when it was stopped
    double cpu = 0;   // CPU seconds of the process in that time
    bool stopped = false;
};

// Why no run took place: the target could not be reached. One line for a human.
struct Unreachable {
    std::string why;
};

class Engine {
  public:
    // Called by workers, on their threads, once a second and at their end; must not block for long.
    using Sink = std::function<void(result::Interval&&)>;

    Engine(const plan::Plan& plan, Sink sink);

    // One request's worth of connection to each target, before anything is measured: none when all can be
    // reached.
    std::optional<Unreachable> reach();

    // From `start` on (the start of the warm-up) until the duration is over and the last answers are in.
    Outcome run(Moment start);

    // Ends early: what has been measured so far counts. A second call ends at once, without waiting for
    // answers.
    void stop() noexcept;

  private:
    const plan::Plan& plan_;
    Sink sink_;
    std::atomic<int> stops_ = 0;
};

}  // namespace loadgen::engine
