#include "loadgen/result/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "loadgen/result/metric.hpp"

namespace loadgen::result {

namespace {

constexpr double kDelivered = 0.99;     // share of what was due
constexpr double kBusy = 0.9;           // share of a CPU
constexpr double kLateWarning = 0.001;  // seconds
constexpr double kLateBottleneck = 0.005;
constexpr double kLateShare = 0.2;  // of the response times' p99
constexpr double kBlocked = 0.01;   // share of what was sent

bool is_open(const Result& result) noexcept {
    return result.plan.load.model == plan::Model::open;
}

std::string milliseconds(double seconds) {
    return fmt::format("{:.3g} ms", seconds * 1e3);
}

std::string connections(std::size_t count) {
    return count == 1 ? "the one connection" : fmt::format("every one of {} connections", count);
}

bool holds(double actual, const plan::Threshold& threshold) noexcept {
    switch (threshold.bound) {
        case plan::Bound::below:
            return actual < threshold.value;
        case plan::Bound::at_most:
            return actual <= threshold.value;
        case plan::Bound::above:
            return actual > threshold.value;
        case plan::Bound::at_least:
            return actual >= threshold.value;
    }
    return false;
}

const Sum* sum_of(const Result& result, const std::string& endpoint) noexcept {
    if (endpoint.empty()) return &result.all;
    const std::size_t known = std::min(result.plan.endpoints.size(), result.endpoints.size());
    for (std::size_t i = 0; i < known; ++i) {
        if (result.plan.endpoints[i].name == endpoint) return &result.endpoints[i];
    }
    return nullptr;
}

Kept checked(const Result& result, const plan::Threshold& threshold) {
    Kept kept{.threshold = threshold, .actual = std::nullopt, .kept = false};
    const Sum* sum = sum_of(result, threshold.endpoint);
    if (sum == nullptr) return kept;
    kept.actual = metric(*sum, threshold.metric, result.plan.load.model, result.self.wall);
    kept.kept = kept.actual && holds(*kept.actual, threshold);
    return kept;
}

std::optional<double> p99(const stats::Histogram& histogram) noexcept {
    const auto value = percentile(histogram, 0.99);
    if (!value) return std::nullopt;
    return seconds_of(*value);
}

// Lateness is the generator's own fault, and counts when it is a good part of what was measured.
bool late_is_bottleneck(const Result& result, double late) noexcept {
    if (late <= kLateBottleneck) return false;
    const auto response = p99(result.all.response);
    return !response || late > kLateShare * *response;
}

std::uint64_t failed(const Result& result, Failure failure) noexcept {
    return result.all.failures[static_cast<std::size_t>(failure)];
}

// For a free connection; some of them until it was too late.
std::uint64_t waited(const Result& result) noexcept {
    return result.self.blocked.count() + failed(result, Failure::unsent);
}

void check_delivery(const Result& result, Verdict& verdict) {
    const Sum& all = result.all;
    // Connections that the target refused are among the sent ones: they were tried when they were due.
    if (static_cast<double>(all.sent) >= kDelivered * static_cast<double>(all.due)) return;
    verdict.delivered = false;
    verdict.own = verdict.own || waited(result) == 0;
    const std::string why =
        waited(result) == 0
            ? "none waited for a connection, so the generator itself was too slow: use more --threads or "
              "another machine"
            : fmt::format("{} was in use: raise --connections, or the target cannot do it",
                          connections(result.plan.load.connections));
    verdict.bottlenecks.push_back(fmt::format(
        "the rate was not delivered: of {} requests that were due {} were sent in time ({:.1f} %); {}",
        all.due, all.sent, 100 * static_cast<double>(all.sent) / static_cast<double>(all.due), why));
}

void check_cpu(const Result& result, Verdict& verdict) {
    if (result.self.busiest <= kBusy) return;
    verdict.own = true;
    verdict.bottlenecks.push_back(fmt::format(
        "the generator was busy: a thread of it used {:.0f} % of a CPU, so what was measured may be "
        "its own limit; use more --threads (now {}) or another machine",
        100 * result.self.busiest, result.plan.load.threads));
}

void check_lateness(const Result& result, Verdict& verdict) {
    const auto late = p99(result.self.late);
    if (!late || *late <= kLateWarning) return;
    if (late_is_bottleneck(result, *late)) {
        verdict.own = true;
        const auto response = p99(result.all.response);
        verdict.bottlenecks.push_back(fmt::format(
            "the generator was late: p99 of its own delay is {}{}; it needs a CPU that nobody else keeps "
            "busy, or more --threads",
            milliseconds(*late),
            response ? fmt::format(", and that of the response times {}", milliseconds(*response)) : ""));
        return;
    }
    verdict.warnings.push_back(
        fmt::format("p99 of the generator's own delay before sending is {}, which is part of the response "
                    "times; a machine that does nothing else does better",
                    milliseconds(*late)));
}

void check_waiting(const Result& result, Verdict& verdict) {
    const std::uint64_t blocked = waited(result);
    const double share =
        static_cast<double>(blocked) / static_cast<double>(std::max(result.all.due, blocked));
    if (blocked == 0 || share <= kBlocked) return;
    verdict.warnings.push_back(
        fmt::format("{} of {} requests ({:.1f} %) waited for a free connection, as {} was in use; the wait "
                    "is in the response times, "
                    "not in the service times",
                    blocked, result.all.due, 100 * share, connections(result.plan.load.connections)));
}

void check_samples(const Result& result, Verdict& verdict) {
    const std::uint64_t samples = latencies(result.all, false, result.plan.load.model).count();
    if (enough(samples, 0.99)) return;
    verdict.warnings.push_back(
        samples == 0 && result.all.answered > 0
            ? std::string("not one answer was as expected, so there is nothing to say about latency; with "
                          "--threshold 'errors<1%' the exit status says so too")
        : samples == 0
            ? std::string("no request has a time: there is nothing to say about latency")
            : fmt::format(
                  "only {} request{} ha{} a time: p99 takes 1000, p90 takes 100, p50 takes 20; run longer",
                  samples, samples == 1 ? "" : "s", samples == 1 ? "s" : "ve"));
}

}  // namespace

Verdict judge(const Result& result) {
    Verdict verdict;
    for (const plan::Threshold& threshold : result.plan.thresholds)
        verdict.thresholds.push_back(checked(result, threshold));
    check_cpu(result, verdict);
    if (is_open(result)) {
        check_delivery(result, verdict);
        check_lateness(result, verdict);
        check_waiting(result, verdict);
    } else {
        verdict.warnings.emplace_back(
            "closed model: latency counts from the send; a target that stalls also stops being asked, so its "
            "stalls are missing from the percentiles (--rate has them)");
    }
    check_samples(result, verdict);
    return verdict;
}

}  // namespace loadgen::result
