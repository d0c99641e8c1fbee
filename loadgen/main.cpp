// baton-load: an honest load generator.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/compare_command.hpp"
#include "loadgen/cli/diff_command.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/upstream_command.hpp"
#include "loadgen/plan/fault.hpp"

namespace loadgen::cli {

int complain(int status, const std::string& why) {
    std::fputs(fmt::format("baton-load: {}\n", why).c_str(), stderr);
    return status;
}

namespace {

// Whoever starts it with standard output closed must not have the report go down a connection that the
// system has given that number.
bool fill_standard_descriptors() {
    int opened = 0;
    while (opened <= STDERR_FILENO) {
        opened = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (opened < 0) return false;
    }
    return close(opened) == 0;
}

constexpr const char* kFooter =
    "Exit status: 0 all well; 1 a threshold failed; 2 unusable options; 3 the target could not be reached;\n"
    "4 the generator itself was the bottleneck, or the rate was not delivered; 130 interrupted before there\n"
    "was anything to say.\n";

// What to say of a word that is no command; empty when it is one.
std::string unknown(const CLI::App& app, const std::string& word) {
    std::string known;
    for (const CLI::App* command : app.get_subcommands({})) {
        if (command->get_name() == word) return {};
        known += (known.empty() ? "" : ", ") + command->get_name();
    }
    return fmt::format("there is no command {}; there are: {}", plan::in_quotes(word), known);
}

int parse_and_work(const std::vector<std::string>& argv) {
    CLI::App app("Sends HTTP requests on a schedule and says, honestly, how long the answers took",
                 "baton-load");
    app.set_version_flag("--version", "baton-load " BATON_VERSION);
    app.require_subcommand(1);
    app.footer(kFooter);
    Work work;
    add_run(app, work, argv);
    add_find_max(app, work, argv);
    add_compare(app, work, argv);
    add_diff(app, work);
    add_coordinate(app, work, argv);
    add_agent(app, work);
    add_upstream(app, work);
    if (argv.size() > 1 && !argv[1].starts_with("-"))
        if (const std::string why = unknown(app, argv[1]); !why.empty()) return complain(kUsage, why);
    try {
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>(argv.rbegin(), argv.rend() - 1));
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return complain(kUsage, fmt::format("{} (--help lists the options)", error.what()));
    }
    return work();
}

}  // namespace
}  // namespace loadgen::cli

int main(int argc, char** argv) {
    if (!loadgen::cli::fill_standard_descriptors()) return loadgen::cli::kUsage;
    // A target that closes is an error code, not the end of this program.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return loadgen::cli::parse_and_work(std::vector<std::string>(argv, argv + argc));
    } catch (const std::exception& error) {
        return loadgen::cli::complain(loadgen::cli::kUsage, error.what());
    }
}
