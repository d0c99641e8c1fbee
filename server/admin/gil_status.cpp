#include "server/admin/gil_status.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <vector>

namespace baton::admin {
namespace {

namespace json = boost::json;
using metrics::Observation;

constexpr std::size_t kTop = 20;
constexpr std::size_t kMostThreads = 200;

double seconds(metrics::Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

}  // namespace

json::array blame_array(const Observation& seen) {
    json::array out;
    for (const metrics::BlamePair& pair : seen.blame.pairs) {
        if (out.size() == kTop) break;
        out.push_back(json::object{{"waiting", seen.label(pair.waiting)},
                                   {"holding", seen.label(pair.holding)},
                                   {"seconds", seconds(pair.time)}});
    }
    return out;
}

json::array longest_holds_array(const Observation& seen) {
    json::array out;
    for (const metrics::PartyHold& hold : seen.longest_holds) {
        if (out.size() == kTop) break;
        out.push_back(json::object{{"holding", seen.label(hold.party)}, {"seconds", seconds(hold.time)}});
    }
    return out;
}

json::array gc_array(const Observation& seen) {
    json::array out;
    for (const metrics::GcSample& gc : seen.gc) {
        out.push_back(json::object{{"interpreter", gc.interpreter},
                                   {"generation", gc.generation},
                                   {"collections", gc.pauses.count()},
                                   {"seconds", seconds(gc.pauses.sum)}});
    }
    return out;
}

json::array python_threads_array(const Observation& seen) {
    std::vector<const metrics::PythonThread*> threads;
    for (const metrics::PythonThread& thread : seen.python_threads) threads.push_back(&thread);
    std::stable_sort(threads.begin(), threads.end(),
                     [](const auto* a, const auto* b) { return a->held > b->held; });
    json::array out;
    for (const metrics::PythonThread* thread : threads) {
        if (out.size() == kMostThreads) break;
        json::value route = nullptr;
        if (thread->route) route = json::value(seen.label(*thread->route));
        out.push_back(json::object{{"interpreter", thread->interpreter},
                                   {"name", thread->name},
                                   {"doing", thread->doing},
                                   {"for_seconds", seconds(thread->for_time)},
                                   {"route", std::move(route)},
                                   {"held_seconds", seconds(thread->held)},
                                   {"waited_seconds", seconds(thread->waited)}});
    }
    return out;
}

std::optional<double> longest_hold(const Observation& seen, metrics::Party party) {
    const auto found = std::find_if(seen.longest_holds.begin(), seen.longest_holds.end(),
                                    [&](const metrics::PartyHold& hold) { return hold.party == party; });
    if (found == seen.longest_holds.end()) return std::nullopt;
    return seconds(found->time);
}

}  // namespace baton::admin
