#include "server/cli/advise_command.hpp"

#include <fmt/format.h>

#include "server/config/values.hpp"

namespace baton::cli {

namespace {

constexpr std::string_view kHelp = R"(Ask a running server what could be better

Usage: baton advise [ADMIN_URL] [--json]

  ADMIN_URL  the server's admin address (default: http://127.0.0.1:9180)
  --json     print what /advice.json says, as it is
  -h,--help  Print this help and exit
)";

}  // namespace

Command parse_advise(std::span<const char* const> arguments) {
    Advise advise;
    for (const std::string_view argument : arguments) {
        if (argument == "-h" || argument == "--help") return Text{std::string(kHelp)};
        if (argument == "--json") {
            advise.json = true;
        } else if (argument.starts_with('-')) {
            const std::string shown = config::in_quotes(argument);
            return Failure{fmt::format("{}: there is no such option; see baton advise --help",
                                       shown.substr(1, shown.size() - 2))};
        } else if (argument.empty() || !advise.url.empty()) {
            return Failure{
                fmt::format("{}: one admin address is enough; for example: baton advise "
                            "http://127.0.0.1:9180",
                            config::in_quotes(argument))};
        } else {
            advise.url = argument;
        }
    }
    return advise;
}

}  // namespace baton::cli
