#include "server/config/checks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "server/config/address.hpp"
#include "server/config/applications.hpp"
#include "server/config/values.hpp"

namespace baton::config {

namespace {

namespace fs = std::filesystem;

std::string absolute(const std::string& path) {
    return path.empty() ? path : fs::absolute(path).lexically_normal().string();
}

void make_absolute(Config& config) {
    for (std::string* path : {&config.python.chdir, &config.python.venv, &config.tls.certificate,
                              &config.tls.key, &config.tls.client_ca}) {
        *path = absolute(*path);
    }
    for (std::string& path : config.python.path) path = absolute(path);
    for (BindAddress& address : config.bind) {
        if (auto* local = std::get_if<UnixAddress>(&address)) local->path = absolute(local->path);
    }
}

Problem check_binds(const Config& config, const Origins& origins) {
    for (std::size_t i = 0; i < config.bind.size(); ++i) {
        const BindAddress& address = config.bind[i];
        const auto* local = std::get_if<UnixAddress>(&address);
        if (local && local->path.size() >= sizeof(sockaddr_un::sun_path)) {
            return origins.problem("bind",
                                   fmt::format("{} is longer than the {} bytes that a socket's path may have",
                                               in_quotes(local->path), sizeof(sockaddr_un::sun_path) - 1));
        }
        for (std::size_t k = 0; k < i; ++k) {
            if (!collide(config.bind[k], address)) continue;
            const std::string both[] = {to_string(config.bind[k]), to_string(address)};
            if (both[0] == both[1]) return origins.problem("bind", both[0] + " is given twice");
            return origins.problem("bind",
                                   fmt::format("{} and {} are in each other's way", both[0], both[1]));
        }
    }
    return {};
}

Problem check_admin(const Config& config, const Origins& origins) {
    for (const BindAddress& address : config.bind) {
        if (config.admin && collide(*config.admin, address)) {
            return origins.problem("admin", fmt::format("{} is in the way of --bind {}",
                                                        to_string(*config.admin), to_string(address)));
        }
    }
    return {};
}

Problem check_file(const std::string& path, std::string_view option, const Origins& origins) {
    if (path.empty()) return {};
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const int error = errno;
    if (fd >= 0) close(fd);
    std::error_code ignored;
    if (fd >= 0 && !fs::is_directory(path, ignored)) return {};
    return origins.problem(
        option, fmt::format("cannot read {}: {}", in_quotes(path), std::strerror(fd >= 0 ? EISDIR : error)));
}

Problem check_tls(const Config& config, const Origins& origins) {
    const Tls& tls = config.tls;
    if (tls.certificate.empty()) {
        for (const std::string_view option : {"tls-key", "tls-ca", "tls-min-version"}) {
            if (origins.has(option)) return origins.problem(option, "means nothing without --tls-cert");
        }
        return {};
    }
    if (tls.key.empty()) return origins.problem("tls-cert", "needs --tls-key, too");
    if (Problem problem = check_file(tls.certificate, "tls-cert", origins)) return problem;
    if (Problem problem = check_file(tls.key, "tls-key", origins)) return problem;
    return check_file(tls.client_ca, "tls-ca", origins);
}

Problem check_directories(const Config& config, const Origins& origins) {
    std::error_code ignored;
    const Python& python = config.python;
    if (!python.chdir.empty() && !fs::is_directory(python.chdir, ignored)) {
        return origins.problem("chdir", fmt::format("there is no directory {}", in_quotes(python.chdir)));
    }
    for (const std::string& path : python.path) {
        if (!fs::exists(path, ignored)) {
            return origins.problem("python-path", fmt::format("there is no {}", in_quotes(path)));
        }
    }
    // pyvenv.cfg is what makes a directory a virtual environment (PEP 405).
    if (!python.venv.empty() && !fs::is_regular_file(fs::path(python.venv) / "pyvenv.cfg", ignored)) {
        return origins.problem("venv", fmt::format("there is no virtual environment in {} (no pyvenv.cfg)",
                                                   in_quotes(python.venv)));
    }
    return {};
}

Problem check_routes(const Config& config, const Origins& origins) {
    for (auto at = config.routes.begin(); at != config.routes.end(); ++at) {
        if (std::find(config.routes.begin(), at, *at) != at) {
            return origins.problem("route", in_quotes(*at) + " is given twice");
        }
    }
    return {};
}

Problem check_application(Python& python) {
    const std::string shown = in_quotes(python.application);
    if (take_call(python.application) && !python.factory)
        return fmt::format("{}: calling it needs --factory", shown);
    return check_application_name(python.application);
}

}  // namespace

std::string Origins::of(std::string_view option) const {
    const auto found = given_.find(option);
    return found == given_.end() ? fmt::format("--{}", option) : found->second;
}

Problem check(Config& config, const Origins& origins) {
    make_absolute(config);
    if (Problem problem = check_application(config.python)) return problem;
    if (Problem problem = check_binds(config, origins)) return problem;
    if (Problem problem = check_admin(config, origins)) return problem;
    if (Problem problem = check_tls(config, origins)) return problem;
    if (Problem problem = check_directories(config, origins)) return problem;
    return check_routes(config, origins);
}

}  // namespace baton::config
