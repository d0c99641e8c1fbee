// What more processes, interpreters with a GIL of their own, or a Python without a GIL would give; and which
// of them this server can serve with.
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
// Of the holds: below it others use the CPUs that more processes would need.
constexpr double kHadCpu = 0.7;

struct Forecast {
    double hold = 0;       // under the GIL, per request, in nanoseconds
    double cpu = 0;        // of the whole process, per request
    double serial = 0;     // the share of the work that is under the GIL
    double had_cpu = 1;    // of the holds
    double processes = 1;  // factor on what one GIL carries, with a GIL for each CPU
    double free_threaded = 1;

    bool crowded() const { return had_cpu < kHadCpu; }
    bool worth_it() const { return processes >= kWorthIt && !crowded(); }
};

double had_cpu(const Window& window, Nanoseconds held) {
    Nanoseconds cpu = 0;
    for (const RouteWindow& route : window.routes) cpu += route.cpu;
    return std::min(1.0, static_cast<double>(cpu) / static_cast<double>(held));
}

Forecast forecast(const Window& window, const Facts& facts) {
    Forecast f;
    const auto requests = static_cast<double>(window.requests);
    const Nanoseconds held = window.sum(Phase::gil_hold);
    const Nanoseconds off = window.sum(Phase::off_gil);
    f.hold = static_cast<double>(held) / requests;
    f.cpu = static_cast<double>(window.cpu) / requests;
    f.serial = static_cast<double>(held) / static_cast<double>(std::max<Nanoseconds>(1, held + off));
    f.had_cpu = had_cpu(window, held);
    // One GIL: 1 / hold. As many as there are CPUs: until these are full.
    const double busy = std::max(f.hold, f.cpu);
    f.processes = std::max(1.0, facts.cpus * f.hold / busy);
    f.free_threaded = std::max(1.0, facts.cpus * f.hold / (busy + (kPriceOfFreeThreading - 1) * f.hold));
    return f;
}

std::string title(const Forecast& f) {
    if (f.worth_it())
        return fmt::format("More processes would carry up to {:.1f} times as much", f.processes);
    return f.crowded() ? "More processes would not help while others use the CPUs"
                       : "More processes would not help on these CPUs";
}

std::string what_to_do(const Forecast& f, const Facts& facts) {
    if (f.crowded())
        return fmt::format(
            "Give it CPUs that nobody else uses first: its threads had one for {} of the time in which they "
            "held the GIL. More processes would share what is left.",
            percent(f.had_cpu));
    if (!f.worth_it())
        return "Give it more CPUs first: with these, neither processes nor threads without a GIL give more.";
    std::string text =
        "Run one server process for each CPU behind a load balancer, each with a --bind and an --admin of "
        "its "
        "own.";
    if (facts.serves_interpreters && facts.has_interpreters())
        text +=
            " Interpreters with a GIL of their own need less memory, if all extension modules are fit for "
            "them.";
    if (facts.serves_free_threaded && f.free_threaded >= kWorthIt)
        text += " Or serve from a free-threaded Python, if the application's own locks allow it.";
    return text;
}

// Computed; and whether this server could be served so.
std::string what_each_gives(const Forecast& f, const Facts& facts) {
    std::string text = fmt::format(
        "Computed from the books: processes at most {:.1f} times what one GIL carries; interpreters "
        "with a GIL each (CPython 3.12 and later) the same, in one process",
        f.processes);
    if (!facts.serves_interpreters) text += ", but this version of Baton cannot serve with them yet";
    text += fmt::format("; a Python without a GIL at most {:.1f} times, as its code runs some 10 % longer",
                        f.free_threaded);
    if (!facts.serves_free_threaded)
        text += ", but on one this version serves WSGI from a single thread, which is slower than now";
    return text +
           ". Measured otherwise, see docs/advice/parallel.md: try it with your own load before you rely on "
           "it.";
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
    advice.severity = window.full() >= kFull && f.worth_it() ? Severity::hint : Severity::info;
    advice.interpreter = "main";
    advice.weight = window.full() * f.processes;
    advice.title = title(f);
    advice.finding = fmt::format(
        "{} of the work of a request is under the GIL ({}), so threads alone speed it up by {:.2f} at most, "
        "and the GIL is held {} of the time. A request costs {} of CPU time in the whole process; {:.3g} "
        "CPUs "
        "are there.",
        percent(f.serial), duration(f.hold), 1 / std::max(1e-6, f.serial), percent(window.full()),
        duration(f.cpu), facts.cpus);
    advice.do_this = what_to_do(f, facts);
    advice.expect = what_each_gives(f, facts);
    advice.numbers = {{"hold_seconds_per_request", f.hold / 1e9},
                      {"cpu_seconds_per_request", f.cpu / 1e9},
                      {"gil_share_of_work", f.serial},
                      {"cpus", facts.cpus},
                      {"cpu_share_of_holds", f.had_cpu},
                      {"processes_factor", f.processes},
                      {"interpreters_factor", f.processes},
                      {"free_threaded_factor", f.free_threaded}};
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

}  // namespace baton::advisor
