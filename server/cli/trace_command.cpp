#include "server/cli/trace_command.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

#include "server/config/values.hpp"

namespace baton::cli {

namespace {

constexpr std::string_view kHelp = R"(Record the GIL's timeline of a running server into a file

Usage: baton trace [ADMIN_URL] [options]

  ADMIN_URL                   the server's admin address (default: http://127.0.0.1:9180)

Options:
  -h, --help                  Print this help and exit
  --seconds S                 How long, 0.01 to 60 (default: 5)
  -o, --output FILE           Where to; - is standard output (default: baton-gil.pftrace or baton-gil.json)
  --format perfetto|json      (default: perfetto; json when FILE ends in .json)

Open the file at https://ui.perfetto.dev: it stays in the browser. The JSON is Chrome's trace events. The exit
status is 1 when the server is not to be reached or does not record, or FILE cannot be written.
)";

using config::Problem;

Problem put_seconds(Trace& trace, std::string_view value) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), trace.seconds);
    const bool number = error == std::errc() && end == value.data() + value.size();
    if (!number || !(trace.seconds >= 0.01 && trace.seconds <= 60.0))
        return fmt::format("must be a number from 0.01 to 60, not {}", config::in_quotes(value));
    return {};
}

Problem put_output(Trace& trace, std::string_view value) {
    if (value.empty()) return "must not be empty";
    trace.output = value;
    return {};
}

Problem put_format(Trace& trace, std::string_view value) {
    if (value != "perfetto" && value != "json")
        return fmt::format("must be perfetto or json, not {}", config::in_quotes(value));
    trace.format = value == "json" ? TraceFormat::json : TraceFormat::perfetto;
    return {};
}

struct TraceOption {
    std::string_view flag;
    Problem (*put)(Trace&, std::string_view);
};
constexpr std::array<TraceOption, 4> kTraceOptions = {
    {{"--seconds", put_seconds}, {"--output", put_output}, {"-o", put_output}, {"--format", put_format}}};

// Takes the option at the front of `left` and its value.
Problem take_option(Trace& trace, std::span<const char* const>& left) {
    const std::string_view argument = left.front();
    const std::string_view flag = argument.substr(0, argument.find('='));
    for (const TraceOption& option : kTraceOptions) {
        if (option.flag != flag) continue;
        left = left.subspan(1);
        std::string_view value;
        if (flag.size() < argument.size()) {
            value = argument.substr(flag.size() + 1);
        } else if (!left.empty()) {
            value = left.front();
            left = left.subspan(1);
        } else {
            return fmt::format("{}: needs a value", flag);
        }
        const Problem problem = option.put(trace, value);
        return problem ? Problem(fmt::format("{}: {}", flag, *problem)) : Problem();
    }
    return fmt::format("{}: there is no such option; see baton trace --help", config::in_quotes(argument));
}

}  // namespace

Command parse_trace(std::span<const char* const> arguments) {
    Trace trace;
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        if (argument == "-h" || argument == "--help") return Text{std::string(kHelp)};
        if (argument.starts_with('-')) {
            if (Problem problem = take_option(trace, arguments)) return Failure{std::move(*problem)};
            continue;
        }
        if (argument.empty() || !trace.url.empty()) {
            return Failure{
                fmt::format("{}: one admin address is enough; for example: baton trace http://127.0.0.1:9180",
                            config::in_quotes(argument))};
        }
        trace.url = argument;
        arguments = arguments.subspan(1);
    }
    const bool json_file = trace.output.ends_with(".json");
    if (!trace.format) trace.format = json_file ? TraceFormat::json : TraceFormat::perfetto;
    if (trace.output.empty())
        trace.output = *trace.format == TraceFormat::json ? "baton-gil.json" : "baton-gil.pftrace";
    return trace;
}

}  // namespace baton::cli
