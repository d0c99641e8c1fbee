// Windows made by hand: a busy minute of one route, to be changed until a rule speaks or falls silent.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "server/advisor/advisor.hpp"

namespace baton::advisor::test {

using metrics::Phase;

inline constexpr Nanoseconds kUs = 1'000;
inline constexpr Nanoseconds kMs = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000'000'000;

// What one request spends.
struct Each {
    Nanoseconds hold = 0;
    Nanoseconds off = 0;
    Nanoseconds wait = 0;
    Nanoseconds lock = 0;
    Nanoseconds queue = 0;
    Nanoseconds cpu = -1;  // -1: as much as it holds the GIL
    bool by_loop = false;
};

inline RouteWindow route(std::string label, std::uint64_t requests, const Each& each) {
    RouteWindow route;
    route.label = std::move(label);
    route.requests = requests;
    const auto all = static_cast<Nanoseconds>(requests);
    const auto put = [&](Phase phase, Nanoseconds time) {
        route.phases[static_cast<std::size_t>(phase)] = time * all;
    };
    put(Phase::gil_hold, each.hold);
    put(Phase::off_gil, each.off);
    put(Phase::gil_wait, each.wait);
    put(Phase::lock_wait, each.lock);
    put(Phase::queue, each.queue);
    route.cpu = (each.cpu < 0 ? each.hold : each.cpu) * all;
    route.by_loop = each.by_loop;
    return route;
}

// A minute in which the GIL is held by requests alone, and the process needs no more CPU than they do.
inline Window window(std::vector<RouteWindow> routes, Nanoseconds length = 60 * kSecond) {
    Window window;
    window.length = length;
    for (const RouteWindow& route : routes) {
        window.requests += route.requests;
        window.held += route[Phase::gil_hold];
        window.cpu += route.cpu;
    }
    window.routes = std::move(routes);
    return window;
}

inline Facts facts() {
    Facts facts;
    facts.python_version = "3.11.2";
    facts.cpus = 2;
    facts.threads = 4;
    facts.most_threads = 64;
    return facts;
}

inline Facts without_books() {
    Facts facts = test::facts();
    facts.gil = false;
    facts.why_not = "this Python runs without a GIL";
    return facts;
}

inline Facts with_the_ledger_off() {
    Facts facts = test::facts();
    facts.exact = false;
    facts.why_not = "the GIL ledger is off: it counted otherwise";
    return facts;
}

inline double number(const Advice& advice, std::string_view name) {
    const auto found = std::find_if(advice.numbers.begin(), advice.numbers.end(),
                                    [&](const auto& one) { return one.first == name; });
    return found == advice.numbers.end() ? -1.0 : found->second;
}

}  // namespace baton::advisor::test
