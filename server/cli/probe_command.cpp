#include "server/cli/probe_command.hpp"

#include <fmt/format.h>

#include <array>

#include "server/config/address.hpp"
#include "server/config/values.hpp"

namespace baton::cli {

namespace {

constexpr std::string_view kHelp =
    R"(Run any Python program under the GIL ledger, and show its books

Usage: baton probe [options] -- COMMAND [ARGUMENTS]

Options:
  -h, --help                  Print this help and exit
  --listen HOST:PORT          Serve the books while the command runs: /metrics for Prometheus, / as text
  --report FILE               Write the books at the end into this file (JSON when it ends in .json), not to
                              standard error
  --gil-policy cpython|latency
                              latency lends Baton's scheduler to the program (default: cpython)

For CPython 3.11 to 3.15 and programs that embed it. Every process that the command starts is counted. The exit
status is the command's; 128 and the signal's number when one ended it; 127 when there is no such command, 126
when it cannot be executed; 4 when the address is not to be had, 2 for unusable options.
)";

constexpr std::string_view kProbeExample = "for example: baton probe -- gunicorn mysite.wsgi:app";

using config::Problem;

Problem put_listen(Probe& probe, const std::string& value) {
    config::Parsed<config::TcpAddress> address = config::tcp_address(value);
    if (!address) return address.error();
    probe.listen = std::move(*address);
    return {};
}

Problem put_report(Probe& probe, const std::string& value) {
    if (value.empty()) return "must not be empty";
    probe.report = value;
    return {};
}

Problem put_policy(Probe& probe, const std::string& value) {
    if (value != "cpython" && value != "latency")
        return fmt::format("must be cpython or latency, not {}", config::in_quotes(value));
    probe.policy = value == "latency" ? ProbePolicy::latency : ProbePolicy::cpython;
    return {};
}

struct ProbeOption {
    std::string_view flag;
    Problem (*put)(Probe&, const std::string&);
};
constexpr std::array<ProbeOption, 3> kProbeOptions = {
    {{"--listen", put_listen}, {"--report", put_report}, {"--gil-policy", put_policy}}};

// Takes the option at the front of `left` and its value.
Problem take_option(Probe& probe, std::span<const char* const>& left) {
    const std::string_view argument = left.front();
    const std::string_view flag = argument.substr(0, argument.find('='));
    for (const ProbeOption& option : kProbeOptions) {
        if (option.flag != flag) continue;
        left = left.subspan(1);
        std::string value;
        if (flag.size() < argument.size()) {
            value = argument.substr(flag.size() + 1);
        } else if (!left.empty() && std::string_view(left.front()) != "--") {
            value = left.front();
            left = left.subspan(1);
        } else {
            return fmt::format("{}: needs a value", flag);
        }
        const Problem problem = option.put(probe, value);
        return problem ? Problem(fmt::format("{}: {}", flag, *problem)) : Problem();
    }
    return fmt::format(
        "{}: there is no such option; see baton probe --help, and put -- in front of the command",
        config::in_quotes(flag));
}

}  // namespace

Command parse_probe(std::span<const char* const> arguments) {
    Probe probe;
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        if (argument == "-h" || argument == "--help") return Text{std::string(kHelp)};
        if (argument == "--") {
            arguments = arguments.subspan(1);
            break;
        }
        if (!argument.starts_with('-')) break;
        if (Problem problem = take_option(probe, arguments)) return Failure{std::move(*problem)};
    }
    probe.command.assign(arguments.begin(), arguments.end());
    if (probe.command.empty()) return Failure{fmt::format("the command is missing; {}", kProbeExample)};
    if (probe.command.front().empty()) return Failure{"the command is an empty word"};
    return probe;
}

}  // namespace baton::cli
