#include "loadgen/cli/upstream_command.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "loadgen/cli/exit.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/upstream/server.hpp"

namespace loadgen::cli {

namespace {

using plan::Fault;
using plan::Parsed;
using plan::Problem;

// As written.
struct Flags {
    std::string bind = "127.0.0.1", port = "9000", delay = "50ms", jitter = "0ms", bytes = "16",
                distribution = "uniform";
    bool stream = false;
};

Problem put_delay(const char* flag, const std::string& text, Nanoseconds& place) {
    const Parsed<Nanoseconds> parsed = plan::parse_duration(text, Nanoseconds(0), upstream::kLongestDelay);
    if (!parsed) return Fault{fmt::format("{}: {}", flag, parsed.why())};
    place = *parsed;
    return {};
}

Problem put_distribution(std::string_view name, upstream::Distribution& place) {
    if (name == "uniform")
        place = upstream::Distribution::uniform;
    else if (name == "normal")
        place = upstream::Distribution::normal;
    else if (name == "exponential")
        place = upstream::Distribution::exponential;
    else
        return Fault{
            fmt::format("--distribution: uniform, normal or exponential, not {}", plan::in_quotes(name))};
    return {};
}

Problem put_port(const std::string& text, std::uint16_t& place) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
    if (error != std::errc() || end != text.data() + text.size())
        return Fault{fmt::format("--port: must be a number from 0 (any that is free) to 65535, not {}",
                                 plan::in_quotes(text))};
    return {};
}

Problem put_bind(const std::string& text, std::string& place) {
    boost::system::error_code error;
    place = boost::asio::ip::make_address(text, error).to_string();
    if (error)
        return Fault{
            fmt::format("--bind: must be an address such as 127.0.0.1, not {}", plan::in_quotes(text))};
    return {};
}

Parsed<upstream::Options> options_of(const Flags& flags) {
    upstream::Options options;
    options.answer.stream = flags.stream;
    if (Problem problem = put_bind(flags.bind, options.bind)) return std::move(*problem);
    if (Problem problem = put_port(flags.port, options.port)) return std::move(*problem);
    if (Problem problem = put_delay("--delay", flags.delay, options.answer.delay)) return std::move(*problem);
    if (Problem problem = put_delay("--jitter", flags.jitter, options.answer.jitter))
        return std::move(*problem);
    const Parsed<std::uint64_t> bytes = plan::parse_size(flags.bytes, 0, upstream::kMostBytes);
    if (!bytes) return Fault{"--bytes: " + bytes.why()};
    options.answer.bytes = *bytes;
    if (Problem problem = put_distribution(flags.distribution, options.distribution))
        return std::move(*problem);
    return options;
}

int serve(const Flags& flags) {
    const Parsed<upstream::Options> options = options_of(flags);
    if (!options) return complain(kUsage, options.why());
    try {
        upstream::serve(*options, [](const std::string& url) {
            std::cout << "baton-load: upstream on " << url << std::endl;
        });
    } catch (const boost::system::system_error& error) {
        return complain(kUnreachable, fmt::format("cannot listen on {} port {}: {}", options->bind,
                                                  options->port, error.code().message()));
    }
    return kWell;
}

}  // namespace

void add_upstream(CLI::App& app, Work& work) {
    CLI::App* command = app.add_subcommand("upstream", "A slow HTTP server for handlers to wait on");
    const auto flags = std::make_shared<Flags>();
    const auto option = [command](const char* name, std::string& place, const char* help, const char* type) {
        command->add_option(name, place, help)->type_name(type)->capture_default_str();
    };
    option("--bind", flags->bind, "the address to listen on", "ADDRESS");
    option("--port", flags->port, "0: any that is free", "N");
    option("--delay", flags->delay, "before each answer; a request asks for another one with /?delay=20ms",
           "TIME");
    option("--jitter", flags->jitter, "the delay is as much longer or shorter; /?jitter=5ms", "TIME");
    option("--bytes", flags->bytes, "of each answer; /?bytes=1k", "SIZE");
    option("--distribution", flags->distribution,
           "of delays: uniform, normal (jitter: the deviation), or exponential (delay: the mean)", "KIND");
    command->add_flag("--stream", flags->stream,
                      "the head at once, the body in pieces over the delay; /?stream=1");
    command->callback([flags, &work] { work = [flags] { return serve(*flags); }; });
}

}  // namespace loadgen::cli
