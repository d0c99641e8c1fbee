// From the command line to an exit status. The app room builds everything that serves.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <variant>

#include "server/app/advise.hpp"
#include "server/app/commands.hpp"
#include "server/app/outcome.hpp"
#include "server/app/record.hpp"
#include "server/app/versions.hpp"
#include "server/cli/command.hpp"
#include "server/probe/probe.hpp"

extern char** environ;

namespace {

using namespace baton;

std::string version_text() {
    std::string text;
    for (const auto& [name, version] : app::versions(BATON_PYTHON_VERSION))
        text.append(name).append(" ").append(version).append("\n");
    return text;
}

// What is opened next gets the lowest number that is free. Were that 1 or 2, log lines would go to a client.
void occupy_standard_descriptors() {
    int fd = 0;
    do {
        fd = ::open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) ::close(fd);
}

int dispatch_command(const cli::Command& command) {
    if (const auto* failure = std::get_if<cli::Failure>(&command))
        return app::complain(app::kUsage, failure->line);
    if (const auto* text = std::get_if<cli::Text>(&command)) {
        std::cout << text->text << std::flush;
        return app::kEnded;
    }
    if (const auto* checked = std::get_if<cli::Check>(&command)) return app::check(checked->config);
    if (const auto* probed = std::get_if<cli::Probe>(&command)) return probe::run(*probed);
    if (const auto* traced = std::get_if<cli::Trace>(&command)) return app::record(*traced);
    if (const auto* advised = std::get_if<cli::Advise>(&command)) return app::advise(*advised);
    const auto& served = std::get<cli::Serve>(command);
    return app::serve(served.config, served.warnings);
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // a client that has gone is an error code, not a signal
    try {
        return dispatch_command(cli::parse(argc, argv, config::environment(environ), version_text()));
    } catch (...) {
        return app::complain_of_current_exception();
    }
}
