// A response whose body is a file that the application has only named.
//
// The I/O thread opens it: on a cold disk that takes a moment, which all its connections wait, just as
// sendfile() may when the pages are not in memory.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "server/http/range.hpp"
#include "server/log/escape.hpp"
#include "server/net/connection.hpp"

namespace baton::net {

namespace {

// Never waits, not even for the other end of a FIFO.
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

struct Opened {
    int fd = -1;
    std::uint64_t size = 0;
    std::string error;
};

Opened open_regular(const std::string& path) {
    Opened opened;
    if (path.find('\0') != std::string::npos) {
        opened.error = "the path has a NUL in it";
        return opened;
    }
    struct stat status{};
    opened.fd = ::open(path.c_str(), kOpenFlags);
    if (opened.fd < 0 || ::fstat(opened.fd, &status) != 0) {
        opened.error = std::system_category().message(errno);
    } else if (!S_ISREG(status.st_mode)) {
        opened.error = "it is not a regular file";
    }
    if (!opened.error.empty() && opened.fd >= 0) ::close(std::exchange(opened.fd, -1));
    opened.size = static_cast<std::uint64_t>(status.st_size);
    return opened;
}

}  // namespace

bool Connection::open_path() {
    if (exchange_->head.bodiless()) return true;
    const Opened opened = open_regular(exchange_->path);
    if (opened.fd < 0) {
        home_.around().logger.error("request {}: the application wanted to send the file \"{}\": {}",
                                    exchange_->id, log::escaped(exchange_->path), opened.error);
        return false;
    }
    exchange_->file.emplace(opened.fd, 0, opened.size);
    const http::Part part = http::answer_range(exchange_->request, exchange_->head, opened.size);
    exchange_->file->offset = part.offset;
    exchange_->file->length = part.length;
    return true;
}

}  // namespace baton::net
