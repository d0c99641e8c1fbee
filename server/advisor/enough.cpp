#include "server/advisor/enough.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::advisor {

namespace {

bool enough(std::uint64_t requests, Nanoseconds work) {
    return requests >= kLeastRequests || (requests >= kLeastSlowRequests && work >= kLeastWork);
}

Nanoseconds work(const Window& window) {
    Nanoseconds all = 0;
    for (const RouteWindow& route : window.routes) all += route.work();
    return all;
}

std::string needed() {
    return fmt::format("{} are needed, or {} that work for {} together", kLeastRequests, kLeastSlowRequests,
                       duration(kLeastWork));
}

}  // namespace

bool enough(const RouteWindow& route) {
    return enough(route.requests, route.work());
}

bool enough(const Window& window) {
    return enough(window.requests, work(window));
}

std::optional<std::string> lacks_time(const Window& window) {
    if (window.length >= kLeastTime) return std::nullopt;
    return fmt::format("{:.0f} s of observation are needed, there are {:.1f} so far", seconds(kLeastTime),
                       seconds(window.length));
}

std::optional<std::string> lacks_requests(const Window& window) {
    if (auto time = lacks_time(window)) return time;
    if (enough(window)) return std::nullopt;
    return fmt::format("{} in {:.0f} s; {}", plural(window.requests, "request"), seconds(window.length),
                       needed());
}

std::optional<std::string> lacks_route(const Window& window) {
    if (auto time = lacks_time(window)) return time;
    std::uint64_t most = 0;
    for (const RouteWindow& route : window.routes) {
        if (enough(route)) return std::nullopt;
        most = std::max(most, route.requests);
    }
    if (most == 0) return fmt::format("no request in {:.0f} s", seconds(window.length));
    return fmt::format("no route has had more than {} in {:.0f} s; {}", plural(most, "request"),
                       seconds(window.length), needed());
}

std::optional<std::string> lacks_books(const Facts& facts) {
    if (facts.books()) return std::nullopt;
    return "there are no books on the GIL: " + facts.why_not;
}

Verdict of_routes(const Window& window, const Facts& facts, const JudgeRoute& judge) {
    Verdict verdict;
    verdict.lacks = lacks_books(facts);
    if (!verdict.lacks) verdict.lacks = lacks_route(window);
    if (verdict.lacks) return verdict;
    for (const RouteWindow& route : window.routes) {
        if (!enough(route)) continue;
        if (std::optional<Advice> advice = judge(route)) verdict.advice.push_back(std::move(*advice));
    }
    return verdict;
}

double seconds(Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

std::string duration(double nanoseconds) {
    if (nanoseconds < 1e3) return fmt::format("{:.0f} ns", nanoseconds);
    if (nanoseconds < 1e6) return fmt::format("{:.0f} us", nanoseconds / 1e3);
    if (nanoseconds < 1e7) return fmt::format("{:.2f} ms", nanoseconds / 1e6);
    if (nanoseconds < 1e9) return fmt::format("{:.0f} ms", nanoseconds / 1e6);
    return fmt::format("{:.2f} s", nanoseconds / 1e9);
}

std::string percent(double share) {
    return fmt::format("{:.0f} %", share * 100);
}

std::string list(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

std::string plural(std::uint64_t count, const std::string& one) {
    return count == 1 ? "1 " + one : fmt::format("{} {}s", count, one);
}

}  // namespace baton::advisor
