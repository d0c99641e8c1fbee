// One request of the schedule on its way through a worker, and how it ended.
//
// Threads: the worker's. Lifetime: values. Cannot: outlive the plan that `endpoint` counts in.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>

#include "loadgen/clock.hpp"
#include "loadgen/result/interval.hpp"

namespace loadgen::engine {

struct Job {
    std::uint64_t number = 0;    // in the one schedule
    std::uint32_t endpoint = 0;  // in the plan
    Moment due{};                // closed model: the moment it was handed to a connection
    Moment taken{};              // from the schedule: what lies between is the generator's own delay
    Moment handed{};             // to a connection, which may still have to be opened
    bool again = false;          // the idle connection it went out on had been closed by the server meanwhile
};

struct Ended {
    result::Failure failure = result::Failure::none;
    boost::system::error_code error{};  // what the system said of it
    int status = 0;                     // 0: no answer
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    Moment first_byte{};
    Moment at{};
    bool stale = false;  // a connection that had been idle broke before the first byte; it may be tried again
};

}  // namespace loadgen::engine
