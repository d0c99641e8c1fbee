#include "server/probe/probe.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "server/admin/listener.hpp"
#include "server/metrics/exposition.hpp"
#include "server/probe/child.hpp"
#include "server/probe/families.hpp"
#include "server/probe/report.hpp"

namespace baton::probe {

namespace {

namespace fs = std::filesystem;

class TemporaryDirectory {
  public:
    TemporaryDirectory() : path_((fs::temp_directory_path() / "baton-probe-XXXXXX").string()) {
        if (mkdtemp(path_.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), "a directory for the books, " + path_);
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// Beside the executable, as it is built; or where it is installed to.
std::string library() {
    const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
    for (const char* place : {"libbaton-gil.so", "../lib/baton/libbaton-gil.so"}) {
        const std::string path = (here / place).lexically_normal().string();
        if (!fs::exists(path)) continue;
        if (path.find_first_of(" :") != std::string::npos)
            throw std::invalid_argument(path + ": LD_PRELOAD takes no path with a space or a colon");
        return path;
    }
    throw std::invalid_argument("libbaton-gil.so is not beside " + here.string() + "/baton");
}

std::vector<std::string> additions(const std::string& directory, cli::ProbePolicy policy) {
    const char* others = std::getenv("LD_PRELOAD");
    const std::string preload =
        library() + (others != nullptr && *others != '\0' ? ":" + std::string(others) : "");
    return {
        "LD_PRELOAD=" + preload, fmt::format("{}={}", kDirectoryVariable, directory),
        fmt::format("{}={}", kPolicyVariable, policy == cli::ProbePolicy::latency ? "latency" : "cpython")};
}

class Watch {
  public:
    Watch(const cli::Probe& options, std::string directory)
        : command_(options.command), directory_(std::move(directory)), begun_(monotonic_now()) {}
    Run so_far(std::optional<int> status) const { return {command_, monotonic_now() - begun_, status}; }
    Books books() const { return read_books(directory_); }

  private:
    const std::vector<std::string>& command_;
    const std::string directory_;
    const std::int64_t begun_;
};

admin::Page page(std::string_view target, const Watch& watch) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/") return admin::plain(200, report_text(watch.so_far({}), watch.books()));
    if (path == "/metrics") {
        return {200, metrics::kExpositionType,
                metrics::exposition(families(watch.books().books, monotonic_now()))};
    }
    return admin::plain(404, "There is no such page. There are / and /metrics\n");
}

// The address, while the command runs. Made before the command: no address, no command.
class Server {
  public:
    Server(const config::TcpAddress& address, const Watch& watch)
        : listener_(io_, address,
                    {[&watch](const admin::Asked& asked) { return page(asked.target, watch); }}) {
        boost::asio::co_spawn(io_, listener_.serve(), boost::asio::detached);
        thread_ = std::thread([this] {
            sigset_t all;  // signals are main's
            sigfillset(&all);
            pthread_sigmask(SIG_BLOCK, &all, nullptr);
            io_.run();
        });
    }
    ~Server() {
        io_.stop();
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    std::string url() const { return listener_.url(); }

  private:
    boost::asio::io_context io_{1};
    admin::Listener listener_;
    std::thread thread_;
};

std::unique_ptr<Server> listen(const std::optional<config::TcpAddress>& address, const Watch& watch) {
    if (!address) return nullptr;
    try {
        auto server = std::make_unique<Server>(*address, watch);
        std::cerr << "baton: books on " + server->url() + "\n";
        return server;
    } catch (const std::system_error& error) {
        throw AddressError(fmt::format("cannot listen on {} (--listen): {}", config::to_string(*address),
                                       error.code().message()));
    }
}

void write(const std::string& file, const Run& run, const Books& books) {
    if (file.empty()) {
        std::cerr << "\n" + report_text(run, books) << std::flush;
        return;
    }
    std::ofstream out(file, std::ios::trunc);
    out << (file.ends_with(".json") ? report_json(run, books) : report_text(run, books)) << std::flush;
    if (!out) std::cerr << "baton: cannot write the report to " + file + "\n";
}

int not_started(const std::system_error& error) {
    const bool missing = error.code() == std::errc::no_such_file_or_directory;
    std::cerr << fmt::format("baton: cannot start {}\n", error.what());
    return missing ? 127 : 126;
}

}  // namespace

int run(const cli::Probe& options) {
    const TemporaryDirectory directory;
    const std::vector<std::string> variables = additions(directory.path(), options.policy);
    const Signals signals;
    const Watch watch(options, directory.path());
    const std::unique_ptr<Server> server = listen(options.listen, watch);
    std::unique_ptr<Child> child;
    try {
        child = std::make_unique<Child>(options.command, variables, signals);
    } catch (const std::system_error& error) {
        return not_started(error);
    }
    const int status = child->wait();
    write(options.report, watch.so_far(status), watch.books());
    return status;
}

}  // namespace baton::probe
