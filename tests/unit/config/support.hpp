// What the tests of this room share: a directory that goes away, and a command line in one call.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "server/cli/command.hpp"

namespace baton::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "baton-config-XXXXXX").string();
        if (!mkdtemp(name.data())) std::abort();
        path_ = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::string path() const { return path_.string(); }
    std::string path(const std::string& name) const { return (path_ / name).string(); }
    std::string file(const std::string& name, const std::string& text = "") const {
        std::ofstream(path_ / name) << text;
        return path(name);
    }
    std::string directory(const std::string& name) const {
        std::filesystem::create_directories(path_ / name);
        return path(name);
    }

  private:
    std::filesystem::path path_;
};

inline cli::Command run(const std::vector<std::string>& arguments,
                        const config::Environment& environment = {}) {
    std::vector<const char*> argv{"baton"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return cli::parse(static_cast<int>(argv.size()), argv.data(), environment, "the version\n");
}

// `baton serve ARGUMENTS m:app`
inline cli::Command serve(std::vector<std::string> arguments, const config::Environment& environment = {}) {
    arguments.insert(arguments.begin(), "serve");
    arguments.emplace_back("m:app");
    return run(arguments, environment);
}

inline config::Config config_of(const cli::Command& command) {
    if (const auto* failure = std::get_if<cli::Failure>(&command)) ADD_FAILURE() << failure->line;
    const auto* served = std::get_if<cli::Serve>(&command);
    return served ? served->config : config::Config{};
}

inline std::string failure_of(const cli::Command& command) {
    const auto* failure = std::get_if<cli::Failure>(&command);
    return failure ? failure->line : "(no failure)";
}

}  // namespace baton::test
