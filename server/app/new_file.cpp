#include "server/app/new_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace baton::app {

namespace {

// For the handler, which cannot be given arguments.
constinit std::atomic<const char*> to_remove{nullptr};

// After it the signal does what it does without a handler.
void clean_up(int signal) {
    const char* const path = to_remove.load();
    if (path != nullptr) ::unlink(path);
    std::signal(signal, SIG_DFL);
    ::raise(signal);
}

void clean_up_on_signals() {
    for (const int signal : std::array{SIGINT, SIGTERM, SIGHUP}) {
        if (std::signal(signal, clean_up) == SIG_IGN) std::signal(signal, SIG_IGN);
    }
}

}  // namespace

// After a fault; finish() looks at what closing says.
void NewFile::Close::operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
}

NewFile::NewFile(std::string path) : path_(std::move(path)), target_(path_) {}

NewFile::~NewFile() {
    remove_unfinished();
}

void NewFile::remove_unfinished() noexcept {
    if (to_remove.exchange(nullptr) != nullptr) ::unlink(unfinished_.c_str());
}

std::string NewFile::fault(int error) const {
    return fmt::format("{}: {}", path_ == "-" ? "standard output" : path_, std::strerror(error));
}

std::string NewFile::open() {
    if (path_ == "-") {
        file_.reset(stdout);
        return {};
    }
    struct stat now{};
    const bool exists = ::stat(path_.c_str(), &now) == 0;
    if (!exists && errno != ENOENT) return fault(errno);
    std::error_code none;
    const bool leads_nowhere = !exists && std::filesystem::is_symlink(path_, none);  // yet
    if ((!exists && !leads_nowhere) || (exists && S_ISREG(now.st_mode))) return open_beside(exists);
    file_.reset(std::fopen(path_.c_str(), "wbe"));
    return file_ ? std::string() : fault(errno);
}

std::string NewFile::open_beside(bool replaces) {
    if (replaces && ::access(path_.c_str(), W_OK) != 0) return fault(errno);
    std::error_code ignored;  // then its own name has to do
    if (const auto real = std::filesystem::canonical(path_, ignored); !ignored) target_ = real.string();
    const auto folder = std::filesystem::path(target_).parent_path();
    // No other's, nor one that a process of the same number left when it was killed.
    const auto moment = std::chrono::system_clock::now().time_since_epoch().count();
    unfinished_ = (folder / fmt::format(".baton-{}-{}.unfinished", ::getpid(), moment)).string();
    // Before it is there, so that a signal in between leaves nothing.
    to_remove = unfinished_.c_str();
    clean_up_on_signals();
    const int fd = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && replaces)
        return fmt::format("{}: there cannot be a new file beside it: {}", path_, std::strerror(errno));
    if (fd < 0) return fault(errno);
    file_.reset(::fdopen(fd, "wb"));
    if (file_) return {};
    const int error = errno;
    ::close(fd);
    return fault(error);
}

std::string NewFile::write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return fault(errno);
    size_ += bytes.size();
    return {};
}

std::string NewFile::finish() {
    std::FILE* const file = file_.release();
    if ((file == stdout ? std::fflush(file) : std::fclose(file)) != 0) return fault(errno);
    if (unfinished_.empty()) return {};
    const bool renamed = std::rename(unfinished_.c_str(), target_.c_str()) == 0;
    const int error = errno;
    to_remove = nullptr;
    if (renamed) return {};
    // A mount point, or another's file in a folder like /tmp. What took so long to come is kept.
    return fmt::format("{}; it is in {}", fault(error), unfinished_);
}

}  // namespace baton::app
