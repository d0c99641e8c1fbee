// What --help prints.
//
// Threads: used once, before any thread starts.
// Lifetime: owned by the CLI::App.
// Cannot: differ from the option table; all texts and defaults come from there.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace baton::cli {

class HelpFormatter final : public CLI::Formatter {
  public:
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
    std::string make_usage(const CLI::App* app, std::string name) const override;
    std::string make_positionals(const CLI::App* app) const override;
    std::string make_group(std::string group, bool positional,
                           std::vector<const CLI::Option*> opts) const override;
    std::string make_option(const CLI::Option* option, bool positional) const override;
    std::string make_subcommand(const CLI::App* command) const override;
};

// What stands below the options: where else they can come from, units, atoms.
std::string options_footer();

}  // namespace baton::cli
