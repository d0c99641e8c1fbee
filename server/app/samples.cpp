#include "server/app/samples.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "interp/gil/ledger.hpp"
#include "server/routing/route_table.hpp"

namespace baton::app {

namespace {

metrics::PhaseCount count(const gil::Histogram& histogram) {
    metrics::PhaseCount result;
    static_assert(result.buckets.size() == std::tuple_size_v<decltype(histogram.buckets)>);
    std::copy(histogram.buckets.begin(), histogram.buckets.end(), result.buckets.begin());
    result.sum = histogram.sum;
    return result;
}

std::string interpreter_name(std::size_t entry) {
    return entry == 0 ? "main" : std::to_string(entry);
}

static_assert(gil::kProgramTags == routing::RouteTable::kIds, "requests bear their route ids as tags");

std::string_view word(gil::Doing doing) {
    switch (doing) {
        case gil::Doing::holding:
            return "holding";
        case gil::Doing::waiting:
            return "waiting";
        case gil::Doing::in_lock:
            return "in_lock";
        case gil::Doing::off_gil:
            break;
    }
    return "off_gil";
}

}  // namespace

std::string party_name(metrics::Party party) {
    if (party == gil::kNobody) return "_FREE";
    return "thread:" + (party == gil::kOtherThreads ? "_OTHER" : gil::name_of(party));
}

std::vector<metrics::GcSample> gc_samples(const interp::GcWatch& watch) {
    std::vector<metrics::GcSample> samples;
    for (const gil::Histogram& pauses : watch.pauses())
        samples.push_back({"main", std::to_string(samples.size()), count(pauses)});
    return samples;
}

std::vector<metrics::PythonThread> python_threads() {
    std::vector<metrics::PythonThread> threads;
    for (const gil::ThreadBook& book : gil::threads()) {
        threads.push_back({interpreter_name(book.gil), gil::name_of(book.name), word(book.doing),
                           book.for_time, book.totals.held, book.totals.waited, std::nullopt});
        threads.back().thread_id = book.thread_id;
        if (gil::is_program_tag(book.tag)) threads.back().route = book.tag;
        if (!book.request) continue;
        const gil::RequestNow& request = *book.request;
        threads.back().request = {request.id, request.method, request.path, book.request_time};
    }
    return threads;
}

std::vector<metrics::GilSample> gil_samples(const interp::Runtime& runtime) {
    std::vector<metrics::GilSample> samples;
    if (!gil::exact()) {
        samples.push_back({.interpreter = "main", .enabled = runtime.gil_enabled(), .exact = false});
        return samples;
    }
    for (const gil::Snapshot& gil : gil::snapshot()) {
        metrics::GilSample sample;
        sample.interpreter = interpreter_name(gil.entry);
        sample.exact = true;
        sample.held = gil.totals.held;
        sample.waiting = gil.totals.waited;
        sample.holds = count(gil.holds);
        sample.waits = count(gil.waits);
        sample.forced = gil.totals.forced;
        sample.voluntary = gil.totals.voluntary;
        sample.waiters = gil.waiters;
        for (const gil::Blame& part : gil.blame)
            sample.blame.push_back({part.waiting, part.holding, part.nanoseconds});
        for (const gil::LongestHold& hold : gil.longest)
            sample.longest.push_back({hold.tag, hold.nanoseconds});
        for (const gil::KeptWaiting& kept : gil.kept)
            sample.kept.push_back({kept.tag, kept.count, kept.nanoseconds});
        samples.push_back(std::move(sample));
    }
    return samples;
}

metrics::ThreadStates thread_states(const interp::WorkerPool& pool, const dispatch::ThreadKeeper& keeper) {
    const interp::WorkerStates states = pool.states();
    return {states.running, states.waiting, states.off_gil, states.idle, keeper.report()};
}

metrics::LoopSample loop_sample(const interp::asgi::EventLoop& loop) {
    const interp::asgi::LoopBooks books = loop.books();
    metrics::LoopSample sample{"main", loop.name(), count(books.lag), books.active, books.idle};
    for (const interp::asgi::LongStep& step : books.long_steps) {
        std::optional<metrics::Party> route;
        if (step.of_request) route = static_cast<metrics::Party>(step.route);
        sample.long_steps.push_back({route, step.count, step.time, step.longest});
    }
    return sample;
}

std::vector<advisor::NamedHold> named_holds(const interp::LongHolds& watch) {
    std::vector<advisor::NamedHold> found;
    for (const interp::NamedHold& hold : watch.named())
        found.push_back({hold.by, hold.where, hold.unheeded.count()});
    return found;
}

dispatch::GilUse main_gil() {
    dispatch::GilUse use;
    for (const gil::Snapshot& gil : gil::snapshot()) {
        if (gil.main) use = {gil::exact(), gil.totals.held, gil.totals.waited, gil.waiters};
    }
    return use;
}

}  // namespace baton::app
