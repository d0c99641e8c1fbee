// How many threads are of use for requests that do this with their time.
//
// Threads: pure functions. Lifetime: values.
// Cannot: know of other bounds than the GIL and the CPUs: what the requests wait for may be full before.
#pragma once

#include <string>

#include "server/advisor/window.hpp"

namespace baton::advisor {

// Of all of the requests together.
struct Spent {
    Nanoseconds hold = 0;
    Nanoseconds off = 0;     // without the GIL, Python's locks left out
    Nanoseconds native = 0;  // the part of that on a CPU
};

// Threads that work without standing in line, when throughput is the greatest that one GIL (1 / hold) and
// these CPUs (CPUs / CPU time) allow. What only waits needs neither: 1 + off / hold.
double useful_threads(const Spent& spent, double cpus);

// "4"; more than --threads auto may go to is "more than 512".
std::string useful_text(double useful);

}  // namespace baton::advisor
