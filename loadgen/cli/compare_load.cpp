#include "loadgen/cli/compare_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "loadgen/result/collector.hpp"
#include "loadgen/result/verdict.hpp"

namespace loadgen::cli {

namespace {

using compare::Addresses;
using compare::Measured;
using plan::Fault;
using plan::Parsed;
using plan::Plan;

// Between the last preparation and the first request: threads have to be there by then.
constexpr Nanoseconds kHeadStart = std::chrono::milliseconds(20);
constexpr Nanoseconds kLook = std::chrono::milliseconds(50);
constexpr int kServerFault = 500;

std::optional<double> seconds_at(const stats::Histogram& histogram, double fraction) {
    const std::optional<Nanoseconds> value = result::percentile(histogram, fraction);
    if (!value) return std::nullopt;
    return seconds_of(*value);
}

std::string failures_text(const result::Sum& sum) {
    std::string text;
    for (std::size_t i = 0; i < sum.failures.size(); ++i) {
        if (sum.failures[i] == 0) continue;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", sum.failures[i],
                            result::name_of(static_cast<result::Failure>(i)));
    }
    return text;
}

// An answer that the plan does not expect is an answer; only of a server's own fault there may be better to
// come.
bool has_answered(const result::Result& result) {
    if (result.all.expected() > 0) return true;
    return std::any_of(result.all.statuses.begin(), result.all.statuses.end(),
                       [](const auto& status) { return status.first < kServerFault; });
}

// One connection, for as short a time as there is.
Plan look_of(Plan plan) {
    plan.load.model = plan::Model::closed;
    plan.load.profile.clear();
    plan.load.connections = 1;
    plan.load.threads = 1;
    plan.load.duration = kLook;
    plan.load.warm_up = Nanoseconds(0);
    plan.thresholds.clear();
    return plan;
}

}  // namespace

Parsed<Plan> CompareLoad::plan_for(const Addresses& addresses) const {
    PlanFlags flags = flags_;
    for (std::string& url : flags.urls) url = compare::filled(url, addresses);
    Parsed<Plan> plan = make_plan(flags);
    if (!plan) return plan;
    if (!plan->thresholds.empty()) return Fault{"thresholds are for run; a comparison has verdicts"};
    if (plan->load.profile.size() > 1) return Fault{"a comparison takes one rate: no ramps, no steps"};
    return plan;
}

Plan CompareLoad::sound_plan_for(const Addresses& addresses) const {
    Parsed<Plan> plan = plan_for(addresses);
    if (!plan) throw std::runtime_error(plan.why());  // it was sound before: the scenario file has changed
    return std::move(*plan);
}

compare::Load CompareLoad::load() {
    return {[this](const Addresses& addresses) { return reachable(addresses); },
            [this](const Addresses& addresses) { return answers(addresses); },
            [this](const Addresses& addresses) { warm_up(addresses); },
            [this](const Addresses& addresses) { return measure(addresses); }};
}

bool CompareLoad::reachable(const Addresses& addresses) {
    const Plan plan = sound_plan_for(addresses);
    engine::Engine engine(plan, [](result::Interval&&) {});
    const Running running(current_, engine);
    return !engine.reach();
}

bool CompareLoad::answers(const Addresses& addresses) {
    const Ran ran = run(look_of(sound_plan_for(addresses)));
    return ran.unreachable.empty() && has_answered(ran.result);
}

// A run of its own, so that CPU and books can be read between it and the measured one.
void CompareLoad::warm_up(const Addresses& addresses) {
    Plan plan = sound_plan_for(addresses);
    if (plan.load.warm_up <= Nanoseconds(0)) return;
    plan.load.duration = std::exchange(plan.load.warm_up, Nanoseconds(0));
    run(plan);
}

Measured CompareLoad::measure(const Addresses& addresses) {
    Plan plan = sound_plan_for(addresses);
    plan.load.warm_up = Nanoseconds(0);
    const Ran ran = run(plan);
    Measured measured;
    if (!ran.unreachable.empty()) {
        measured.errors = 1;
        measured.failures = ran.unreachable;
        return measured;
    }
    const result::Result& result = ran.result;
    measured.answered = result.all.expected();
    measured.errors = result.all.errors();
    measured.failures = failures_text(result.all);
    measured.rate = result.rate();
    measured.wall = result.self.wall;
    measured.client_cpu = result.self.cpu;
    measured.closed = plan.load.model == plan::Model::closed;
    if (!measured.closed) {
        measured.p50_response = seconds_at(result.all.response, 0.5);
        measured.p99_response = seconds_at(result.all.response, 0.99);
    }
    measured.p50_service = seconds_at(result.all.service, 0.5);
    measured.p99_service = seconds_at(result.all.service, 0.99);
    result::Verdict verdict = result::judge(result);
    measured.bottlenecks = std::move(verdict.bottlenecks);
    measured.own = verdict.own;
    return measured;
}

// The engine finds its way to the target in reach(): there is no run without it.
CompareLoad::Ran CompareLoad::run(const Plan& plan) {
    result::Collector collector(plan);
    engine::Engine engine(plan, [&collector](result::Interval&& interval) { collector.add(interval); });
    const Running running(current_, engine);
    if (std::optional<std::string> why = engine.reach()) return {std::move(*why), {}};
    const engine::Outcome outcome = engine.run(Clock::now() + kHeadStart);
    return {{}, collector.result({}, outcome.wall, outcome.cpu)};
}

}  // namespace loadgen::cli
