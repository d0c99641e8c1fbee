// One thread's book on one GIL: what it has held, waited for and counted, and what it is doing now.
//
// Threads: one writer, the owner (the thread for which it was claimed); read() from any thread. The writer
// never waits: a sequence number tells readers that they were overtaken, and they read again. Lifetime: made
// at a thread's first take of a GIL and never freed. When the thread ends, the account keeps its sums and is
// claimed by the next new thread of that GIL; so sums over accounts never go down. Cannot: know why its owner
// does something; protocol.cpp does.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "interp/gil/ledger.hpp"
#include "interp/gil/request_note.hpp"
#include "interp/gil/tags.hpp"
#include "interp/gil/trace_log.hpp"

namespace baton::gil {

class Gil;
struct Thread;

enum class State : std::uint8_t {
    kOff,       // without the GIL: native code, a system call, or not in Python at all
    kWaiting,   // in line for the GIL
    kHeld,      // with the GIL
    kLockWait,  // without the GIL, in a Python lock
};

// A histogram with one writer and many readers.
class HistogramBook {
  public:
    void add(std::int64_t value) noexcept;
    void collect(Histogram& into) const noexcept;
    void clear() noexcept;

  private:
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
    std::atomic<std::int64_t> sum_{0};
};

class alignas(64) Account {
  public:
    explicit Account(Gil& gil) : gil_(gil) {}

    Gil& gil() const { return gil_; }
    State state() const { return state_.load(std::memory_order_relaxed); }
    std::int64_t since() const { return since_.load(std::memory_order_relaxed); }

    // The owner's entries, in the order in which protocol.cpp makes them; `time` is a reading of now().
    void wait_begins(std::int64_t time) noexcept;
    void wait_ends(
        std::int64_t time) noexcept;  // without the GIL: the hand-over is done, or the thread gave up
    // Returns the wait that it ends.
    std::int64_t taken(std::int64_t time, bool contended) noexcept;
    // Returns the hold that it ends. Forced: and so in line again at once.
    std::int64_t released(std::int64_t time, bool forced) noexcept;
    void hand_over_begins() noexcept;  // in line ever since the last entry
    void lock_wait_begins(std::int64_t time) noexcept;
    void lock_wait_ends(std::int64_t time) noexcept;

    // The owner's totals since it claimed the account, up to `time`.
    Totals own_totals(std::int64_t time) const noexcept;

    struct Reading {
        Totals totals;  // without what is in progress
        Histogram holds;
        Histogram waits;
        State state = State::kOff;
        std::int64_t since = 0;
    };
    Reading read() const noexcept;

    // On whose behalf the owner acts.
    void set_tags(Tag tag, Tag name) noexcept {
        tag_.store(tag, std::memory_order_relaxed);
        name_.store(name, std::memory_order_relaxed);
    }
    Tag tag() const { return tag_.load(std::memory_order_relaxed); }
    Tag name() const { return name_.load(std::memory_order_relaxed); }

    // What the owner writes down while the timeline is being recorded.
    trace::Log log;
    // The request that the owner has now.
    RequestNote request;

    // Ownership. The owner calls claim(); false: another thread has it.
    bool claim(Thread* owner) noexcept;
    void give_back(std::int64_t time) noexcept;
    const Thread* owner() const { return owner_.load(std::memory_order_relaxed); }
    int thread_id() const {
        return thread_id_.load(std::memory_order_relaxed);
    }  // the owner's, in the kernel

    // In the child of a fork, where only one thread exists: the sums start at zero. The surviving thread's
    // state stays, and what own_totals() says goes on from where it was; any other account becomes free.
    void start_over(std::int64_t time, bool survives) noexcept;

    Account* next_of_gil = nullptr;     // set once, before it is published
    Account* next_of_thread = nullptr;  // the owner's

  private:
    class Entry;
    void note(trace::Event event, std::int64_t time) noexcept {
        if (trace::on()) [[unlikely]]
            log.note(*this, event, time);
    }
    Totals stored() const noexcept;
    void clear() noexcept;

    Gil& gil_;
    std::atomic<Thread*> owner_{nullptr};
    std::atomic<int> thread_id_{0};
    std::atomic<Tag> tag_{kOtherThreads};
    std::atomic<Tag> name_{kOtherThreads};
    std::atomic<std::uint32_t> sequence_{0};  // odd while an entry is being made
    std::atomic<State> state_{State::kOff};
    std::atomic<std::int64_t> since_{0};  // when the state began

    std::atomic<std::int64_t> held_{0};
    std::atomic<std::int64_t> waited_{0};
    std::atomic<std::int64_t> lock_waited_{0};
    std::atomic<std::uint64_t> takes_{0};
    std::atomic<std::uint64_t> contended_{0};
    std::atomic<std::uint64_t> forced_{0};
    std::atomic<std::uint64_t> voluntary_{0};

    // The owner's alone.
    std::int64_t waited_before_ = 0;  // waits that did not end with a take; they belong to the next one
    Totals base_;                     // what the account said when it was claimed

    HistogramBook holds_;
    HistogramBook waits_;
};

// As the rest of the world is told it.
Doing doing(State state) noexcept;

// Adds what is in progress at `time`.
void add_progress(Totals& totals, State state, std::int64_t since, std::int64_t time) noexcept;

}  // namespace baton::gil
