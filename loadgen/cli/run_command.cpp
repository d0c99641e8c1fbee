#include <memory>
#include <utility>

#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/interrupts.hpp"
#include "loadgen/cli/one_run.hpp"
#include "loadgen/cli/output_flags.hpp"
#include "loadgen/cli/plan_flags.hpp"

namespace loadgen::cli {

namespace {

struct RunFlags {
    PlanFlags plan;
    OutputFlags output;
};

int run(const RunFlags& flags, const std::vector<std::string>& argv) {
    const plan::Parsed<plan::Plan> plan = make_plan(flags.plan);
    if (!plan) return complain(kUsage, plan.why());
    if (const plan::Problem problem = check_output(flags.output)) return complain(kUsage, problem->why);
    Current current;
    const Interrupts interrupts([&current] { current.stop(); });
    RunOptions options;
    options.admin = flags.output.admin;
    options.style = live_style(flags.output);
    options.environment = report::environment(BATON_VERSION, argv);
    const auto outcome = run_once(*plan, options, current);
    if (const auto* no_run = std::get_if<NoRun>(&outcome)) return complain(no_run->status, no_run->why);
    const auto& report = std::get<report::Report>(outcome);
    const bool written = write_report(report, flags.output);
    const int status = exit_status(report);
    return status == kWell && !written ? kUsage : status;
}

}  // namespace

void add_run(CLI::App& app, Work& work, const std::vector<std::string>& argv) {
    auto flags = std::make_shared<RunFlags>();
    CLI::App& command = *app.add_subcommand("run", "Send requests, and say how long the answers took");
    add_plan_flags(command, flags->plan, true);
    add_output_flags(command, flags->output);
    command.callback([&work, flags, &argv] { work = [flags, &argv] { return run(*flags, argv); }; });
}

}  // namespace loadgen::cli
