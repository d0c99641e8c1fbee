#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/interrupts.hpp"
#include "loadgen/cli/one_run.hpp"
#include "loadgen/cli/output_flags.hpp"
#include "loadgen/cli/plan_flags.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/plan/threshold.hpp"
#include "loadgen/report/server_text.hpp"
#include "loadgen/result/metric.hpp"
#include "loadgen/search/find_max.hpp"

namespace loadgen::cli {

namespace {

constexpr Nanoseconds kTrial = std::chrono::seconds(5);
// A confirmation takes longer than a trial: short runs can be lucky.
constexpr int kConfirmation = 3;
// A rate at which the generator itself came too late is tried so often before it gives up.
constexpr int kAttempts = 3;
constexpr std::string_view kFewErrors = "errors<1%";

struct FindMaxFlags {
    PlanFlags plan;
    OutputFlags output;
    std::string most = "1000000";
    std::string precision = "5";
};

// However few a second: a trial does not take longer to have the samples that a percentile needs.
constexpr double kLongestTrial = 60;

// Requests that a trial has to have, so that its thresholds can be judged: ten beyond each percentile, of
// each endpoint's share.
double samples_for(const plan::Plan& plan) {
    double all = 0;
    for (const plan::Endpoint& endpoint : plan.endpoints) all += endpoint.weight;
    double most = 0;
    for (const plan::Threshold& threshold : plan.thresholds) {
        std::string_view name = threshold.metric;
        if (name.starts_with("service-")) name.remove_prefix(std::string_view("service-").size());
        const std::optional<double> fraction = result::fraction_of(name);
        if (!fraction || *fraction >= 1) continue;
        double share = 1;
        for (const plan::Endpoint& endpoint : plan.endpoints)
            if (endpoint.name == threshold.endpoint) share = endpoint.weight / all;
        // The dice of a mix may fall short of the share; and errors are not in the percentiles.
        most = std::max(most, (share < 1 ? 1.3 : 1.02) * 10 / (1 - *fraction) / share);
    }
    return most;
}

// What one trial came to.
struct Tried {
    report::Report report;
    bool kept;
    bool own_limit;  // it was the generator that could not do more
};

// What was not kept, each with what it came to.
std::string missed_of(const result::Verdict& verdict) {
    std::vector<std::string> missed;
    for (const result::Kept& kept : verdict.thresholds) {
        if (!kept.kept) missed.push_back(report::threshold_text(kept));
    }
    if (!verdict.delivered) missed.emplace_back("the rate was not delivered");
    return fmt::format("{}", fmt::join(missed, "; "));
}

std::string words_of(const Tried& tried, double rate) {
    const result::Result& result = tried.report.result;
    const auto p99 = result::percentile(result.all.response, 0.99);
    return fmt::format("{:>9}  answered {:>9}  p99 {:>7}  errors {:.2f} %  {}\n", plan::format_rate(rate),
                       plan::format_rate(result.rate()), p99 ? plan::format_duration(*p99) : "n/a",
                       100 * result.all.error_share(),
                       tried.kept        ? "kept"
                       : tried.own_limit ? "the generator's own limit"
                                         : "not kept: " + missed_of(tried.report.verdict));
}

bool all_kept(const report::Report& report) {
    for (const result::Kept& kept : report.verdict.thresholds)
        if (!kept.kept) return false;
    return report.verdict.delivered;
}

class Finder {
  public:
    Finder(FindMaxFlags flags, const std::vector<std::string>& argv)
        : flags_(std::move(flags)), argv_(argv) {}

    int run() {
        plan::Parsed<plan::Plan> plan = make_plan(with_rate(flags_.plan.rate.value_or("100")));
        if (!plan) return complain(kUsage, plan.why());
        if (plan->thresholds.empty())
            return complain(
                kUsage, "what is to be kept? for example --threshold 'p99<50ms' --threshold 'errors<0.1%'");
        // From the flags, or from the scenario.
        if (plan->load.profile.size() > 1)
            return complain(kUsage, "find-max chooses the rates itself: no --ramp or --step");
        keep_errors_down(*plan);
        if (const plan::Problem problem = check_output(flags_.output)) return complain(kUsage, problem->why);
        search::Limits limits;
        if (const plan::Problem problem = put_limits(limits, *plan)) return complain(kUsage, problem->why);
        const Interrupts interrupts([this] { current_.stop(); });
        return search(search::FindMax(limits));
    }

  private:
    PlanFlags with_rate(const std::string& rate) const {
        PlanFlags flags = flags_.plan;
        flags.rate = rate;
        flags.usual_duration = kTrial;
        return flags;
    }

    // A target that turns requests away is quick with the rest: without a word about errors, that would be
    // the highest rate.
    void keep_errors_down(const plan::Plan& plan) {
        if (std::any_of(plan.thresholds.begin(), plan.thresholds.end(),
                        [](const plan::Threshold& each) { return each.metric == "errors"; }))
            return;
        flags_.plan.thresholds.emplace_back(kFewErrors);
        std::fputs(fmt::format("no threshold is on errors: {} is kept as well\n", kFewErrors).c_str(),
                   stderr);
    }

    plan::Problem put_limits(search::Limits& limits, const plan::Plan& plan) const {
        const auto most = plan::parse_rate(flags_.most);
        if (!most) return plan::Fault{"--most: " + most.why()};
        const auto precision = plan::parse_rate(flags_.precision, 0.1, 50);
        if (!precision)
            return plan::Fault{"--precision: must be a percentage from 0.1 to 50, not " +
                               plan::in_quotes(flags_.precision)};
        limits.start = plan.load.profile.front().rate;
        limits.least = std::max(limits.least, samples_for(plan) / kLongestTrial);
        if (limits.least > *most)
            return plan::Fault{fmt::format("--most: below {} a minute is too short for what is to be kept",
                                           plan::format_rate(limits.least))};
        limits.most = *most;
        limits.precision = *precision / 100;
        return {};
    }

    int search(search::FindMax finder) {
        std::optional<report::Report> best;
        while (const auto trial = finder.next()) {
            auto tried = try_in_earnest(*trial);
            if (const auto* no_run = std::get_if<NoRun>(&tried)) return complain(no_run->status, no_run->why);
            Tried& result = std::get<Tried>(tried);
            if (current_.stopped()) return complain(kInterrupted, "interrupted before an answer was found");
            if (!result.kept && result.own_limit) return at_own_limit(trial->rate, result);
            finder.tell(result.kept);
            if (result.kept && trial->confirming) best = std::move(result.report);
        }
        return conclude(finder, best);
    }

    // A neighbour's burst that kept the generator from running is over the next time; its own limit is not.
    std::variant<Tried, NoRun> try_in_earnest(const search::FindMax::Trial& trial) {
        for (int attempt = 1;; ++attempt) {
            auto tried = try_rate(trial);
            const Tried* result = std::get_if<Tried>(&tried);
            if (result == nullptr || current_.stopped()) return tried;
            std::fputs(words_of(*result, trial.rate).c_str(), stderr);
            if (result->kept || !result->own_limit || attempt == kAttempts) return tried;
        }
    }

    std::variant<Tried, NoRun> try_rate(const search::FindMax::Trial& trial) {
        // Thresholds that are shares of the offered rate differ from trial to trial.
        plan::Parsed<plan::Plan> plan = make_plan(with_rate(fmt::format("{:.6f}", trial.rate)));
        if (!plan) return NoRun{kUsage, plan.why()};
        plan->load.duration = std::max(plan->load.duration, nanoseconds_of(samples_for(*plan) / trial.rate));
        if (trial.confirming) plan->load.duration *= kConfirmation;
        RunOptions options;
        options.admin = flags_.output.admin;
        options.style = trial.confirming ? live_style(flags_.output) : live::Style::none;
        options.environment = report::environment(BATON_VERSION, argv_);
        auto outcome = run_once(*plan, options, current_);
        if (auto* no_run = std::get_if<NoRun>(&outcome)) return std::move(*no_run);
        auto& report = std::get<report::Report>(outcome);
        const bool kept = all_kept(report);
        const bool own_limit = report.verdict.own;
        return Tried{std::move(report), kept, own_limit};
    }

    int at_own_limit(double rate, const Tried& tried) const {
        write_report(tried.report, flags_.output);
        return complain(kBottleneck,
                        fmt::format("at {} the generator itself was at its limit; the target may do "
                                    "more: use more --threads, or another machine",
                                    plan::format_rate(rate)));
    }

    int conclude(const search::FindMax& finder, const std::optional<report::Report>& best) const {
        if (!best) {
            return complain(
                kThreshold,
                fmt::format("no rate was found that keeps what was asked; {} was the lowest that failed",
                            plan::format_rate(finder.failed().value_or(0))));
        }
        const bool written = write_report(*best, flags_.output);
        const std::string beyond = finder.failed()
                                       ? fmt::format("; {} is too much", plan::format_rate(*finder.failed()))
                                       : "; nothing above it was tried (--most)";
        std::fputs(
            fmt::format("\nhighest rate that keeps it: {}{}\n", plan::format_rate(*finder.answer()), beyond)
                .c_str(),
            flags_.output.json == "-" ? stderr : stdout);
        if (best->verdict.own)
            return complain(kBottleneck,
                            "the generator itself was at its limit in the confirmation: what it "
                            "measured is not the target's alone");
        return written ? kWell : kUsage;
    }

    FindMaxFlags flags_;
    const std::vector<std::string>& argv_;
    Current current_;
};

}  // namespace

void add_find_max(CLI::App& app, Work& work, const std::vector<std::string>& argv) {
    auto flags = std::make_shared<FindMaxFlags>();
    CLI::App& command = *app.add_subcommand(
        "find-max",
        "Find the highest rate at which the target keeps the thresholds; --rate is where it begins (100)");
    add_plan_flags(command, flags->plan, true);
    hide_flags(command, {"--ramp", "--step"});
    add_output_flags(command, flags->output);
    command.add_option("--most", flags->most, "no rate above this is tried (1000000)")->type_name("N");
    command.add_option("--precision", flags->precision, "how close, in per cent (5)")->type_name("N");
    command.callback([&work, flags, &argv] { work = [flags, &argv] { return Finder(*flags, argv).run(); }; });
}

}  // namespace loadgen::cli
