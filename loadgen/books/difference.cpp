#include "loadgen/books/difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace loadgen::books {

namespace {

constexpr std::string_view kRequests = "http_server_request_duration_seconds_count";
constexpr std::string_view kDuration = "http_server_request_duration_seconds_sum";
constexpr std::string_view kPhases = "baton_request_phase_seconds_sum";
constexpr std::string_view kRequestCpu = "baton_request_cpu_seconds_sum";
constexpr std::string_view kHeld = "cpython_gil_held_seconds_total";
constexpr std::string_view kWaiting = "cpython_gil_waiting_seconds_total";
constexpr std::string_view kReleases = "cpython_gil_releases_total";
constexpr std::string_view kRejected = "baton_requests_rejected_total";
constexpr std::string_view kThreadCpu = "baton_thread_cpu_seconds_total";
constexpr std::string_view kCpu = "process_cpu_seconds_total";
constexpr std::string_view kStarted = "process_start_time_seconds";
constexpr std::string_view kRuntime = "baton_runtime_info";

// Some servers work out their start anew for each scrape, from clocks that are a second apart at times.
constexpr double kSameStart = 1.5;
// What is computed as a remainder of times may go back by a clock's tick.
constexpr double kTick = 0.011;

// One series and how much it grew.
struct Growth {
    const Labels* labels;
    double by;
};

// How much the counters grew, by name; the first one that fell is kept.
class Growths {
  public:
    Growths(const Exposition& before, const Exposition& after) noexcept : before_(before), after_(after) {}

    std::vector<Growth> of(std::string_view name) {
        std::map<Labels, double> earlier;
        for (const Sample& sample : before_.samples(name)) earlier[sample.labels] = sample.value;
        std::vector<Growth> grown;
        for (const Sample& sample : after_.samples(name)) {
            const auto found = earlier.find(sample.labels);
            grown.push_back(
                {&sample.labels, growth(name, found == earlier.end() ? 0 : found->second, sample.value)});
        }
        return grown;
    }
    double total(std::string_view name) {
        double sum = 0;
        for (const Growth& growth : of(name)) sum += growth.by;
        return sum;
    }
    const std::string& fallen() const noexcept { return fallen_; }

  private:
    double growth(std::string_view name, double from, double to) {
        const double by = to - from;
        if (!std::isfinite(by)) return 0;
        const double slack =
            name.find("_seconds_") == std::string_view::npos || name.ends_with("_count") ? 0 : kTick;
        if (by < -slack && fallen_.empty()) fallen_ = name;
        return std::max(by, 0.0);
    }

    const Exposition& before_;
    const Exposition& after_;
    std::string fallen_;
};

const std::string& value_of(const Labels& labels, std::string_view name) {
    static const std::string none;
    const auto found = labels.find(name);
    return found == labels.end() ? none : found->second;
}

// Several processes have an interpreter of the same name each.
std::string interpreter_of(const Labels& labels) {
    const std::string& worker = value_of(labels, "worker");
    const std::string& interpreter = value_of(labels, "interpreter");
    return worker.empty() ? interpreter : fmt::format("{} of worker {}", interpreter, worker);
}

std::vector<Gil> gils_of(Growths& growths) {
    std::map<std::string, Gil> found;
    for (const Growth& held : growths.of(kHeld)) found[interpreter_of(*held.labels)].held += held.by;
    for (const Growth& waiting : growths.of(kWaiting))
        found[interpreter_of(*waiting.labels)].waiting += waiting.by;
    for (const Growth& releases : growths.of(kReleases)) {
        Gil& gil = found[interpreter_of(*releases.labels)];
        gil.releases += releases.by;
        if (value_of(*releases.labels, "reason") == "forced") gil.forced += releases.by;
    }
    std::vector<Gil> gils;
    for (auto& [name, gil] : found) {
        gil.interpreter = name;
        gils.push_back(std::move(gil));
    }
    return gils;
}

double gil_seconds(const Route& route) {
    const auto held = route.phases.find("gil_hold");
    return held == route.phases.end() ? 0 : held->second;
}

std::vector<Route> routes_of(Growths& growths) {
    std::map<std::string, Route> found;
    for (const Growth& requests : growths.of(kRequests))
        found[value_of(*requests.labels, "http_route")].requests += requests.by;
    for (const Growth& duration : growths.of(kDuration))
        found[value_of(*duration.labels, "http_route")].duration += duration.by;
    for (const Growth& phase : growths.of(kPhases))
        found[value_of(*phase.labels, "http_route")].phases[value_of(*phase.labels, "phase")] += phase.by;
    for (const Growth& cpu : growths.of(kRequestCpu))
        found[value_of(*cpu.labels, "http_route")].cpu += cpu.by;
    std::vector<Route> routes;
    for (auto& [name, route] : found) {
        if (route.requests == 0 && route.duration == 0) continue;  // not in this time
        route.name = name;
        routes.push_back(std::move(route));
    }
    std::stable_sort(routes.begin(), routes.end(),
                     [](const Route& a, const Route& b) { return gil_seconds(a) > gil_seconds(b); });
    return routes;
}

std::map<std::string, std::string> runtime_of(const Exposition& metrics) {
    const std::vector<Sample>& found = metrics.samples(kRuntime);
    if (found.empty()) return {};
    return {found.front().labels.begin(), found.front().labels.end()};
}

bool restarted(const Scrape& before, const Scrape& after) {
    const std::optional<double> earlier = before.metrics.total(kStarted);
    const std::optional<double> later = after.metrics.total(kStarted);
    return earlier && later && std::abs(*later - *earlier) > kSameStart;
}

}  // namespace

std::variant<Books, Trouble> difference(const Scrape& before, const Scrape& after) {
    if (!after.metrics.total(kCpu) && !after.metrics.total(kRequests))
        return Trouble{fmt::format("the server's metrics have neither {} nor {}", kCpu, kRequests)};
    if (restarted(before, after))
        return Trouble{fmt::format("the server was restarted between the scrapes: {} differs", kStarted)};

    Growths growths(before.metrics, after.metrics);
    Books books;
    books.wall = seconds_of(after.taken - before.taken);
    books.requests = growths.total(kRequests);
    books.cpu = growths.total(kCpu);
    books.rejected = growths.total(kRejected);
    books.runtime = runtime_of(after.metrics);
    books.gils = gils_of(growths);
    books.routes = routes_of(growths);
    for (const Growth& cpu : growths.of(kThreadCpu))
        books.thread_cpu[value_of(*cpu.labels, "role")] += cpu.by;
    if (!growths.fallen().empty())
        return Trouble{
            fmt::format("the server was restarted between the scrapes: {} fell", growths.fallen())};
    return books;
}

}  // namespace loadgen::books
