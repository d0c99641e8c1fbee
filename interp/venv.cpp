#include "interp/venv.hpp"

#include <spdlog/fmt/fmt.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "interp/runtime.hpp"

namespace baton::interp {

namespace {

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::map<std::string, std::string> read_settings(const std::filesystem::path& file) {
    std::map<std::string, std::string> settings;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find('=');
        if (equals != std::string::npos)
            settings[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
    }
    return settings;
}

// `venv` writes version, virtualenv and uv write version_info (and virtualenv's own version elsewhere).
std::string version_of(const std::map<std::string, std::string>& settings) {
    for (const char* name : {"version_info", "version"}) {
        if (const auto found = settings.find(name); found != settings.end()) return found->second;
    }
    return "";
}

}  // namespace

std::string venv_executable(const std::string& root, int major, int minor) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path base = fs::absolute(root, error);
    if (error || !fs::is_directory(base, error)) {
        throw StartError(fmt::format("there is no virtual environment at {}: no such directory", root));
    }
    if (!fs::is_regular_file(base / "pyvenv.cfg", error)) {
        throw StartError(fmt::format("{} is not a virtual environment: it has no pyvenv.cfg", root));
    }
    const std::string version = version_of(read_settings(base / "pyvenv.cfg"));
    int theirs_major = 0;
    int theirs_minor = 0;
    const bool known = std::sscanf(version.c_str(), "%d.%d", &theirs_major, &theirs_minor) == 2;
    if (known && (theirs_major != major || theirs_minor != minor)) {
        throw StartError(
            fmt::format("the virtual environment {} was made for Python {}.{}, but this server runs Python "
                        "{}.{}: make it anew "
                        "with {}, or build the server for Python {}.{} (./dev build --python {}.{})",
                        root, theirs_major, theirs_minor, major, minor, BATON_PYTHON_EXECUTABLE, theirs_major,
                        theirs_minor, theirs_major, theirs_minor));
    }
    return (base / "bin" / "python").string();
}

}  // namespace baton::interp
