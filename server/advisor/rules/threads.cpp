// Interpreter threads: how many are of use, whether there are too few, and requests that were turned away.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;
using metrics::Rejection;

constexpr double kFullGil = 0.9;
constexpr double kFullCpu = 0.9;
constexpr double kQueueShare = 0.3;  // of the requests' time
constexpr double kLeastQueue = 2e6;  // nanoseconds per request
constexpr double kFarTooMany = 4;    // times as many as are of use
constexpr std::size_t kManyThreads = 16;
constexpr double kManyUseful = 512;  // what --threads auto may go to

// The requests that interpreter threads have served.
struct OnThreads {
    std::uint64_t requests = 0;
    Nanoseconds hold = 0;
    Nanoseconds off = 0;   // without the GIL, Python's locks left out
    Nanoseconds busy = 0;  // a thread had the request
    Nanoseconds queue = 0;
    Nanoseconds all = 0;

    double useful() const {
        return 1 + static_cast<double>(off) / static_cast<double>(std::max<Nanoseconds>(1, hold));
    }
};

OnThreads on_threads(const Window& window) {
    OnThreads sum;
    for (const RouteWindow& route : window.routes) {
        if (route.by_loop) continue;
        sum.requests += route.requests;
        sum.hold += route[Phase::gil_hold];
        sum.off += route[Phase::off_gil];
        sum.busy += route.work() + route[Phase::gil_wait];
        sum.queue += route[Phase::queue];
        sum.all += route.duration();
    }
    return sum;
}

double cpu_full(const Window& window, const Facts& facts) {
    return window.share(window.cpu) / std::max(0.1, facts.cpus);
}

std::string useful_text(double useful) {
    return useful > kManyUseful ? fmt::format("more than {:.0f}", kManyUseful)
                                : fmt::format("{:.0f}", std::ceil(useful));
}

Advice thread_advice(const Window& window, const Facts& facts, const OnThreads& sum) {
    const double useful = sum.useful();
    const double busy = window.share(sum.busy);
    Advice advice;
    advice.id = "threads";
    advice.interpreter = "main";
    advice.weight = window.full();
    const bool far_too_many = !facts.automatic && facts.most_threads >= kManyThreads &&
                              static_cast<double>(facts.most_threads) > kFarTooMany * useful;
    const bool too_few = !facts.automatic && static_cast<double>(facts.most_threads) < 0.7 * useful &&
                         busy > 0.7 * static_cast<double>(facts.most_threads);
    advice.severity = far_too_many || too_few ? Severity::hint : Severity::info;
    advice.title = fmt::format("{} interpreter threads are of use", useful_text(useful));
    advice.finding = fmt::format(
        "The requests on interpreter threads hold the GIL for {} and work without it for {} on average, so "
        "{} "
        "threads (1 + off / hold) keep the GIL busy. There are {} now, at most {}; {:.1f} of them had a "
        "request on average.",
        duration(static_cast<double>(sum.hold) / static_cast<double>(sum.requests)),
        duration(static_cast<double>(sum.off) / static_cast<double>(sum.requests)), useful_text(useful),
        facts.threads, facts.most_threads, busy);
    if (facts.automatic && !facts.controller.empty())
        advice.finding += " The thread controller: " + facts.controller + '.';
    if (facts.automatic) {
        advice.do_this = "Nothing: --threads auto follows the load.";
        advice.expect = "More threads than that make the line for the GIL longer and nothing faster.";
    } else if (too_few) {
        advice.do_this = fmt::format("Serve with --threads auto, or with up to {}.", useful_text(useful));
        advice.expect = "Throughput grows with each of them until the GIL is full.";
    } else if (far_too_many) {
        advice.do_this = fmt::format("Serve with --threads auto, or with about {}.", useful_text(useful));
        advice.expect = "The same throughput, with less waiting for the GIL and less memory.";
    } else {
        advice.do_this = "Nothing.";
        advice.expect = "More threads than that make the line for the GIL longer and nothing faster.";
    }
    advice.numbers = {{"useful_threads", useful},
                      {"threads", static_cast<double>(facts.threads)},
                      {"most_threads", static_cast<double>(facts.most_threads)},
                      {"busy_threads", busy}};
    return advice;
}

// A server without applications on threads has nothing to judge.
bool concerns_threads(const Window& window) {
    return std::any_of(window.routes.begin(), window.routes.end(),
                       [](const RouteWindow& route) { return !route.by_loop; });
}

}  // namespace

Verdict threads(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_books(facts);
    if (!verdict.lacks) verdict.lacks = lacks_requests(window);
    if (verdict.lacks || !concerns_threads(window)) return verdict;
    const OnThreads sum = on_threads(window);
    if (sum.hold > 0) verdict.advice.push_back(thread_advice(window, facts, sum));
    return verdict;
}

Verdict too_few_threads(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_requests(window);
    if (verdict.lacks || !concerns_threads(window)) return verdict;
    const OnThreads sum = on_threads(window);
    const double queue = static_cast<double>(sum.queue) / static_cast<double>(sum.requests);
    const double share =
        static_cast<double>(sum.queue) / static_cast<double>(std::max<Nanoseconds>(1, sum.all));
    // A full GIL or a full machine makes requests queue as well; then threads are not what is missing.
    if (share < kQueueShare || queue < kLeastQueue || (facts.books() && window.full() >= kFullGil) ||
        cpu_full(window, facts) >= kFullCpu || facts.threads < facts.most_threads)
        return verdict;
    Advice advice;
    advice.id = "too_few_threads";
    advice.severity = Severity::warning;
    advice.interpreter = "main";
    advice.weight = share;
    advice.title = "Requests wait for a thread while the GIL has room";
    advice.finding = fmt::format(
        "A request waits {} in the queue, {} of its time, although the GIL is held {} of the time and the "
        "CPUs are {} full. All {} are taken.",
        duration(queue), percent(share), percent(window.full()), percent(cpu_full(window, facts)),
        plural(facts.most_threads, "thread"));
    advice.do_this = facts.automatic ? "Find out why the bound is so low: memory and CPU limits set it."
                                     : "Serve with --threads auto, or with a greater number.";
    advice.expect =
        fmt::format("Up to {} less time for each request, and as much more throughput.", percent(share));
    advice.numbers = {{"queue_seconds_per_request", queue / 1e9},
                      {"queue_share", share},
                      {"threads", static_cast<double>(facts.threads)},
                      {"gil_share_of_time", window.full()}};
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

Verdict queue_rejecting(const Window& window, const Facts& facts) {
    Verdict verdict;
    const std::uint64_t full = window.rejected[static_cast<std::size_t>(Rejection::queue_full)];
    const std::uint64_t late = window.rejected[static_cast<std::size_t>(Rejection::queue_timeout)];
    if (full + late == 0) return verdict;
    Advice advice;
    advice.id = "queue_rejecting";
    advice.severity = Severity::warning;
    advice.weight = 1;
    advice.title = "Requests are turned away";
    advice.finding =
        fmt::format("{} met a full queue and {} waited in it for too long, in {:.0f} s; {} were answered. ",
                    plural(full, "request"), late, seconds(window.length), window.requests);
    const bool gil = facts.books() && window.full() >= kFullGil;
    if (gil) {
        advice.finding += fmt::format("The GIL is held {} of the time: it is full.", percent(window.full()));
        advice.do_this = "See ceiling: take time under the GIL away, or add a process.";
    } else if (cpu_full(window, facts) >= kFullCpu) {
        advice.finding += fmt::format("The CPUs are {} full.", percent(cpu_full(window, facts)));
        advice.do_this = "Add CPUs or servers, or make requests cheaper.";
    } else {
        advice.finding += fmt::format("The GIL has room ({} held).", percent(window.full()));
        advice.do_this =
            "More threads (--threads auto). For bursts, a longer queue (--queue-limit) and more patience "
            "(--queue-timeout).";
    }
    advice.expect = "No 503 at this load.";
    advice.numbers = {{"queue_full", static_cast<double>(full)},
                      {"queue_timeout", static_cast<double>(late)},
                      {"gil_share_of_time", window.full()}};
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

}  // namespace baton::advisor
