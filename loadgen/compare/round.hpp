// What is known of one server in one round, and the callbacks by which a round is driven.
//
// Threads: values; the callbacks are called on the runner's thread. Lifetime: values. Cannot: be merged over
// rounds; rounds are compared one by one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/books/books.hpp"
#include "loadgen/compare/addresses.hpp"

namespace loadgen::compare {

// What the generator saw.
struct Measured {
    std::uint64_t answered = 0;  // as expected
    std::uint64_t errors = 0;
    std::string failures;                // "3 refused, 2 timeout"
    double rate = 0;                     // per second of the measured time, late answers left out
    double wall = 0;                     // seconds
    double client_cpu = 0;               // CPU seconds of the generator
    bool closed = false;                 // the closed model: nothing is due, so there are no response times
    std::optional<double> p50_response;  // seconds; none with too few samples
    std::optional<double> p99_response;
    std::optional<double> p50_service;
    std::optional<double> p99_service;
    std::vector<std::string> bottlenecks;  // why the load was not what was asked for
    bool own = false;                      // it was the generator's doing: its numbers are not the server's
};

struct Round {
    Measured measured;
    double server_cpu = 0;  // CPU seconds of the server's whole process tree
    std::optional<books::Books> books;
    std::string no_books;  // why there are none, if they were asked for
    bool killed = false;   // it did not end upon SIGTERM in time
};

// How requests get to the server of a round; made of the engine by cli/, and of less by the tests.
struct Load {
    std::function<bool(const Addresses&)> reachable;  // somebody accepts connections there
    std::function<bool(const Addresses&)> answers;    // one try; a connection alone is not an answer
    std::function<void(const Addresses&)> warm_up;
    std::function<Measured(const Addresses&)> measure;
};

}  // namespace loadgen::compare
