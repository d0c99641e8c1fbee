// Keeps the number of interpreter threads where decide() wants it, on a thread of its own.
//
// Threads: start() and stop() by main; crowded() from any, never blocks; report() from any.
// Lifetime: outlives everybody who calls crowded(); stop() before the pool is closed for good. Cannot: wait
// for the GIL: the sources must not either.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "server/dispatch/clock.hpp"
#include "server/dispatch/parking.hpp"
#include "server/dispatch/thread_controller.hpp"

namespace baton::dispatch {

class WorkQueue;

// Sums so far, and the line at this moment.
struct GilUse {
    bool exact = false;
    Nanoseconds held = 0;
    Nanoseconds waited = 0;
    std::size_t waiters = 0;
};

// The pool, and what is known about the rest of the world.
struct ThreadKeeperSources {
    std::function<std::size_t()> size;
    std::function<std::size_t(std::size_t)> grow;    // by so many; how many there were of them
    std::function<std::size_t(std::size_t)> retire;  // the same
    std::function<GilUse()> gil;
    std::function<Nanoseconds()> python_cpu;  // CPU time of threads that may run Python
    std::function<void()> began;              // on the keeper's thread
    std::function<void()> ending;
};

struct ThreadReport {
    ThreadLimits limits;
    // The last decision that changed the number or refused to.
    ThreadReason reason = ThreadReason::started;
    std::string text;
    int change = 0;  // by so many threads
    std::chrono::system_clock::time_point at;
    std::array<std::uint64_t, kThreadReasons.size()> decisions{};
};

class ThreadKeeper {
  public:
    ThreadKeeper(ThreadLimits limits, WorkQueue& queue, ThreadKeeperSources sources);
    ThreadKeeper(const ThreadKeeper&) = delete;
    ThreadKeeper& operator=(const ThreadKeeper&) = delete;
    ~ThreadKeeper();

    // Starts the least number of threads, and watches from then on if there is anything to decide.
    void start();
    void stop();
    // All threads are in long requests, and more wait: look at once.
    void crowded() { parking_.wake(); }
    ThreadReport report() const;

  private:
    struct Sums {
        Nanoseconds at = 0;
        GilUse gil;
        Nanoseconds cpu = 0;
        Nanoseconds python_cpu = 0;
    };

    void run();
    void look(bool crowded);
    Sums sums() const;
    ThreadObservation observe_period();
    ThreadObservation observe_now() const;
    std::size_t spare_now();
    void apply(const ThreadDecision& decision, const ThreadObservation& seen);
    void note(ThreadReason reason, const ThreadObservation& seen, std::ptrdiff_t change);

    const ThreadLimits limits_;
    WorkQueue& queue_;
    const ThreadKeeperSources sources_;

    Parking parking_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;

    // The keeper's thread's alone.
    Sums before_;
    double cpu_ = 0;                             // of the last period
    std::array<std::size_t, 10> fewest_idle_{};  // of each of the last seconds
    std::size_t second_ = 0;
    std::size_t ticks_ = 0;
    std::size_t fewest_ = 0;  // of this second
    Nanoseconds refused_until_ = 0;

    mutable std::mutex mutex_;
    ThreadReport report_;
};

}  // namespace baton::dispatch
