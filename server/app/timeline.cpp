#include "server/app/timeline.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "interp/current_request.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/trace.hpp"

namespace baton::app {

namespace {

std::int64_t now(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

trace::Source::Start start(const std::string& ledger_fault) {
    using Start = trace::Source::Start;
    if (!gil::exact())
        return {Start::impossible, ledger_fault.empty() ? "the GIL ledger is off" : ledger_fault};
    switch (gil::start_trace()) {
        case gil::TraceStart::begun:
            return Start::begun;
        case gil::TraceStart::busy:
            return Start::busy;
        case gil::TraceStart::no_books:
            return {Start::impossible, "there are no books of a GIL"};
        case gil::TraceStart::no_memory:
            break;
    }
    return {Start::impossible, "there is no memory for it"};
}

trace::Doing doing(gil::Doing doing) {
    switch (doing) {
        case gil::Doing::waiting:
            return trace::Doing::waiting;
        case gil::Doing::holding:
            return trace::Doing::holding;
        case gil::Doing::in_lock:
            return trace::Doing::in_lock;
        case gil::Doing::off_gil:
            break;
    }
    return trace::Doing::off_gil;
}

// They stay where they are: there may be millions.
trace::Slices slices(std::vector<gil::TraceSlice> from) {
    const auto kept = std::make_shared<const std::vector<gil::TraceSlice>>(std::move(from));
    return {kept->size(), [kept](std::size_t number) {
                const gil::TraceSlice& slice = (*kept)[number];
                return trace::Slice{slice.begin, slice.end, slice.request, doing(slice.doing), slice.forced};
            }};
}

trace::Recording recording(gil::Trace from, const routing::RouteTable& routes) {
    trace::Recording result;
    result.process_id = getpid();
    result.begin = from.begin;
    result.end = from.end;
    const std::int64_t ago = now(CLOCK_MONOTONIC) - from.begin;
    result.begin_realtime = now(CLOCK_REALTIME) - ago;
    result.begin_boottime = now(CLOCK_BOOTTIME) - ago;
    result.dropped = from.dropped;
    for (std::size_t id = 0; id < routes.size(); ++id)
        result.routes.emplace_back(routes.label(static_cast<routing::RouteId>(id)));
    result.requests.reserve(from.requests.size());
    for (const gil::TraceRequest& request : from.requests)
        result.requests.push_back(
            {request.route, request.id_size, request.path_size, request.at, request.number});
    result.text = std::move(from.text);
    std::size_t interpreters = 1;
    for (gil::TraceTrack& one : from.tracks) {
        interpreters = std::max(interpreters, one.gil + 1);
        result.tracks.push_back({one.gil, one.thread_id, std::move(one.name), slices(std::move(one.slices))});
    }
    for (std::size_t i = 0; i < interpreters; ++i)
        result.interpreters.push_back(i == 0 ? "main" : std::to_string(i));
    return result;
}

}  // namespace

trace::Source timeline(const routing::RouteTable& routes, const interp::Runtime& runtime) {
    gil::trace::name_requests_by([]() noexcept { return interp::current_request.name(); });
    return {.start = [&runtime] { return start(runtime.ledger_fault()); },
            .stop = [&routes] { return recording(gil::stop_trace(), routes); },
            .abandon = [] { gil::abandon_trace(); }};
}

}  // namespace baton::app
