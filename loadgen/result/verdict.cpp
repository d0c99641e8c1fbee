#include "loadgen/result/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "loadgen/result/metric.hpp"

namespace loadgen::result {

namespace {

constexpr double kDelivered = 0.99;     // share of what was due
constexpr double kBusy = 0.9;           // share of a CPU
constexpr double kLateWarning = 0.001;  // seconds
constexpr double kLateBottleneck = 0.005;
constexpr double kLateShare = 0.2;        // of the response times' p99
constexpr double kBlocked = 0.01;         // share of what was sent
constexpr double kStarvedWarning = 0.05;  // share of the measured time
constexpr double kStarved = 0.2;
constexpr double kAgain = 0.001;  // share of what has ended

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

double share_of(std::uint64_t count, std::uint64_t all) noexcept {
    return all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all);
}

// One that is missing does not make a rate, however few there are.
bool delivered(const Sum& all) noexcept {
    const std::uint64_t missing = all.due - std::min(all.due, all.sent);
    return share_of(missing, all.due) <= 1 - kDelivered || (missing == 1 && all.sent > 0);
}

std::string why_undelivered(const Result& result, std::uint64_t missing) {
    const std::uint64_t own = result.self.missed;
    std::string why;
    if (own > 0)
        why = fmt::format(
            "the generator itself came too late to {} of the others: use more --threads, or a "
            "machine that does nothing else",
            std::min(own, missing));
    if (own < missing)
        why += fmt::format("{}{} was in use: raise --connections, or the target cannot do it",
                           why.empty() ? "" : "; and ", connections(result.plan.load.connections));
    return why;
}

void check_delivery(const Result& result, Verdict& verdict) {
    const Sum& all = result.all;
    // Connections that the target refused are among the sent ones: they were tried when they were due.
    if (delivered(all)) return;
    const std::uint64_t missing = all.due - all.sent;
    verdict.delivered = false;
    verdict.own = verdict.own || 2 * result.self.missed >= missing;
    verdict.bottlenecks.push_back(fmt::format(
        "the rate was not delivered: of {} requests that were due {} were sent in time ({:.1f} %); {}",
        all.due, all.sent, 100 * share_of(all.sent, all.due), why_undelivered(result, missing)));
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

// Without a schedule nothing is late; but a generator that others keep from running asks less, and sees the
// answers later than they came. In the open model it is short waits that count, and they are in the lateness.
void check_starved(const Result& result, Verdict& verdict) {
    const Self& self = result.self;
    const double lost = is_open(result) ? self.stalled : std::max(self.waited, self.stalled);
    if (lost <= kStarvedWarning) return;
    std::string text = fmt::format(
        "the generator was kept from running for {:.0f} % of the time: what was measured is in part what it "
        "waited for the CPU; it needs a machine that does nothing else",
        100 * lost);
    verdict.own = verdict.own || lost > kStarved;
    (lost > kStarved ? verdict.bottlenecks : verdict.warnings).push_back(std::move(text));
}

void check_local(const Result& result, Verdict& verdict) {
    const std::uint64_t count = failed(result, Failure::local);
    if (count == 0) return;
    verdict.own = true;
    const auto text = result.self.texts.find(Failure::local);
    verdict.bottlenecks.push_back(fmt::format("for {} request{} this machine had no connection to give{}",
                                              count, count == 1 ? "" : "s",
                                              text == result.self.texts.end() ? "" : ": " + text->second));
}

// Who asks for thresholds may think that errors are among them.
void check_errors(const Result& result, Verdict& verdict) {
    const auto about_errors = [](const plan::Threshold& threshold) { return threshold.metric == "errors"; };
    const std::vector<plan::Threshold>& asked = result.plan.thresholds;
    if (result.all.errors() == 0 || std::any_of(asked.begin(), asked.end(), about_errors)) return;
    verdict.warnings.push_back(
        fmt::format("{} of {} requests failed; with --threshold 'errors<1%' the exit status says so too",
                    result.all.errors(), result.all.ended()));
}

void check_again(const Result& result, Verdict& verdict) {
    const double share = share_of(result.all.again, result.all.ended());
    if (share <= kAgain) return;
    verdict.warnings.push_back(
        fmt::format("{} of {} requests ({:.1f} %) had to be sent again, as the target closed the connection "
                    "they went out on: it closes idle connections too soon, or breaks those in use",
                    result.all.again, result.all.ended(), 100 * share));
}

void check_waiting(const Result& result, Verdict& verdict) {
    const std::uint64_t blocked = result.self.blocked.count();
    const double share = share_of(blocked, std::max(result.all.due, blocked));
    if (share <= kBlocked) return;
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
            ? std::string("not one answer was as expected, so there is nothing to say about latency")
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
    check_starved(result, verdict);
    check_local(result, verdict);
    if (is_open(result)) {
        check_delivery(result, verdict);
        check_lateness(result, verdict);
        check_waiting(result, verdict);
    } else {
        verdict.warnings.emplace_back(
            "closed model: latency counts from the send; a target that stalls also stops being asked, so its "
            "stalls are missing from the percentiles (--rate has them)");
    }
    check_errors(result, verdict);
    check_again(result, verdict);
    check_samples(result, verdict);
    return verdict;
}

}  // namespace loadgen::result
