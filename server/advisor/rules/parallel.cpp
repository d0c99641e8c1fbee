// What more processes, interpreters with a GIL of their own, or a Python without a GIL would give.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr double kBusy = 0.5;  // of the GIL's time: below it one is enough
constexpr double kFull = 0.9;
constexpr double kWorthIt = 1.2;
constexpr double kPriceOfFreeThreading = 1.1;  // code without a GIL runs this much longer on one core

struct Forecast {
    double hold = 0;       // under the GIL, per request, in nanoseconds
    double cpu = 0;        // of the whole process, per request
    double serial = 0;     // the share of the work that is under the GIL
    double processes = 1;  // factor on what one GIL carries, with a GIL for each CPU
    double free_threaded = 1;
};

Forecast forecast(const Window& window, const Facts& facts) {
    Forecast f;
    const auto requests = static_cast<double>(window.requests);
    const Nanoseconds held = window.sum(Phase::gil_hold);
    const Nanoseconds off = window.sum(Phase::off_gil);
    f.hold = static_cast<double>(held) / requests;
    f.cpu = static_cast<double>(window.cpu) / requests;
    f.serial = static_cast<double>(held) / static_cast<double>(std::max<Nanoseconds>(1, held + off));
    // One GIL: 1 / hold. As many as there are CPUs: until these are full.
    const double busy = std::max(f.hold, f.cpu);
    f.processes = facts.cpus * f.hold / busy;
    f.free_threaded = facts.cpus * f.hold / (busy + (kPriceOfFreeThreading - 1) * f.hold);
    return f;
}

std::string what_to_do(const Forecast& f, const Facts& facts) {
    if (f.processes < kWorthIt)
        return "Give it more CPUs first: with these, neither processes nor threads without a GIL give more.";
    std::string text = "Run one server process for each CPU behind a load balancer.";
    if (facts.has_interpreters())
        text +=
            " Interpreters with a GIL of their own give as much with less memory, if all extension modules "
            "are fit for them.";
    text +=
        " A free-threaded Python (3.13t and later) gives it in one process, if the application's own locks "
        "allow it.";
    return text;
}

}  // namespace

Verdict parallel(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_books(facts);
    if (!verdict.lacks) verdict.lacks = lacks_requests(window);
    if (verdict.lacks) return verdict;
    if (window.full() < kBusy || window.sum(Phase::gil_hold) <= 0) return verdict;
    const Forecast f = forecast(window, facts);
    Advice advice;
    advice.id = "parallel";
    advice.severity = window.full() >= kFull && f.processes >= kWorthIt ? Severity::hint : Severity::info;
    advice.interpreter = "main";
    advice.weight = window.full() * f.processes;
    advice.title = f.processes >= kWorthIt
                       ? fmt::format("More GILs would carry up to {:.1f} times as much", f.processes)
                       : "More GILs would not help on these CPUs";
    advice.finding = fmt::format(
        "{} of the work of a request is under the GIL ({}), so threads alone speed it up by {:.2f} at most, "
        "and the GIL is held {} of the time. A request costs {} of CPU time in the whole process; {:.3g} "
        "CPUs "
        "are there.",
        percent(f.serial), duration(f.hold), 1 / std::max(1e-6, f.serial), percent(window.full()),
        duration(f.cpu), facts.cpus);
    advice.do_this = what_to_do(f, facts);
    advice.expect = fmt::format(
        "Processes or interpreters: at most {:.1f} times what one GIL carries. Without a GIL: at most {:.1f} "
        "times, with code that runs some 10 % slower. Computed from the books, not measured: try it with "
        "your "
        "load before you rely on it.",
        std::max(1.0, f.processes), std::max(1.0, f.free_threaded));
    advice.numbers = {{"hold_seconds_per_request", f.hold / 1e9},
                      {"cpu_seconds_per_request", f.cpu / 1e9},
                      {"gil_share_of_work", f.serial},
                      {"cpus", facts.cpus},
                      {"processes_factor", f.processes},
                      {"free_threaded_factor", f.free_threaded}};
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

}  // namespace baton::advisor
