// Interpreter threads: how many are of use, whether there are too few, and requests that were turned away.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"
#include "server/advisor/useful_threads.hpp"

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

// The requests that interpreter threads have served.
struct OnThreads {
    std::uint64_t requests = 0;
    Spent spent;
    Nanoseconds cpu = 0;
    Nanoseconds busy = 0;  // a thread had the request
    Nanoseconds queue = 0;
    Nanoseconds all = 0;

    double per_request(Nanoseconds time) const {
        return static_cast<double>(time) / static_cast<double>(requests);
    }
};

OnThreads on_threads(const Window& window) {
    OnThreads sum;
    for (const RouteWindow& route : window.routes) {
        if (route.by_loop) continue;
        sum.requests += route.requests;
        sum.spent.hold += route[Phase::gil_hold];
        sum.spent.off += route[Phase::off_gil];
        sum.spent.native += route.native();
        sum.cpu += route.cpu;
        sum.busy += route.work() + route[Phase::gil_wait];
        sum.queue += route[Phase::queue];
        sum.all += route.duration();
    }
    return sum;
}

// A server without applications on threads has nothing to judge.
bool concerns_threads(const Window& window) {
    return std::any_of(window.routes.begin(), window.routes.end(),
                       [](const RouteWindow& route) { return !route.by_loop; });
}

double cpu_full(const Window& window, const Facts& facts) {
    return window.share(window.cpu) / std::max(0.1, facts.cpus);
}

// Who asks for more of them is told what to do.
std::string more_threads(const Facts& facts) {
    if (!facts.gil)
        return "More threads are not to be had: without a GIL this version serves WSGI from one. Run one "
               "more "
               "server process, or serve with PYTHON_GIL=1, with a GIL and --threads.";
    if (!facts.automatic) return "Serve with --threads auto, or with a greater number.";
    if (facts.threads < facts.most_threads)
        return "The thread controller decides (--threads auto); what it last said: " + facts.controller + '.';
    return "Find out why the bound is so low: memory and CPU limits set it.";
}

// What is known of how full all is.
std::string room(const Window& window, const Facts& facts) {
    std::string cpus = fmt::format("the CPUs are {} full", percent(cpu_full(window, facts)));
    if (!facts.books()) return cpus;
    return fmt::format("the GIL is held {} of the time and {}", percent(window.full()), cpus);
}

Advice thread_advice(const Window& window, const Facts& facts, const OnThreads& sum) {
    const double useful = useful_threads(sum.spent, facts.cpus);
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
    const std::string number = useful_text(useful);
    const std::string are = number == "1" ? "1 interpreter thread is" : number + " interpreter threads are";
    advice.title = are + " of use";
    advice.finding = fmt::format(
        "The requests on interpreter threads hold the GIL for {} and work without it for {} on average, {} "
        "of that on a CPU, so {} enough to fill the GIL or {:.3g} CPUs. Baton has {} now, at most {}; {:.1f} "
        "of them had a request on average.",
        duration(sum.per_request(sum.spent.hold)), duration(sum.per_request(sum.spent.off)),
        duration(sum.per_request(sum.spent.native)), are, facts.cpus, facts.threads, facts.most_threads,
        busy);
    if (facts.automatic && !facts.controller.empty())
        advice.finding += " The thread controller: " + facts.controller + '.';
    advice.expect = "More threads than that make the line for the GIL or a CPU longer and nothing faster.";
    if (facts.automatic) {
        advice.do_this = "Nothing: --threads auto follows the load.";
    } else if (too_few) {
        advice.do_this = fmt::format("Serve with --threads auto, or with up to {}.", useful_text(useful));
        advice.expect = "Throughput grows with each of them until the GIL or the CPUs are full.";
    } else if (far_too_many) {
        advice.do_this = fmt::format("Serve with --threads auto, or with about {}.", useful_text(useful));
        advice.expect = "The same throughput, with less waiting for the GIL and less memory.";
    } else {
        advice.do_this = "Nothing.";
    }
    advice.numbers = {{"useful_threads", useful},
                      {"threads", static_cast<double>(facts.threads)},
                      {"most_threads", static_cast<double>(facts.most_threads)},
                      {"busy_threads", busy},
                      {"hold_seconds_per_request", sum.per_request(sum.spent.hold) / 1e9},
                      {"off_gil_seconds_per_request", sum.per_request(sum.spent.off) / 1e9},
                      {"native_seconds_per_request", sum.per_request(sum.spent.native) / 1e9},
                      {"cpus", facts.cpus}};
    return advice;
}

// Why requests are turned away, and what helps.
void say_what_is_full(Advice& advice, const Window& window, const Facts& facts) {
    constexpr std::string_view kForBursts =
        " For bursts, a longer queue (--queue-limit) and more patience (--queue-timeout).";
    if (facts.books() && window.full() >= kFullGil) {
        advice.finding += fmt::format("The GIL is held {} of the time: it is full.", percent(window.full()));
        advice.do_this = "See ceiling: take time under the GIL away, or add a process.";
    } else if (cpu_full(window, facts) >= kFullCpu) {
        advice.finding += fmt::format("The CPUs are {} full.", percent(cpu_full(window, facts)));
        advice.do_this = "Add CPUs or servers, or make requests cheaper.";
    } else if (facts.gil && !facts.exact) {
        advice.finding += fmt::format("How full the GIL is, is not known: {}. {} of the CPUs is in use.",
                                      facts.why_not, percent(cpu_full(window, facts)));
        advice.do_this =
            "If the requests wait for something else, more threads help: " + more_threads(facts) +
            " If they compute, another server process does.";
        advice.do_this += kForBursts;
    } else {
        advice.finding += "There is room: " + room(window, facts) + '.';
        // Perhaps none was answered.
        const bool on_threads = window.routes.empty() ? facts.most_threads > 0 : concerns_threads(window);
        advice.do_this = on_threads ? more_threads(facts)
                                    : "See loop_blocked and loop_full for what keeps the event loop.";
        advice.do_this += kForBursts;
    }
}

}  // namespace

Verdict threads(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_books(facts);
    if (!verdict.lacks) verdict.lacks = lacks_requests(window);
    if (verdict.lacks || !concerns_threads(window)) return verdict;
    const OnThreads sum = on_threads(window);
    if (sum.spent.hold > 0) verdict.advice.push_back(thread_advice(window, facts, sum));
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
    if (facts.gil && !facts.exact && window.share(sum.cpu) >= kFullGil) {
        // Either Python, and the GIL is full, or native code, and it is not.
        verdict.lacks = lacks_books(facts);
        return verdict;
    }
    Advice advice;
    advice.id = "too_few_threads";
    advice.severity = Severity::warning;
    advice.interpreter = "main";
    advice.weight = share;
    advice.title =
        facts.books() ? "Requests wait for a thread while the GIL has room" : "Requests wait for a thread";
    advice.finding = fmt::format(
        "A request waits {} in the queue, {} of its time, although {}. {} there may be, and all are there.",
        duration(queue), percent(share), room(window, facts), plural(facts.most_threads, "thread"));
    advice.do_this = more_threads(facts);
    advice.expect =
        fmt::format("Up to {} less time for each request, and as much more throughput.", percent(share));
    advice.numbers = {{"queue_seconds_per_request", queue / 1e9},
                      {"queue_share", share},
                      {"threads", static_cast<double>(facts.threads)}};
    if (facts.books()) advice.numbers.emplace_back("gil_share_of_time", window.full());
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
    say_what_is_full(advice, window, facts);
    advice.expect = "No 503 at this load.";
    advice.numbers = {{"queue_full", static_cast<double>(full)},
                      {"queue_timeout", static_cast<double>(late)},
                      {"cpu_share", cpu_full(window, facts)}};
    if (facts.books()) advice.numbers.emplace_back("gil_share_of_time", window.full());
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

}  // namespace baton::advisor
