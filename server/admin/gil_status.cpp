#include "server/admin/gil_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "server/admin/live_page.hpp"
#include "server/log/escape.hpp"
#include "server/metrics/process.hpp"

namespace baton::admin {
namespace {

namespace json = boost::json;
using metrics::Observation;

constexpr std::size_t kTop = 20;
constexpr std::size_t kMostThreads = 200;

double seconds(metrics::Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

// Those that held the GIL for the longest come first.
std::vector<const metrics::PythonThread*> most_important(const Observation& seen) {
    std::vector<const metrics::PythonThread*> threads;
    for (const metrics::PythonThread& thread : seen.python_threads) threads.push_back(&thread);
    std::stable_sort(threads.begin(), threads.end(),
                     [](const auto* a, const auto* b) { return a->held > b->held; });
    if (threads.size() > kMostThreads) threads.resize(kMostThreads);
    return threads;
}

// Its own, which the label has not when there is a number in it.
std::string name_of(const metrics::PythonThread& thread) {
    std::string name = thread.thread_id == 0 ? std::string() : metrics::thread_name(thread.thread_id);
    return name.empty() ? thread.name : name;
}

json::value request_value(const std::optional<metrics::RequestNow>& request) {
    if (!request) return nullptr;
    return json::object{{"id", log::escaped(request->id)},
                        {"method", log::escaped(request->method)},
                        {"path", log::escaped(request->path)},
                        {"for_seconds", seconds(request->for_time)}};
}

// What a cell of a table says of a thread's request: which, its id, and for how long the thread has had it.
std::array<std::string, 3> request_cells(const std::optional<metrics::RequestNow>& request) {
    if (!request) return {"-", "-", "-"};
    return {html_text(log::escaped(request->method + ' ' + request->path)),
            html_text(log::escaped(request->id)), fmt::format("{:.3f} s", seconds(request->for_time))};
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
    json::array out;
    for (const metrics::PythonThread* thread : most_important(seen)) {
        json::value route = nullptr;
        if (thread->route) route = json::value(seen.label(*thread->route));
        out.push_back(json::object{{"interpreter", thread->interpreter},
                                   {"name", thread->name},
                                   {"thread_id", thread->thread_id},
                                   {"thread_name", name_of(*thread)},
                                   {"doing", thread->doing},
                                   {"for_seconds", seconds(thread->for_time)},
                                   {"route", std::move(route)},
                                   {"request", request_value(thread->request)},
                                   {"held_seconds", seconds(thread->held)},
                                   {"waited_seconds", seconds(thread->waited)}});
    }
    return out;
}

std::string python_threads_html(const Observation& seen) {
    std::string html;
    for (const metrics::PythonThread* thread : most_important(seen)) {
        const auto [what, id, since] = request_cells(thread->request);
        html += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{:.3f} s</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            html_text(name_of(*thread)), thread->doing, seconds(thread->for_time), what, since, id,
            thread->route ? html_text(seen.label(*thread->route)) : "-");
    }
    return html;
}

std::optional<double> longest_hold(const Observation& seen, metrics::Party party) {
    const auto found = std::find_if(seen.longest_holds.begin(), seen.longest_holds.end(),
                                    [&](const metrics::PartyHold& hold) { return hold.party == party; });
    if (found == seen.longest_holds.end()) return std::nullopt;
    return seconds(found->time);
}

}  // namespace baton::admin
