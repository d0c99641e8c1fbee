// Exact books on CPython's GIL, without patching CPython and without its headers.
//
// How: CPython 3.11 to 3.15 guard the GIL with pthread mutexes and condition variables and call them through
// the dynamic symbol table. This library defines those functions ahead of libc, forwards every call, and for
// the objects that belong to a GIL knows from the order of calls when the lock was asked for, taken and
// released.
//
// Threads: everything here may be called from any thread, with or without the GIL, and takes no lock.
// Lifetime: the whole process; state of threads that have ended stays in the sums.
// Cannot: work in a program whose libpython binds pthread functions statically; self_test() tells.
// Depends on libc alone: no Boost, no Python.h, so that it can be loaded into any program.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interp/gil/blame.hpp"
#include "interp/gil/request_note.hpp"
#include "interp/gil/tags.hpp"

namespace baton::gil {

// All times in nanoseconds of CLOCK_MONOTONIC.
struct Totals {
    std::int64_t held = 0;         // with the GIL
    std::int64_t waited = 0;       // in line for it; includes the forced hand-over
    std::int64_t lock_waited = 0;  // without the GIL, in a Python lock (threading.Lock, queues, joins)
    std::uint64_t takes = 0;
    std::uint64_t contended = 0;  // takes that had to wait
    std::uint64_t forced = 0;     // releases because another thread had asked
    std::uint64_t voluntary = 0;

    Totals& operator+=(const Totals& other);
    Totals& operator-=(const Totals& other);
};

// The calling thread's totals up to this moment, the hold or wait in progress included. All zero for a thread
// that never took a GIL. The difference of two calls on one thread is what happened between them.
Totals this_thread();

// Upper bounds of the histogram buckets in nanoseconds (10 us to 5 s, with an edge at the 5 ms switch
// interval); one more bucket counts what is above the last.
inline constexpr std::array<std::int64_t, 17> kBounds = {
    10'000,      25'000,      50'000,      100'000,       250'000,      500'000,
    1'000'000,   2'500'000,   5'000'000,   10'000'000,    25'000'000,   50'000'000,
    100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 5'000'000'000};

struct Histogram {
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    std::int64_t sum = 0;
};

// The sum over all threads of one GIL, the holds and waits in progress included.
struct Snapshot {
    Totals totals;
    Histogram holds;            // each uninterrupted hold
    Histogram waits;            // each acquisition, uncontended ones included
    std::uint64_t waiters = 0;  // threads in line now
    bool main = false;          // the main interpreter's GIL
    // The number of the GIL's entry, from 0 on, the main one's first. The entry of a GIL that is gone (an
    // interpreter has ended) stays, is not alive, and goes to the next one that is made: its sums never go
    // down.
    std::size_t entry = 0;
    bool alive = false;
    // Who kept whom waiting, in waits that have ended: the parts add up to all waits.
    std::vector<Blame> blame;
    // The longest uninterrupted hold of each tag since the start.
    std::vector<LongestHold> longest;
    // Who kept others waiting for long at a stretch, in waits that have ended.
    std::vector<KeptWaiting> kept;
};
// By entry.
std::vector<Snapshot> snapshot();

// What one living thread does now, and its totals on one GIL. `tag` is the request's when it has one
// (is_program_tag()), kNotKnownYet when it stands in line for one, else the same as `name`. With `request` it
// is the route of that one.
enum class Doing : std::uint8_t { off_gil, waiting, holding, in_lock };
struct ThreadBook {
    std::size_t gil = 0;  // Snapshot::entry
    Tag tag = kOtherThreads;
    Tag name = kOtherThreads;
    Doing doing = Doing::off_gil;
    std::int64_t for_time = 0;  // how long it has been doing that, in nanoseconds
    Totals totals;
    std::optional<RequestNow> request = std::nullopt;  // what note_request() said
    std::int64_t request_time = 0;                     // how long it has had that, in nanoseconds
    int thread_id = 0;                                 // in the kernel
};
std::vector<ThreadBook> threads();

struct LongHold {
    std::int64_t nanoseconds = 0;  // its length
    std::int64_t unheeded = 0;     // the part of it that came after another thread had asked for the GIL
};
// Called on each thread that has let go of a GIL after holding it for `limit` nanoseconds or longer, outside
// all locks and before it does anything else. Null: none, as in the child of a fork. To be set while one
// thread runs.
using LongHoldHook = void (*)(void* argument, LongHold hold);
void on_long_hold(std::int64_t limit, LongHoldHook hook, void* argument);

// Called on the thread that set it, right after it has let go of the GIL, outside all locks. Null: none.
// In the child of a fork there is none.
using ReleaseHook = void (*)(void*);
void on_release(ReleaseHook hook, void* argument);

// The self-test: takes and releases through the given functions and compares the books with what was done. To
// be called once, after the interpreter is initialised, by a thread that holds the GIL. Returns an empty
// string when the books are exact; otherwise one line that says why not, and the ledger is off from then on:
// this_thread() stays zero.
struct Probe {
    void* (*save_thread)();         // PyEval_SaveThread
    void (*restore_thread)(void*);  // PyEval_RestoreThread
};
std::string self_test(const Probe& probe);

// Do the books count? False before a successful self_test().
bool exact();

}  // namespace baton::gil
