// What the requests of a route do with their time: compute under the GIL, wait, or compute without it.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"
#include "server/advisor/useful_threads.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr double kMost = 0.6;          // of the work: this is what the route does
constexpr double kMostNative = 0.4;    // CPU time may be short on a full machine
constexpr double kWorthTelling = 1e6;  // nanoseconds per request,
constexpr double kShareOfLock = 0.1;   // or so much of the GIL's time
constexpr double kLargeShare = 0.5;
constexpr double kFullGil = 0.8;

double part(Nanoseconds time, Nanoseconds of) {
    return of <= 0 ? 0.0 : static_cast<double>(time) / static_cast<double>(of);
}

bool is_native(const RouteWindow& route) {
    return part(route[Phase::off_gil], route.work()) >= kMost &&
           part(route.native(), route.work()) >= kMostNative;
}

Advice about(const RouteWindow& route, std::string id) {
    Advice advice;
    advice.id = std::move(id);
    advice.route = route.label;
    advice.numbers = {{"requests", static_cast<double>(route.requests)},
                      {"hold_seconds_per_request", route.per_request(route[Phase::gil_hold]) / 1e9},
                      {"off_gil_seconds_per_request", route.per_request(route[Phase::off_gil]) / 1e9},
                      {"cpu_seconds_per_request", route.per_request(route.cpu) / 1e9},
                      {"work_seconds_per_request", route.per_request(route.work()) / 1e9}};
    return advice;
}

Severity how_bad(double of_lock, double full) {
    if (of_lock >= kLargeShare && full >= kFullGil) return Severity::warning;
    return of_lock >= kShareOfLock ? Severity::hint : Severity::info;
}

std::optional<Advice> judge_cpu(const Window& window, const RouteWindow& route) {
    const Nanoseconds held = route[Phase::gil_hold];
    const double hold = route.per_request(held);
    const double of_lock = window.share(held);
    if (part(held, route.work()) < kMost || (hold < kWorthTelling && of_lock < kShareOfLock))
        return std::nullopt;
    Advice advice = about(route, "cpu_bound");
    advice.severity = how_bad(of_lock, window.full());
    advice.weight = of_lock;
    const double most = 1e9 / hold;
    advice.title = route.label + " computes under the GIL";
    advice.finding = fmt::format(
        "A request of {} works for {}, {} of it holding the GIL ({}). The route holds the GIL for {} of the "
        "time; all together hold it for {}. One GIL carries at most {:.0f} such requests per second, "
        "1 / hold, however many threads there are.",
        route.label, duration(route.per_request(route.work())), duration(hold),
        percent(part(held, route.work())), percent(of_lock), percent(window.full()), most);
    advice.do_this =
        "Make the code cheaper, move the computation into native code that lets go of the GIL, or spread it "
        "over processes. More threads do not help.";
    advice.expect = fmt::format(
        "Half the time under the GIL is twice as many requests per second at most ({:.0f}); a second process "
        "on another CPU is the same.",
        2 * most);
    advice.numbers.emplace_back("gil_share_of_work", part(held, route.work()));
    advice.numbers.emplace_back("gil_share_of_time", of_lock);
    advice.numbers.emplace_back("most_requests_per_second", most);
    return advice;
}

// Without awaiting, on the thread of an event loop: that is loop_blocked's to say.
bool blocks(const Window& window, const RouteWindow& route, Nanoseconds waits) {
    Nanoseconds blocked = 0;
    for (const LoopWindow& loop : window.loops) {
        for (const StepWindow& steps : loop.long_steps) {
            if (steps.route == route.label) blocked += steps.time;
        }
    }
    return 2 * blocked > waits;
}

std::optional<Advice> judge_io(const Window& window, const Facts& facts, const RouteWindow& route) {
    const Nanoseconds waits = route[Phase::off_gil] - route.native();
    if (is_native(route) || part(waits, route.work()) < kMost ||
        route.per_request(route.work()) < kWorthTelling || blocks(window, route, waits))
        return std::nullopt;
    const double useful =
        useful_threads({route[Phase::gil_hold], route[Phase::off_gil], route.native()}, facts.cpus);
    Advice advice = about(route, "io_bound");
    advice.weight = route.per_request(waits) / 1e12;
    advice.title = route.label + " waits for something else";
    advice.finding = fmt::format(
        "A request of {} works for {}; {} of it ({}) it waits without the GIL and without a CPU: for a "
        "socket, a disk, another service, a sleep. It holds the GIL for {}.",
        route.label, duration(route.per_request(route.work())), duration(route.per_request(waits)),
        percent(part(waits, route.work())), duration(route.per_request(route[Phase::gil_hold])));
    if (route.by_loop) {
        advice.do_this =
            "Nothing, when it awaits: the event loop serves others meanwhile. See loop_blocked for calls "
            "that "
            "do not.";
        advice.expect = "Its response time is that of what it waits for.";
    } else {
        advice.do_this =
            "Have as many threads as requests that wait at the same time; --threads auto does that. To "
            "answer "
            "faster, make what it waits for faster, or wait for several things at once.";
        advice.expect = fmt::format(
            "Throughput grows with each thread in this route until there are {}: then the GIL or the CPUs "
            "are "
            "full.",
            useful_text(useful));
    }
    advice.numbers.emplace_back("waiting_share_of_work", part(waits, route.work()));
    advice.numbers.emplace_back("useful_threads", useful);
    return advice;
}

std::optional<Advice> judge_native(const Facts& facts, const RouteWindow& route) {
    if (!is_native(route) || route.per_request(route.work()) < kWorthTelling) return std::nullopt;
    const double cpu = std::max(1.0, route.per_request(route.cpu));
    Advice advice = about(route, "native");
    advice.weight = cpu / 1e12;
    advice.title = route.label + " computes in native code without the GIL";
    advice.finding = fmt::format(
        "A request of {} works for {} and uses {} of CPU time, but holds the GIL for {} only: {} of the work "
        "is native code that has let go of it.",
        route.label, duration(route.per_request(route.work())), duration(cpu),
        duration(route.per_request(route[Phase::gil_hold])), percent(part(route.native(), route.work())));
    if (route.by_loop) {
        advice.do_this =
            "Call it in a thread (asyncio.to_thread): on the event loop itself everybody waits for it, "
            "although the GIL is free.";
    } else {
        advice.do_this =
            "Give the process as many CPUs as are to compute at the same time; threads are enough.";
    }
    advice.expect = fmt::format(
        "With {:.3g} CPUs at most {:.0f} such requests per second, in one process. More processes give no "
        "more.",
        facts.cpus, facts.cpus * 1e9 / cpu);
    advice.numbers.emplace_back("native_share_of_work", part(route.native(), route.work()));
    advice.numbers.emplace_back("most_requests_per_second", facts.cpus * 1e9 / cpu);
    return advice;
}

}  // namespace

Verdict cpu_bound(const Window& window, const Facts& facts) {
    return of_routes(window, facts, [&](const RouteWindow& route) { return judge_cpu(window, route); });
}

Verdict io_bound(const Window& window, const Facts& facts) {
    return of_routes(window, facts, [&](const RouteWindow& route) { return judge_io(window, facts, route); });
}

Verdict native(const Window& window, const Facts& facts) {
    return of_routes(window, facts, [&](const RouteWindow& route) { return judge_native(facts, route); });
}

}  // namespace baton::advisor
