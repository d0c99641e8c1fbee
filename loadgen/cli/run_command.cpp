#include <fmt/format.h>

#include <boost/system/system_error.hpp>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/interrupts.hpp"
#include "loadgen/cli/listen_at.hpp"
#include "loadgen/cli/one_run.hpp"
#include "loadgen/cli/output_flags.hpp"
#include "loadgen/cli/plan_flags.hpp"
#include "loadgen/metrics/publisher.hpp"
#include "loadgen/plan/quantity.hpp"

namespace loadgen::cli {

namespace {

struct RunFlags {
    PlanFlags plan;
    OutputFlags output;
    std::string metrics;
    std::string linger = "0";
};

constexpr Nanoseconds kLook = std::chrono::milliseconds(50);
constexpr Nanoseconds kLongestLinger = std::chrono::hours(24);

// Null without --metrics.
plan::Parsed<std::unique_ptr<metrics::Publisher>> publisher_of(const RunFlags& flags,
                                                               const plan::Plan& plan) {
    if (flags.metrics.empty()) return std::unique_ptr<metrics::Publisher>();
    const auto at = listen_at("--metrics", flags.metrics);
    if (!at) return at.fault();
    try {
        return std::make_unique<metrics::Publisher>(plan, *at);
    } catch (const boost::system::system_error& error) {
        return plan::Fault{
            fmt::format("--metrics: {}: cannot listen: {}", flags.metrics, error.code().message())};
    }
}

// The last scrape has to find somebody. Who has interrupted the run waits for nothing.
void stay(Nanoseconds linger, const Current& current) {
    const Moment end = Clock::now() + linger;
    while (Clock::now() < end && !current.stopped()) std::this_thread::sleep_for(kLook);
}

int run(const RunFlags& flags, const std::vector<std::string>& argv) {
    const plan::Parsed<plan::Plan> plan = make_plan(flags.plan);
    if (!plan) return complain(kUsage, plan.why());
    if (const plan::Problem problem = check_output(flags.output)) return complain(kUsage, problem->why);
    Current current;
    const Interrupts interrupts([&current] { current.stop(); });
    const auto linger = plan::parse_duration(flags.linger, Nanoseconds(0), kLongestLinger);
    if (!linger) return complain(kUsage, "--linger: " + linger.why());
    if (*linger > Nanoseconds(0) && flags.metrics.empty())
        return complain(kUsage, "--linger: waits for the last scrape of --metrics, which is not given");
    const auto publisher = publisher_of(flags, *plan);
    if (!publisher) return complain(kUsage, publisher.why());
    RunOptions options;
    options.publisher = publisher->get();
    if (*publisher) fmt::print(stderr, "baton-load: metrics at {}\n", (*publisher)->url());
    options.admin = flags.output.admin;
    options.style = live_style(flags.output);
    options.environment = report::environment(BATON_VERSION, argv);
    const auto outcome = run_once(*plan, options, current);
    if (const auto* no_run = std::get_if<NoRun>(&outcome)) {
        if (no_run->report) write_files(*no_run->report, flags.output);
        return complain(no_run->status, no_run->why);
    }
    const auto& report = std::get<report::Report>(outcome);
    const bool written = write_report(report, flags.output);
    const int status = exit_status(report);
    if (*publisher) stay(*linger, current);
    return status == kWell && !written ? kUsage : status;
}

}  // namespace

void add_run(CLI::App& app, Work& work, const std::vector<std::string>& argv) {
    auto flags = std::make_shared<RunFlags>();
    CLI::App& command = *app.add_subcommand("run", "Send requests, and say how long the answers took");
    add_plan_flags(command, flags->plan, true);
    add_output_flags(command, flags->output);
    const auto add = [&command](const std::string& name, std::string& place, const std::string& help) {
        return command.add_option(name, place, help)->group("For Prometheus");
    };
    add("--metrics", flags->metrics, "the run's own figures at http://HOST:PORT/metrics while it runs")
        ->type_name("HOST:PORT");
    add("--linger", flags->linger, "stay so long behind the run, for the last scrape (0)")->type_name("TIME");
    command.callback([&work, flags, &argv] { work = [flags, &argv] { return run(*flags, argv); }; });
}

}  // namespace loadgen::cli
