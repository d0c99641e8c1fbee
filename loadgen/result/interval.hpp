// What one worker saw in one second, and the only thing it ever hands over: to the collector in the same
// process, or as JSON lines over the network. Everything that is printed is a sum of these, so nothing is
// averaged twice.
//
// Threads: belongs to one at a time; moved from the worker to the collector. Lifetime: a value.
// Cannot: be split again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/stats/histogram.hpp"

namespace loadgen::result {

// Why a request has no answer, or not the one that was expected.
enum class Failure : std::uint8_t {
    none,
    refused,     // no connection: refused, unreachable, name not found
    tls,         // the handshake failed
    local,       // no connection, for want of something on this machine: ports, descriptors, memory, a route
    reset,       // the connection broke before the answer was complete
    incomplete,  // closed in the middle of an answer (end of file)
    malformed,   // not HTTP, or not the WebSocket protocol
    timeout,     // no complete answer within --timeout
    unanswered,  // still open when the run ended
    unsent,      // due, but never sent: no connection was free until the end
    unexpected,  // an answer, but not what the scenario expects of it
};
constexpr std::size_t kFailures = 11;
std::string_view name_of(Failure failure) noexcept;  // "refused"
Failure failure_of(std::string_view name) noexcept;  // none when unknown

// One endpoint in one interval. A request counts in the interval in which it ended.
struct Tally {
    std::uint64_t due = 0;    // became due (closed model: were sent); the sum over a run is what was offered
    std::uint64_t sent = 0;   // of those that have ended or began here: handed to a connection
    std::uint64_t again = 0;  // sent a second time, as the idle connection had been closed
    std::uint64_t answered = 0;                       // a complete answer, expected or not
    std::array<std::uint64_t, kFailures> failures{};  // [none] stays 0
    std::map<int, std::uint64_t> statuses;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    // Due to last byte: expected answers, be they later than `within`, and requests given up. Empty in the
    // closed model, in which nothing is due.
    stats::Cells response;
    stats::Cells service;     // sent to last byte: the same requests
    stats::Cells first_byte;  // sent to the first byte, where the endpoint asks for it
    stats::Cells failed;      // due to their end: all other requests, so that each that ended is in a row
};

struct Interval {
    std::uint32_t second =
        0;  // of the measured time, from 0; what ends behind the last second counts in the one behind it
    std::uint32_t worker = 0;
    std::vector<Tally> endpoints;  // in the plan's order
    std::uint64_t in_flight = 0;   // at its end
    std::uint64_t opened = 0;      // connections
    // Of the requests that were not sent within the measured time, those that had lost more of it before the
    // generator took them up than behind that, waiting for a connection.
    std::uint64_t missed = 0;
    stats::Cells late;     // the generator's own delay: due to taken up
    stats::Cells blocked;  // taken up to sent, when no connection was free: not the generator's doing
    stats::Cells connect;  // opening a connection: TCP, TLS, and the upgrade to a WebSocket
    double cpu = 0;        // CPU seconds of the worker's thread
    double waited = 0;     // seconds in which it could have run, and others had the CPU
    double stalled = 0;    // seconds in which it did not even see its clock's ticks
    std::map<Failure, std::string> texts;  // what the system said of the first failure of each kind
};

}  // namespace loadgen::result
