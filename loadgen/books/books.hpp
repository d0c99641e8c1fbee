// The server's side of a run, from its admin address: two scrapes of /metrics, and what lies between them.
//
// Threads: pure; one at a time. Lifetime: values. Cannot: say what happened before the first scrape.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace loadgen::books {

struct Route {
    std::string name;
    double requests = 0;
    double duration = 0;                   // seconds, over all requests, as are the phases
    std::map<std::string, double> phases;  // queue, ready, gil_wait, gil_hold, lock_wait, off_gil, send
    double cpu = 0;
};

struct Gil {
    std::string interpreter;
    double held = 0;     // seconds
    double waiting = 0;  // seconds, added up over threads
    double releases = 0;
    double forced = 0;
};

struct Books {
    double wall = 0;  // seconds between the scrapes
    double requests = 0;
    double cpu = 0;  // seconds of the server's process(es)
    double rejected = 0;
    std::map<std::string, std::string> runtime;  // labels of baton_runtime_info
    std::vector<Gil> gils;                       // empty without a GIL, or for another server than Baton
    std::vector<Route> routes;                   // by GIL seconds, most first
    std::map<std::string, double> thread_cpu;    // by role

    std::optional<double> requests_per_cpu_second() const;
};

}  // namespace loadgen::books
