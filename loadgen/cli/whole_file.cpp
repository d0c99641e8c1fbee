#include "loadgen/cli/whole_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace loadgen::cli {

namespace fs = std::filesystem;

namespace {

// Behind links, which stay; what is new or regular can be replaced by a name.
struct Place {
    fs::path file;
    bool replaceable = true;
};

Place place_of(const std::string& name) {
    std::error_code error;
    const fs::path file = fs::weakly_canonical(name, error);
    Place place{error ? fs::path(name) : file};
    const fs::file_status status = fs::status(place.file, error);
    place.replaceable = !fs::exists(status) || fs::is_regular_file(status);
    return place;
}

fs::path unfinished(const Place& place) {
    return place.replaceable ? fs::path(place.file.string() + ".unfinished") : place.file;
}

plan::Problem cannot(const std::string& name) {
    return plan::Fault{fmt::format("{}: cannot be written: {}", name, std::strerror(errno))};
}

}  // namespace

plan::Problem check_file(const std::string& name) {
    const Place place = place_of(name);
    errno = 0;
    const std::ofstream file(unfinished(place), std::ios::binary | std::ios::app);
    const plan::Problem problem = file ? plan::Problem() : cannot(name);
    std::error_code ignored;
    if (place.replaceable) fs::remove(unfinished(place), ignored);
    return problem;
}

plan::Problem write_whole(const std::string& name, const std::string& text) {
    const Place place = place_of(name);
    errno = 0;
    std::ofstream file(unfinished(place), std::ios::binary | std::ios::trunc);
    if (file) file << text;
    file.close();
    if (!file) {
        plan::Problem problem = cannot(name);
        std::error_code ignored;
        if (place.replaceable) fs::remove(unfinished(place), ignored);
        return problem;
    }
    if (!place.replaceable) return {};
    std::error_code error;
    fs::rename(unfinished(place), place.file, error);
    if (error) return plan::Fault{fmt::format("{}: cannot be written: {}", name, error.message())};
    return {};
}

}  // namespace loadgen::cli
