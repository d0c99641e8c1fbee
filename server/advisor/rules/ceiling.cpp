// The most requests per second that one GIL can carry with the present mix, and how far it is.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr double kLeast = 0.05;  // of the time: below it the GIL is no subject
constexpr double kBusy = 0.7;
constexpr double kFull = 0.9;
constexpr double kBackground = 0.1;
constexpr std::size_t kNamed = 3;

Severity how_bad(double full) {
    if (full >= kFull) return Severity::warning;
    return full >= kBusy ? Severity::hint : Severity::info;
}

std::string users(const Window& window) {
    std::vector<std::string> names;
    for (const RouteWindow& route : window.routes) {
        if (names.size() == kNamed) break;
        if (window.share(route[Phase::gil_hold]) < kLeast) break;
        names.push_back(fmt::format("{} ({})", route.label, percent(window.share(route[Phase::gil_hold]))));
    }
    return list(names);
}

}  // namespace

Verdict ceiling(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_books(facts);
    if (!verdict.lacks) verdict.lacks = lacks_requests(window);
    if (verdict.lacks) return verdict;
    const Nanoseconds held = window.sum(Phase::gil_hold);
    const double full = window.full();
    if (full < kLeast || held <= 0) return verdict;
    const double hold = static_cast<double>(held) / static_cast<double>(window.requests);
    const double background = std::clamp(full - window.share(held), 0.0, 1.0);
    const double most = (1 - background) * 1e9 / hold;
    const double now = static_cast<double>(window.requests) / seconds(window.length);
    Advice advice;
    advice.id = "ceiling";
    advice.severity = how_bad(full);
    advice.interpreter = "main";
    advice.weight = full;
    advice.title = fmt::format("One GIL carries at most {:.0f} requests per second of this mix", most);
    advice.finding = fmt::format(
        "A request holds the GIL for {} on average. The GIL is held {} of the time, at {:.1f} requests per "
        "second.",
        duration(hold), percent(full), now);
    if (const std::string names = users(window); !names.empty())
        advice.finding += " The most of it have " + names + ".";
    if (background >= kBackground)
        advice.finding += fmt::format(
            " {} of the time it is held by threads of the application and requests that have not "
            "ended.",
            percent(background));
    advice.do_this = full >= kBusy
                         ? "Take time under the GIL away, beginning with the routes named here, or add a "
                           "process. Threads do not help: they share this GIL."
                         : "Nothing now. Plan to stay below 70 %: beyond it, waiting for the GIL grows fast.";
    advice.expect =
        full >= kFull ? "Whatever comes beyond that waits. Each percent of time under the GIL that is saved "
                        "is a percent of throughput."
                      : fmt::format("Throughput can grow by a factor of {:.1f} before the GIL is full.",
                                    std::max(1.0, most / std::max(1e-9, now)));
    advice.numbers = {{"hold_seconds_per_request", hold / 1e9},
                      {"requests_per_second", now},
                      {"most_requests_per_second", most},
                      {"gil_share_of_time", full},
                      {"background_share_of_time", background}};
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

}  // namespace baton::advisor
