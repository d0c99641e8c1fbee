// Who gets the GIL next, and how soon the holder is asked for it: CPython's waits and signals on gil->cond,
// with a line of Baton's own behind them. And the marks by which a program says what its threads work for.
//
// Threads: set_policy() from any, at any time; the marks act for the calling thread, with or without the GIL.
// Lifetime: the whole process. Cannot: take the GIL from C code that does not look for requests to let go.
#pragma once

#include <cstdint>
#include <string_view>

#include "interp/gil/tags.hpp"

namespace baton::gil {

enum class Policy : std::uint8_t {
    cpython,  // CPython's own behaviour: any waiter may be next, and asks after the switch interval
    latency,  // who has used little goes first and asks soon
};
constexpr std::string_view name_of(Policy policy) {
    return policy == Policy::latency ? "latency" : "cpython";
}

// Until it is called: cpython.
void set_policy(Policy policy);
Policy policy();

// The calling thread is about to take the GIL for a request that it will get only then. Its waiting is the
// request's.
void await_request();
// The calling thread works for this request from `time` (now()) on: its rank starts anew, and who waits for
// it or keeps it waiting is counted under `tag`, one of the program's. `expected` is the GIL time (ns) that
// such a request usually uses: it starts with the rank that this will give it. Replaces the request before.
void begin_request(Tag tag, std::int64_t time, std::int64_t expected = 0);
// The calling thread works for no request any more; it counts under its own name.
void end_request(std::int64_t time);

// All others stand behind the calling thread: an event loop, whose requests all wait for it.
void rank_first(bool first);

}  // namespace baton::gil
