#include "server/config/resolve.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "server/config/checks.hpp"

namespace baton::config {

namespace {

void apply_defaults(Config& config) {
    for (const Option& option : options()) {
        if (!option.has_default_value()) continue;
        // The table is ours: a default that does not parse is a broken invariant.
        if (option.apply(config, {std::string(option.default_text)})) {
            throw std::logic_error(fmt::format("the default of --{} is not valid", option.name));
        }
    }
}

Problem apply_all(Config& config, Origins& origins, const std::vector<Given>& source) {
    for (const Given& given : source) {
        if (Problem problem = given.option->apply(config, given.values))
            return given.origin + ": " + *problem;
        origins.note(given.option->name, given.origin);
    }
    return {};
}

}  // namespace

Parsed<Config> resolve(const Sources& sources) {
    Config config;
    Origins origins;
    apply_defaults(config);
    if (!sources.virtual_env.empty()) {
        config.python.venv = sources.virtual_env;
        origins.note("venv", "VIRTUAL_ENV");
    }
    // Each later source overwrites what it gives.
    for (const auto* source : {&sources.file, &sources.environment, &sources.flags}) {
        if (Problem problem = apply_all(config, origins, *source)) return Error{std::move(*problem)};
    }
    config.python.application = sources.application;
    if (config.python.threads == ThreadBounds{}) config.python.threads = automatic_threads(sources.machine);
    config.cpus = sources.machine.cpus;
    if (Problem problem = check(config, origins)) return Error{std::move(*problem)};
    return config;
}

}  // namespace baton::config
