// A route whose requests stand in line for the GIL because of others, who are named.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr double kShare = 0.25;  // of wait and work together: too much
constexpr double kLargeShare = 0.5;
constexpr double kLeastWait = 5e5;  // nanoseconds per request
constexpr double kOfOthers = 0.5;   // of the waits: others are to blame
constexpr double kOwnShare = 0.25;  // of the GIL: who computes as much himself is no victim
constexpr std::size_t kNamed = 3;

struct Holder {
    std::string name;
    Nanoseconds time = 0;
};

struct Blamed {
    Nanoseconds all = 0;
    Nanoseconds others = 0;
    std::vector<Holder> holders;  // others alone, the most time first
};

Blamed blamed(const Window& window, const std::string& route) {
    Blamed result;
    for (const BlameWindow& one : window.blame) {
        if (one.waiting != route) continue;
        result.all += one.time;
        if (one.holding == route || one.holding == Window::kFree) continue;
        result.others += one.time;
        if (result.holders.size() < kNamed) result.holders.push_back({one.holding, one.time});
    }
    return result;
}

bool computes_itself(const Window& window, const RouteWindow& route) {
    const Nanoseconds held = route[Phase::gil_hold];
    return 2 * held > route.work() && window.share(held) > kOwnShare;
}

std::string holders_text(const Blamed& blame) {
    std::vector<std::string> names;
    for (const Holder& holder : blame.holders) {
        names.push_back(
            fmt::format("{} ({})", holder.name,
                        percent(static_cast<double>(holder.time) / static_cast<double>(blame.all))));
    }
    return list(names);
}

std::string what_to_do(const Facts& facts, const Window& window, const std::string& holder) {
    const bool keeps = std::any_of(window.kept.begin(), window.kept.end(), [&](const KeptWindow& kept) {
        return kept.holding == holder && does_not_let_go(window, kept);
    });
    // First what costs nothing: under CPython's own policy long holds are also a busy machine's.
    if (facts.policy == "cpython")
        return "Serve with --gil-policy latency, the default: who needs the GIL for a moment gets it first.";
    if (keeps)
        return fmt::format(
            "{} keeps the GIL for 20 ms and more at a stretch, which no scheduler can end: see "
            "long_hold. Let it go of the GIL, or serve it from a process of its own.",
            holder);
    return fmt::format("Serve {} from a process of its own, or make it compute less at a stretch.", holder);
}

std::optional<Advice> judge(const Window& window, const Facts& facts, const RouteWindow& route) {
    const Nanoseconds wait = route[Phase::gil_wait];
    const double share =
        static_cast<double>(wait) / static_cast<double>(std::max<Nanoseconds>(1, wait + route.work()));
    if (share < kShare || route.per_request(wait) < kLeastWait || computes_itself(window, route))
        return std::nullopt;
    const Blamed blame = blamed(window, route.label);
    if (blame.holders.empty() ||
        static_cast<double>(blame.others) < kOfOthers * static_cast<double>(blame.all))
        return std::nullopt;
    Advice advice;
    advice.id = "convoyed";
    advice.severity = share >= kLargeShare ? Severity::warning : Severity::hint;
    advice.route = route.label;
    advice.weight = share;
    advice.title = fmt::format("{} waits for the GIL because of {}", route.label, blame.holders.front().name);
    advice.finding = fmt::format(
        "A request of {} waits {} for the GIL and works for {}: {} of both is the wait. Of that time the GIL "
        "was held by {}.",
        route.label, duration(route.per_request(wait)), duration(route.per_request(route.work())),
        percent(share), holders_text(blame));
    advice.do_this = what_to_do(facts, window, blame.holders.front().name);
    advice.expect = fmt::format("Without these waits a request takes {} instead of {}.",
                                duration(route.per_request(route.work())),
                                duration(route.per_request(route.work() + wait)));
    advice.numbers = {
        {"requests", static_cast<double>(route.requests)},
        {"wait_seconds_per_request", route.per_request(wait) / 1e9},
        {"work_seconds_per_request", route.per_request(route.work()) / 1e9},
        {"wait_share", share},
        {"share_of_others", static_cast<double>(blame.others) / static_cast<double>(blame.all)}};
    return advice;
}

}  // namespace

Verdict convoyed(const Window& window, const Facts& facts) {
    return of_routes(window, facts, [&](const RouteWindow& route) { return judge(window, facts, route); });
}

}  // namespace baton::advisor
