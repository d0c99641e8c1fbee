// Makes the kernel look, every half millisecond, whether a thread that has woken should run in place of one
// that computes.
//
// A kernel without full preemption decides that when a thread wakes; when the answer is no, by a few
// microseconds of balance, it asks again at its next tick, up to 4 ms later, although another core may have
// become free. Any thread that wakes on that core makes it ask, so one per core does, but only while a
// request computes.
//
// Threads: begin() and end() from any, lock-free; threads of its own, pinned to one core each, asleep while
// nobody computes. Lifetime: ends its threads within a beat. Cannot: help against other processes' claims on
// a core; on machines of more than kMostCores it does nothing, for there a core is free as a rule.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace baton::dispatch {

class Metronome {
  public:
    static constexpr std::size_t kMostCores = 8;
    static constexpr std::chrono::microseconds kBeat{500};

    Metronome() = default;
    Metronome(const Metronome&) = delete;
    Metronome& operator=(const Metronome&) = delete;
    ~Metronome();

    // One thread for each core that this process may use; none when there are too many of them or the system
    // refuses. Before it begin() and end() only count.
    void start();

    // A thread begins to compute, or ends.
    void begin() noexcept;
    void end() noexcept;

    std::uint64_t beats() const noexcept { return beats_.load(std::memory_order_relaxed); }

  private:
    void run(int core);

    // How many compute, in steps of 2; the lowest bit says that all is over.
    std::atomic<std::uint32_t> computing_{0};
    std::atomic<std::uint64_t> beats_{0};
    std::vector<std::thread> threads_;
};

}  // namespace baton::dispatch
