#include "server/cli/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <numeric>

#include "server/cli/advise_command.hpp"
#include "server/cli/help.hpp"
#include "server/cli/probe_command.hpp"
#include "server/cli/trace_command.hpp"
#include "server/config/resolve.hpp"
#include "server/config/values.hpp"

namespace baton::cli {

namespace {

using config::Error;
using config::Given;
using config::Parsed;

constexpr std::string_view kExample = "for example: baton serve mysite.wsgi:app";

// CLI11 takes argv apart and prints help. Values stay text here: they are judged where the other sources'
// are.
struct Grammar {
    CLI::App top{"Baton: an application server for Python that keeps books on the GIL", "baton"};
    CLI::App* serve = nullptr;
    CLI::App* check = nullptr;
    CLI::Option* version = nullptr;
};

CLI::App* add_command(CLI::App& top, const std::string& name, const std::string& what) {
    CLI::App* command = top.add_subcommand(name, what);
    command->set_help_flag("-h,--help", "Print this help and exit");
    command->allow_extras();
    command->footer(options_footer());
    for (const config::Option& option : config::options()) {
        const std::string flag = fmt::format("--{}", option.name);
        CLI::Option* added = nullptr;
        if (option.kind == config::Kind::flag) {
            added = command->add_flag(flag);
        } else {
            added = command->add_option(flag)->expected(1);
        }
        // All values of a repeated flag are kept, so that it can be refused in our own words.
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group(std::string(option.group));
    }
    return command;
}

void build(Grammar& grammar) {
    grammar.top.formatter(std::make_shared<HelpFormatter>());
    grammar.top.set_help_flag("-h,--help", "Print this help and exit");
    grammar.version = grammar.top.add_flag("--version")->description("Print what this is made of and exit");
    grammar.top.footer("\nbaton COMMAND --help lists a command's options.");
    grammar.top.allow_extras();
    // At most one: a second name is an argument of the first command.
    grammar.top.require_subcommand(0, 1);
    grammar.serve = add_command(grammar.top, "serve", "Serve an application");
    grammar.check = add_command(grammar.top, "check", "Load an application, say what it is, and end");
    // For the list; these are parsed elsewhere.
    grammar.top.add_subcommand("probe", std::string(kProbeSummary));
    grammar.top.add_subcommand("advise", std::string(kAdviseSummary));
    grammar.top.add_subcommand("trace", std::string(kTraceSummary));
}

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t k = 1; k <= b.size(); ++k) {
            const std::size_t changed = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
            diagonal = row[k];
            row[k] = std::min({changed, row[k] + 1, row[k - 1] + 1});
        }
    }
    return row.back();
}

std::string unknown_option(std::string_view argument, const CLI::App& command) {
    const std::string_view flag = argument.substr(0, argument.find('='));
    const config::Option* nearest = nullptr;
    std::size_t best = 3;
    for (const config::Option& option : config::options()) {
        const std::size_t d = distance(flag, fmt::format("--{}", option.name));
        if (d < best) {
            best = d;
            nearest = &option;
        }
    }
    const std::string hint = nearest ? fmt::format("did you mean --{}?", nearest->name)
                                     : fmt::format("see baton {} --help", command.get_name());
    // As it was typed, unless that would break the line.
    const std::string shown = config::in_quotes(flag);
    return fmt::format("{}: there is no such option; {}", shown.substr(1, shown.size() - 2), hint);
}

Parsed<std::string> application(const CLI::App& command) {
    const std::vector<std::string> names = command.remaining();
    const auto option =
        std::find_if(names.begin(), names.end(), [](const std::string& x) { return x.starts_with('-'); });
    if (option != names.end()) return Error{unknown_option(*option, command)};
    if (names.empty()) return Error{fmt::format("MODULE:CALLABLE is missing; {}", kExample)};
    if (names.size() > 1) {
        return Error{fmt::format("{}: one application is enough, there is {} already",
                                 config::in_quotes(names[1]), config::in_quotes(names[0]))};
    }
    return names.front();
}

Parsed<std::vector<Given>> flags(const CLI::App& command) {
    std::vector<Given> given;
    for (const config::Option& row : config::options()) {
        const std::string flag = fmt::format("--{}", row.name);
        const CLI::Option* option = command.get_option(flag);
        if (option->count() == 0) continue;
        if (row.kind != config::Kind::list && option->count() > 1) {
            return Error{fmt::format("{}: given {} times", flag, option->count())};
        }
        given.push_back({&row, option->results(), flag});
    }
    return given;
}

Parsed<std::vector<Given>> file(const std::vector<Given>& given_flags,
                                const std::vector<Given>& environment) {
    for (const std::vector<Given>* source : {&given_flags, &environment}) {
        for (const Given& given : *source) {
            if (given.option->name == config::kConfigOption)
                return config::from_file(given.values[0], given.origin);
        }
    }
    return std::vector<Given>{};
}

Command command(const Grammar& grammar, const config::Environment& environment) {
    const bool serve = grammar.serve->parsed();
    const CLI::App& chosen = serve ? *grammar.serve : *grammar.check;
    config::Sources sources;
    config::FromEnvironment variables = config::from_environment(environment);
    sources.environment = std::move(variables.given);
    Parsed<std::string> name = application(chosen);
    if (!name) return Failure{name.error()};
    Parsed<std::vector<Given>> from_flags = flags(chosen);
    if (!from_flags) return Failure{from_flags.error()};
    Parsed<std::vector<Given>> from_file = file(*from_flags, sources.environment);
    if (!from_file) return Failure{from_file.error()};
    sources.application = std::move(*name);
    sources.flags = std::move(*from_flags);
    sources.file = std::move(*from_file);
    const auto venv = environment.find("VIRTUAL_ENV");
    if (venv != environment.end()) sources.virtual_env = venv->second;
    sources.machine = config::this_machine();

    Parsed<config::Config> config = config::resolve(sources);
    if (!config) return Failure{config.error()};
    if (serve) return Serve{std::move(*config), std::move(variables.warnings)};
    return Check{std::move(*config), std::move(variables.warnings)};
}

// "--chdir=" would make CLI11 take the next argument for the value, and "--" would end the command for it. No
// application's name begins with a dash, so nothing needs "--"; it is allowed because people write it.
Parsed<std::vector<std::string>> arguments(int argc, const char* const* argv) {
    std::vector<std::string> result;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const bool empty_value = argument.starts_with("--") && argument.find('=') + 1 == argument.size();
        if (empty_value)
            return Error{fmt::format("{}: needs a value", argument.substr(0, argument.size() - 1))};
        if (argument != "--") result.emplace_back(argument);
    }
    // CLI11 takes them from the end.
    std::reverse(result.begin(), result.end());
    return result;
}

std::string not_a_command(const std::string& argument) {
    const std::string shown = config::in_quotes(argument);
    if (argument.starts_with('-')) {
        return fmt::format("{}: options come behind the command; {}", shown, kExample);
    }
    if (argument.find(':') != std::string::npos) {
        return fmt::format("{}: the command is missing; did you mean baton serve {}?", shown,
                           shown.substr(1, shown.size() - 2));
    }
    return fmt::format(
        "{}: there is no such command; there are serve, check, probe, advise and trace (see baton --help)",
        shown);
}

}  // namespace

Command parse(int argc, const char* const* argv, const config::Environment& environment,
              std::string_view version) {
    if (argc > 1 && std::string_view(argv[1]) == "probe")
        return parse_probe({argv + 2, static_cast<std::size_t>(argc - 2)});
    if (argc > 1 && std::string_view(argv[1]) == "trace")
        return parse_trace({argv + 2, static_cast<std::size_t>(argc - 2)});
    if (argc > 1 && std::string_view(argv[1]) == "advise")
        return parse_advise({argv + 2, static_cast<std::size_t>(argc - 2)});
    Parsed<std::vector<std::string>> given = arguments(argc, argv);
    if (!given) return Failure{given.error()};
    Grammar grammar;
    build(grammar);
    try {
        grammar.top.parse(std::move(*given));
    } catch (const CLI::CallForHelp&) {
        return Text{grammar.top.help()};
    } catch (const CLI::ArgumentMismatch& mismatch) {
        // The only one left to it: an option at the end of the line without its value.
        const std::string what = mismatch.what();
        return Failure{fmt::format("{}: needs a value", what.substr(0, what.find(':')))};
    } catch (const CLI::ParseError& error) {
        std::string what = error.what();
        std::replace(what.begin(), what.end(), '\n', ' ');
        return Failure{std::move(what)};
    }
    if (grammar.version->count() > 0) return Text{std::string(version)};
    const std::vector<std::string> rest = grammar.top.remaining();
    if (!rest.empty()) return Failure{not_a_command(rest.front())};
    if (!grammar.serve->parsed() && !grammar.check->parsed()) {
        return Failure{"a command is missing: serve, check, probe, advise or trace (see baton --help)"};
    }
    return command(grammar, environment);
}

}  // namespace baton::cli
