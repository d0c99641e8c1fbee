// The ledger's self-test inside a foreign program: it needs a thread that holds the GIL, and waits for one to
// come by.
//
// Threads: any; the test itself runs once. Lifetime: constant-initialised. Cannot: run on a Python that never
// gets to its pending calls and never lets go of the GIL; then there is no verdict.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "interp/gil/preload/python.hpp"
#include "server/probe/book.hpp"

namespace baton::gil::preload {

class Check {
  public:
    // Asks Python to run the test where it runs pending calls: on the main thread, which after the start of
    // an interpreter is soon and without a rival. By a thread that belongs to Python, as soon as it is
    // initialised; the pointers in `python` stay valid. False: ask again later.
    bool ask(const Python& python, bool lend_scheduler) noexcept;
    bool is_asked() const noexcept { return state_.load(std::memory_order_relaxed) != State::kNotAsked; }

    // Where the main thread does not run Python (an embedding program): takes the GIL for the test. Called
    // now and then by a thread of ours; does so once, when the test has been due for long. Not noexcept: a
    // Python that ends meanwhile ends the calling thread.
    void insist();
    bool insists() const noexcept { return insists_.load(std::memory_order_relaxed); }

    // Without a test.
    void refuse(const char* why) noexcept;

    // What is to be published.
    probe::Verdict verdict() const noexcept;
    const char* fault() const noexcept { return fault_.data(); }

    // In the child of a fork: what was under way there is not under way here.
    void start_over() noexcept;

  private:
    enum class State : std::uint8_t { kNotAsked, kAsked, kRunning, kExact, kRefused };
    static int pending_call(void* check);
    void run();

    Python python_;
    bool lend_scheduler_ = false;
    std::int64_t asked_at_ = 0;
    std::atomic<bool> insists_{false};
    std::atomic<State> state_{State::kNotAsked};
    std::array<char, 384> fault_{};
};

}  // namespace baton::gil::preload
