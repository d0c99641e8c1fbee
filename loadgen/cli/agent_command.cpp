#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/fleet_flags.hpp"
#include "loadgen/cli/interrupts.hpp"
#include "loadgen/fleet/agent.hpp"
#include "loadgen/fleet/message.hpp"
#include "loadgen/plan/quantity.hpp"

namespace loadgen::cli {

namespace {

struct Flags {
    std::string coordinator, token, name, wait = "60s";
    double clock_offset = 0;
    plan::Trust trust;
};

std::string host_name() {
    std::array<char, fleet::kLongestName + 1> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "agent";
    return name.data();
}

plan::Parsed<fleet::AgentOptions> options_of(const Flags& flags) {
    plan::Parsed<HostPort> coordinator = parse_host_port(flags.coordinator);
    if (!coordinator) return plan::Fault{"HOST:PORT: " + coordinator.why()};
    const plan::Parsed<Nanoseconds> wait = plan::parse_duration(flags.wait, Nanoseconds(0));
    if (!wait) return plan::Fault{"--wait: " + wait.why()};
    if (flags.name.size() > fleet::kLongestName)
        return plan::Fault{fmt::format("--name: has more than {} bytes", fleet::kLongestName)};
    for (const char c : flags.name)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
            return plan::Fault{"--name: must be of visible ASCII, without blanks"};
    fleet::AgentOptions options;
    options.host = std::move(coordinator->host);
    options.port = std::move(coordinator->port);
    options.name = flags.name.empty() ? host_name() : flags.name;
    options.token = flags.token;
    options.wait = *wait;
    options.trust = flags.trust;
    options.skew = nanoseconds_of(flags.clock_offset);
    return options;
}

int status_of(fleet::AgentEnd::How how) {
    using How = fleet::AgentEnd::How;
    switch (how) {
        case How::served:
            return kWell;
        case How::refused:
            return kUsage;
        case How::no_coordinator:
        case How::unreachable:
            return kUnreachable;
        case How::broken:
            break;
    }
    return kBottleneck;
}

int serve(const Flags& flags) {
    plan::Parsed<fleet::AgentOptions> options = options_of(flags);
    if (!options) return complain(kUsage, options.why());
    const std::string name = options->name;
    const auto say = [&name](const std::string& line) {
        std::fputs(fmt::format("baton-load agent {}: {}\n", name, line).c_str(), stderr);
    };
    fleet::Agent agent(std::move(*options), say);
    const Interrupts interrupts([&agent] { agent.stop(); });
    const fleet::AgentEnd end = agent.run();
    say(end.how == fleet::AgentEnd::How::served ? "done" : end.why);
    return status_of(end.how);
}

}  // namespace

void add_agent(CLI::App& app, Work& work) {
    auto flags = std::make_shared<Flags>();
    CLI::App& command =
        *app.add_subcommand("agent", "Make this machine's part of a load that `coordinate` hands out");
    command.add_option("COORDINATOR", flags->coordinator, "HOST:PORT")->type_name("")->required();
    add_token(command, flags->token);
    command.add_option("--name", flags->name, "in the report; the host's unless given")->type_name("NAME");
    command.add_option("--wait", flags->wait, "for the coordinator to be there")
        ->type_name("TIME")
        ->capture_default_str();
    const auto file = [&command](const std::string& name, std::string& place, const std::string& help) {
        command.add_option(name, place, help)->type_name("FILE")->group("TLS");
    };
    file("--ca", flags->trust.ca_file, "whom to trust beside the system's authorities, PEM");
    file("--cert", flags->trust.certificate, "the client's certificate, PEM");
    file("--key", flags->trust.key, "and its key, PEM");
    // For tests: as if this machine's clock were so many seconds ahead.
    command.add_option("--clock-offset", flags->clock_offset)->check(CLI::Range(-1e6, 1e6))->group("");
    command.callback([&work, flags] { work = [flags] { return serve(*flags); }; });
}

}  // namespace loadgen::cli
