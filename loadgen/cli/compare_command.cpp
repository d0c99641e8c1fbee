#include "loadgen/cli/compare_command.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "loadgen/books/scrape.hpp"
#include "loadgen/cli/compare_load.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/interrupts.hpp"
#include "loadgen/cli/whole_file.hpp"
#include "loadgen/compare/report.hpp"
#include "loadgen/compare/runner.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::cli {

namespace {

using plan::Fault;
using plan::Parsed;
using plan::Problem;

constexpr std::size_t kMostServers = 20;
constexpr std::size_t kMostRounds = 1000;
constexpr std::string_view kDefaultUrl = "http://127.0.0.1:{port}/";
constexpr std::string_view kDefaultAdmin = "http://127.0.0.1:{admin}";
constexpr Nanoseconds kRoundDuration = std::chrono::seconds(5);
constexpr Nanoseconds kRoundWarmUp = std::chrono::seconds(1);
// Any ports will do to see whether the flags are sound.
constexpr compare::Addresses kSomePorts{65534, 65535};
constexpr std::size_t kLongestLine = 500;

struct Flags {
    PlanFlags plan;
    std::vector<std::string> words;  // commands and URLs
    std::string rounds = "6";
    std::string start_limit = "30s", stop_limit = "10s";
    std::string admin, json;
    bool again = false;
    std::vector<std::string> argv;
};

// A command does not begin like that.
bool is_url(std::string_view word) {
    constexpr std::array<std::string_view, 8> kSchemes = {
        "http://", "https://", "ws://", "wss://", "http+unix:", "https+unix:", "ws+unix:", "wss+unix:"};
    for (const std::string_view scheme : kSchemes) {
        if (word.starts_with(scheme)) return true;
    }
    return false;
}

// A, B, C ...: kMostServers are fewer than letters.
std::string letter(std::size_t number) {
    return {static_cast<char>('A' + number)};
}

// A server has books where --admin says, or where its own command has an {admin} in it.
std::string admin_of(const std::string& command, const std::string& admin) {
    if (!admin.empty() && (!compare::names_admin(admin) || compare::names_admin(command))) return admin;
    return compare::names_admin(command) ? std::string(kDefaultAdmin) : std::string();
}

Problem put_contenders(Flags& flags, compare::Settings& settings) {
    for (const std::string& word : flags.words) {
        if (is_url(word)) {
            flags.plan.urls.push_back(word);
            continue;
        }
        settings.contenders.push_back(
            {letter(settings.contenders.size()), word, admin_of(word, flags.admin)});
    }
    const std::size_t least = flags.again ? 1 : 2;
    if (settings.contenders.size() < least || settings.contenders.size() > kMostServers)
        return Fault{fmt::format("server commands: {} given; from {} to {}, please, each as one argument",
                                 settings.contenders.size(), least, kMostServers)};
    if (flags.again) {
        compare::Contender same = settings.contenders.front();
        same.name += " again";
        settings.contenders.push_back(std::move(same));
    }
    if (flags.plan.urls.empty() && flags.plan.scenario.empty()) flags.plan.urls.emplace_back(kDefaultUrl);
    return {};
}

Problem put_rounds(const std::string& text, std::size_t& place) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
    if (error != std::errc() || end != text.data() + text.size() || place < 1 || place > kMostRounds)
        return Fault{fmt::format("--rounds: must be a whole number from 1 to {}, not {}", kMostRounds,
                                 plan::in_quotes(text))};
    return {};
}

Problem put_limit(const char* flag, const std::string& text, Nanoseconds& place) {
    const Parsed<Nanoseconds> parsed =
        plan::parse_duration(text, std::chrono::milliseconds(1), std::chrono::hours(1));
    if (!parsed) return Fault{fmt::format("{}: {}", flag, parsed.why())};
    place = *parsed;
    return {};
}

Problem check_admin(const std::string& admin) {
    if (admin.empty()) return {};
    const auto address = books::admin_address(compare::filled(admin, kSomePorts));
    if (const auto* trouble = std::get_if<books::Trouble>(&address)) return Fault{"--admin: " + trouble->why};
    return {};
}

Parsed<compare::Settings> settings_of(Flags& flags) {
    compare::Settings settings;
    if (Problem problem = check_admin(flags.admin)) return std::move(*problem);
    if (Problem problem = put_contenders(flags, settings)) return std::move(*problem);
    if (Problem problem = put_rounds(flags.rounds, settings.rounds)) return std::move(*problem);
    if (Problem problem = put_limit("--start-timeout", flags.start_limit, settings.start_limit))
        return std::move(*problem);
    if (Problem problem = put_limit("--stop-timeout", flags.stop_limit, settings.stop_limit))
        return std::move(*problem);
    flags.plan.usual_duration = kRoundDuration;
    flags.plan.usual_warm_up = kRoundWarmUp;
    return settings;
}

std::string load_text(const Flags& flags, const plan::Plan& plan) {
    std::string where = flags.plan.scenario;
    for (const std::string& url : flags.plan.urls) where += (where.empty() ? "" : " ") + url;
    return fmt::format("{}; {}", report::printable(where), report::model_line(plan));
}

int complain_of(const compare::NotServed& failure) {
    if (!failure.output.empty()) {
        std::cerr << "the end of what the server said:\n";
        std::istringstream lines(failure.output);
        for (std::string line; std::getline(lines, line);)
            std::cerr << "  | " << report::printable(line, kLongestLine) << '\n';
    }
    return complain(kUnreachable, report::printable(failure.why, kLongestLine));
}

bool is_file(const std::string& json) {
    return !json.empty() && json != "-";
}

int tell(const compare::Comparison& comparison, const std::string& load, const std::string& json,
         report::Environment environment) {
    environment.load_after = report::load_averages();
    // Standard output belongs to the document that was asked for there.
    std::cout << (json == "-" ? compare::to_json(comparison, load, environment)
                              : compare::to_text(comparison, load))
              << std::flush;
    int status = std::cout.good() ? kWell : complain(kUsage, "standard output cannot be written");
    if (is_file(json)) {
        if (const Problem problem = write_whole(json, compare::to_json(comparison, load, environment)))
            status = complain(kUsage, "--json: " + problem->why);
    }
    return comparison.generator_was_limit() ? kBottleneck : status;
}

int work_of(Flags flags) {
    const Parsed<compare::Settings> parsed = settings_of(flags);
    if (!parsed) return complain(kUsage, parsed.why());
    Current current;
    CompareLoad load(flags.plan, current);
    const Parsed<plan::Plan> plan = load.plan_for(kSomePorts);
    if (!plan) return complain(kUsage, plan.why());
    if (is_file(flags.json)) {
        if (const Problem problem = check_file(flags.json))
            return complain(kUsage, "--json: " + problem->why);
    }
    compare::Settings settings = *parsed;
    settings.seed = plan->load.seed;

    std::atomic<bool> ended = false;
    const Interrupts interrupts([&current, &ended] {
        ended = true;
        current.stop();
    });
    const report::Environment environment = report::environment(BATON_VERSION, flags.argv);
    const auto progress = [&settings](std::size_t round, const compare::Contender& contender,
                                      const compare::Round& measured) {
        std::cerr << compare::progress_text(round, settings.rounds, contender, measured) << std::endl;
    };
    const compare::Load callbacks = load.load();
    auto outcome = compare::Runner(settings, callbacks, progress, ended).run();
    if (const auto* failure = std::get_if<compare::NotServed>(&outcome)) return complain_of(*failure);
    auto& rounds = std::get<compare::Rounds>(outcome);
    if (rounds.front().empty()) return complain(kInterrupted, "interrupted before the first round was over");
    std::optional<std::size_t> again;
    if (flags.again) again = settings.contenders.size() - 1;
    return tell(compare::compare(settings, std::move(rounds), again), load_text(flags, *plan), flags.json,
                environment);
}

}  // namespace

void add_compare(CLI::App& app, Work& work, const std::vector<std::string>& argv) {
    CLI::App* command = app.add_subcommand(
        "compare", "Two or more servers in turn, a fresh process each round, and whether they differ");
    const auto flags = std::make_shared<Flags>();
    flags->argv = argv;
    command
        ->add_option(
            "COMMAND", flags->words,
            "server commands for the shell, each as one argument, {port} and {admin} stand for free ports; "
            "then URLs (http://127.0.0.1:{port}/)")
        ->type_name("");
    command
        ->add_option("--rounds", flags->rounds,
                     "of all servers, in random order; 6 are the fewest for a verdict")
        ->type_name("N")
        ->capture_default_str();
    command->add_flag("--aa", flags->again, "the first one against itself, too: the noise floor");
    command->add_option("--admin", flags->admin, "where a server tells its books: http://127.0.0.1:{admin}")
        ->type_name("URL");
    command->add_option("--start-timeout", flags->start_limit, "for a server to answer")
        ->type_name("TIME")
        ->capture_default_str();
    command
        ->add_option("--stop-timeout", flags->stop_limit,
                     "for a server to end upon SIGTERM; then it is killed")
        ->type_name("TIME")
        ->capture_default_str();
    command->add_option("--json", flags->json, "the report for programs; - is standard output")
        ->type_name("FILE");
    add_plan_flags(*command, flags->plan, false);
    hide_flags(*command, {"--ramp", "--step", "--threshold"});
    command->callback([flags, &work] { work = [flags] { return work_of(*flags); }; });
}

}  // namespace loadgen::cli
