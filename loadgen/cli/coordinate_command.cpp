#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/fleet_flags.hpp"
#include "loadgen/cli/interrupts.hpp"
#include "loadgen/cli/listen_at.hpp"
#include "loadgen/cli/output_flags.hpp"
#include "loadgen/cli/plan_flags.hpp"
#include "loadgen/cli/run_parts.hpp"
#include "loadgen/fleet/coordinator.hpp"
#include "loadgen/fleet/share.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/result/collector.hpp"
#include "loadgen/result/verdict.hpp"

namespace loadgen::cli {

namespace {

using boost::asio::ip::tcp;

struct Flags {
    PlanFlags plan;
    OutputFlags output;
    std::string listen = "127.0.0.1:9190", token, wait = "10m";
    std::size_t agents = 0;
};

plan::Parsed<fleet::CoordinatorOptions> options_of(const Flags& flags) {
    const plan::Parsed<tcp::endpoint> listen = listen_at("--listen", flags.listen);
    if (!listen) return listen.fault();
    if (!listen->address().is_loopback() && flags.token.empty())
        return plan::Fault{
            "--listen: beyond loopback, whoever dials in would be an agent: say --token as well, or "
            "BATON_LOAD_TOKEN in the environment"};
    const plan::Parsed<Nanoseconds> wait = plan::parse_duration(flags.wait);
    if (!wait) return plan::Fault{"--wait: " + wait.why()};
    return fleet::CoordinatorOptions{*listen, flags.agents, flags.token, *wait};
}

void say(const std::string& line) {
    std::fputs(fmt::format("baton-load: {}\n", line).c_str(), stderr);
}

int status_of(fleet::NotBegun::How how) {
    using How = fleet::NotBegun::How;
    if (how == How::interrupted) return kInterrupted;
    return how == How::unreachable ? kUnreachable : kBottleneck;
}

// One run, from the first agent to the report.
class Coordination {
  public:
    Coordination(const plan::Plan& plan, const Flags& flags)
        : plan_(plan),
          flags_(flags),
          collector_(plan),
          viewer_(plan, collector_, live_style(flags.output), STDERR_FILENO) {}

    int run(const fleet::CoordinatorOptions& options, const std::vector<std::string>& argv) {
        report_.environment = report::environment(BATON_VERSION, without_token(argv));
        fleet::Coordinator coordinator(
            plan_, options,
            {say, [this](Moment start) { begins(start); },
             [this](const result::Interval& interval) { return collector_.add(interval); }});
        const Interrupts interrupts([&coordinator] { coordinator.stop(); });
        say(fmt::format("waiting for {} agent{} at {}:{}", options.agents, options.agents == 1 ? "" : "s",
                        coordinator.address().address().to_string(), coordinator.address().port()));
        auto outcome = coordinator.run();
        viewer_.end();
        if (const auto* not_begun = std::get_if<fleet::NotBegun>(&outcome))
            return complain(status_of(not_begun->how), not_begun->why);
        return tell(std::get<fleet::Finished>(std::move(outcome)));
    }

  private:
    void begins(Moment start) {
        started_ = utc_of(start);
        if (!flags_.output.admin.empty()) scrape_.emplace(flags_.output.admin, start + plan_.load.warm_up);
        viewer_.begin(start);
    }

    int tell(fleet::Finished finished) {
        report_.result = collector_.result(started_, finished.wall, finished.cpu);
        report_.verdict = result::judge(report_.result);
        report_.environment.load_after = report::load_averages();
        report_.agents = std::move(finished.agents);
        if (finished.stopped)
            report_.verdict.warnings.emplace_back(
                "the run was interrupted; what was measured until then counts");
        if (!finished.lost.empty()) {
            report_.verdict.bottlenecks.insert(
                report_.verdict.bottlenecks.begin(),
                finished.lost + "; the run failed, and the numbers are partial: what came until then");
            // Of a part of the load no threshold says anything.
            report_.verdict.own = true;
        }
        if (scrape_) put_books(report_, *scrape_);
        const result::Sum& all = report_.result.all;
        if (finished.stopped && all.answered == 0)
            return complain(kInterrupted, "interrupted before anything was answered");
        const bool local = all.failures[static_cast<std::size_t>(result::Failure::local)] > 0;
        if (all.due > 0 && all.answered == 0 && !local && finished.lost.empty()) {
            write_files(report_, flags_.output);
            return complain(kUnreachable, nothing_answered(report_.result));
        }
        const bool written = write_report(report_, flags_.output);
        const int status = exit_status(report_);
        return status == kWell && !written ? kUsage : status;
    }

    const plan::Plan& plan_;
    const Flags& flags_;
    result::Collector collector_;
    live::Viewer viewer_;
    std::optional<FirstScrape> scrape_;
    std::string started_;
    report::Report report_;
};

int coordinate(const Flags& flags, const std::vector<std::string>& argv) {
    const plan::Parsed<plan::Plan> plan = make_plan(flags.plan);
    if (!plan) return complain(kUsage, plan.why());
    if (const plan::Problem problem = check_output(flags.output)) return complain(kUsage, problem->why);
    const plan::Parsed<fleet::CoordinatorOptions> options = options_of(flags);
    if (!options) return complain(kUsage, options.why());
    if (const plan::Problem problem = fleet::check_fleet(*plan, flags.agents))
        return complain(kUsage, problem->why);
    if (!flags.output.admin.empty()) {
        const auto scrape = books::scrape(flags.output.admin);
        if (const auto* trouble = std::get_if<books::Trouble>(&scrape))
            return complain(kUnreachable, "--admin: " + trouble->why);
    }
    try {
        return Coordination(*plan, flags).run(*options, argv);
    } catch (const boost::system::system_error& error) {
        return complain(
            kUsage, fmt::format("--listen: {} is not to be had: {}", flags.listen, error.code().message()));
    }
}

}  // namespace

void add_coordinate(CLI::App& app, Work& work, const std::vector<std::string>& argv) {
    auto flags = std::make_shared<Flags>();
    CLI::App& command =
        *app.add_subcommand("coordinate", "Like run, but the load comes from agents, on several machines");
    command.add_option("--listen", flags->listen, "where agents dial in; beyond loopback only with a token")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    command.add_option("--agents", flags->agents, "how many there will be")
        ->type_name("N")
        ->required()
        ->check(CLI::Range(std::size_t{1}, fleet::kMostAgents));
    add_token(command, flags->token);
    command.add_option("--wait", flags->wait, "for the agents to be there")
        ->type_name("TIME")
        ->capture_default_str();
    add_plan_flags(command, flags->plan, true);
    add_output_flags(command, flags->output);
    command.callback([&work, flags, &argv] { work = [flags, &argv] { return coordinate(*flags, argv); }; });
}

}  // namespace loadgen::cli
