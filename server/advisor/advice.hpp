// What a rule says, and what it knows besides the window.
//
// Threads: plain values. Lifetime: own their texts.
// Cannot: change anything: advice is for people.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/metrics/observatory.hpp"

namespace baton::advisor {

enum class Severity { info, hint, warning };
std::string_view word(Severity severity);

struct Advice {
    std::string id;
    Severity severity = Severity::info;
    std::optional<std::string> route;
    std::optional<std::string> interpreter;
    std::string title;
    std::string finding;  // with the numbers that it rests on
    std::string do_this;
    std::string expect;
    std::vector<std::pair<std::string, double>> numbers;  // names end in their unit
    double weight = 0.0;  // among advice of the same severity the heavier comes first
};

// A hold that went on although the GIL had been asked for: where in the code the worst of the last minute
// was.
struct NamedHold {
    std::string by;                     // a route or `thread:NAME`
    std::string where;                  // "FILE:LINE (FUNCTION)"
    metrics::Nanoseconds unheeded = 0;  // how long it went on after that
};

struct Facts {
    bool gil = true;      // there is one,
    bool exact = true;    // and the books on it count,
    std::string why_not;  // or why they do not
    std::string policy = "latency";
    std::string python_version;
    double cpus = 1;
    std::size_t threads = 0;  // interpreter threads now
    std::size_t most_threads = 1;
    bool automatic = true;   // their number
    std::string controller;  // what the thread controller last said
    std::vector<NamedHold> named_holds;
    // What this server can serve with, beside threads that share one GIL. So far neither: there is no option
    // for interpreters, and without a GIL WSGI is served from one thread (bound_threads in
    // server/app/commands.cpp).
    bool serves_interpreters = false;
    bool serves_free_threaded = false;

    bool books() const { return gil && exact; }
    // 3.12 and later have interpreters with a GIL of their own.
    bool has_interpreters() const;
};

Facts facts(const metrics::Observation& seen);

}  // namespace baton::advisor
