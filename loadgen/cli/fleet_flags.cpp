#include "loadgen/cli/fleet_flags.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace loadgen::cli {

plan::Parsed<HostPort> parse_host_port(std::string_view text) {
    const plan::Fault fault{
        fmt::format("must be HOST:PORT, such as 127.0.0.1:9190, not {}", plan::in_quotes(text))};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return fault;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool brackets = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (brackets) host = host.substr(1, host.size() - 2);
    // An IPv6 address without brackets would end in what looks like a port.
    if (host.empty() || host.size() > 253 || (!brackets && host.find(':') != std::string_view::npos))
        return fault;
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size()) return fault;
    return HostPort{std::string(host), std::to_string(number)};
}

void add_token(CLI::App& command, std::string& token) {
    command
        .add_option("--token", token,
                    "what coordinator and agents have to know; better in the environment, as others can see "
                    "the command line")
        ->type_name("TEXT")
        ->envname("BATON_LOAD_TOKEN");
}

std::vector<std::string> without_token(std::vector<std::string> argv) {
    constexpr std::string_view kFlag = "--token";
    bool value_follows = false;
    for (std::string& argument : argv) {
        if (value_follows)
            argument = "...";
        else if (argument.starts_with("--token="))
            argument = "--token=...";
        value_follows = argument == kFlag;
    }
    return argv;
}

}  // namespace loadgen::cli
