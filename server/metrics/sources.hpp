// What the metrics take from worlds that they do not know: main gives functions, these are their answers.
//
// Threads: the functions are called on the thread that asks for the metrics (the admin thread); they must not
// wait for the GIL. Lifetime: what the functions refer to outlives the Observatory. Cannot: be left empty:
// every function has to be there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/dispatch/thread_keeper.hpp"
#include "server/metrics/blame.hpp"
#include "server/metrics/histogram.hpp"

namespace baton::metrics {

// Waits of 20 ms or more for one and the same hold.
struct PartyKept {
    Party party = 0;
    std::uint64_t count = 0;
    Nanoseconds time = 0;
};

// One GIL. `enabled` is false on a free-threaded build that runs without it; `exact` is false when the ledger
// is off. Only with both do the other values count.
struct GilSample {
    std::string interpreter = "main";
    bool enabled = true;
    bool exact = false;
    Nanoseconds held = 0;
    Nanoseconds waiting = 0;
    PhaseCount holds{};
    PhaseCount waits{};
    std::uint64_t forced = 0;
    std::uint64_t voluntary = 0;
    std::uint64_t waiters = 0;
    std::vector<BlamePair> blame{};    // what has been waited, and for whom, in waits that have ended
    std::vector<PartyHold> longest{};  // the longest uninterrupted hold of each party
    std::vector<PartyKept> kept{};     // who kept others waiting for long at a stretch
};

// The garbage collections of one generation.
struct GcSample {
    std::string interpreter = "main";
    std::string generation;
    PhaseCount pauses{};
};

// Callbacks that have kept an event loop for 20 ms or more, waits for the GIL left out.
struct LongSteps {
    std::optional<Party> route;  // nothing: no request's
    std::uint64_t count = 0;
    Nanoseconds time = 0;
    Nanoseconds longest = 0;  // since the start
};

// An event loop and the thread that runs it.
struct LoopSample {
    std::string interpreter = "main";
    std::string name;        // "asyncio", "uvloop"
    PhaseCount lag{};        // how late callbacks ran
    Nanoseconds active = 0;  // running callbacks
    Nanoseconds idle = 0;    // waiting for events
    std::vector<LongSteps> long_steps{};
};

// A request that a thread works for at this moment. Texts may be cut.
struct RequestNow {
    std::string id;
    std::string method;
    std::string path;          // as it came, without the query, which may hold secrets
    Nanoseconds for_time = 0;  // of an event loop's thread: how long its present callback runs
};

// A thread that has run Python, whoever started it.
struct PythonThread {
    std::string interpreter = "main";
    std::string name;        // as a label: numbers in it are an N
    std::string_view doing;  // "holding" the GIL, "waiting" for it, "in_lock", "off_gil"
    Nanoseconds for_time = 0;
    Nanoseconds held = 0;
    Nanoseconds waited = 0;
    std::optional<Party> route;  // when it has a request
    std::optional<RequestNow> request{};
    int thread_id = 0;  // in the kernel
};

struct ThreadStates {
    std::size_t running = 0;  // with the GIL
    std::size_t waiting = 0;  // in line for it
    std::size_t off_gil = 0;  // in a request, without it
    std::size_t idle = 0;
    dispatch::ThreadReport keeper{};  // how many there should be, and why
};

struct RuntimeInfo {
    std::string version;
    std::string python_version;
    std::string mode;        // "threads", "event-loop" or "mixed" (both, by mount)
    std::string interface;   // "wsgi", "asgi" or "mixed"
    std::string gil_policy;  // "latency" or "cpython"
    std::string ledger;      // "exact", or why it is off; not a label
};

struct Sources {
    std::function<std::vector<GilSample>()> gils;
    std::function<ThreadStates()> threads;
    std::function<std::size_t()> queue_length;
    std::function<RuntimeInfo()> runtime;
    std::function<std::vector<GcSample>()> gc;
    std::function<std::vector<PythonThread>()> python_threads;
    // The label of a party that is no route.
    std::function<std::string(Party)> party_name;
    // Empty when nothing is served by one.
    std::function<std::vector<LoopSample>()> loops;
};

}  // namespace baton::metrics
