#include "loadgen/live/terminal.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace loadgen::live {

namespace {

std::string_view variable(const char* name) noexcept {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
    return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool is_terminal(int fd) noexcept {
    const std::string_view kind = variable("TERM");
    return isatty(fd) == 1 && !kind.empty() && kind != "dumb";
}

bool wants_colours(int fd) noexcept {
    return is_terminal(fd) && variable("NO_COLOR").empty();
}

bool speaks_utf8() noexcept {
    // The first that is set counts, as in setlocale(3).
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const std::string_view locale = variable(name);
        if (locale.empty()) continue;
        return locale.find("UTF-8") != std::string_view::npos ||
               locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

Look look_of(int fd) noexcept {
    Look look;
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        // Beyond this a frame is no easier to read, and a size of 65535 is a mistake.
        look.columns = std::min<std::size_t>(size.ws_col, 200);
        look.rows = std::min<std::size_t>(size.ws_row, 200);
    }
    look.colours = wants_colours(fd);
    look.utf8 = speaks_utf8();
    return look;
}

bool write_all(int fd, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // A terminal that somebody has made non-blocking: waits for room, but not for ever.
            pollfd room{fd, POLLOUT, 0};
            if (poll(&room, 1, 1000) <= 0) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

Screen::~Screen() {
    clear();
}

bool Screen::show(const Frame& frame, std::size_t columns) {
    std::string text;
    if (!hidden_) text += "\x1b[?25l";
    if (lines_ > 0 && columns != columns_) {
        // The lines of the frame before may have been broken anew: nobody knows where it begins now.
        text += "\x1b[2J\x1b[H";
    } else if (lines_ > 0) {
        text += fmt::format("\r\x1b[{}A", lines_);
    }
    for (const std::string& line : frame) text += line + "\x1b[K\n";
    text += "\x1b[J";
    hidden_ = true;
    lines_ = frame.size();
    columns_ = columns;
    return write_all(fd_, text);
}

void Screen::clear() noexcept {
    if (!hidden_) return;
    hidden_ = false;
    // Without an allocation, as this may be the way out of one that failed.
    write_all(fd_, "\r");
    for (; lines_ > 0; --lines_) write_all(fd_, "\x1b[A");
    write_all(fd_, "\x1b[J\x1b[?25h");
}

}  // namespace loadgen::live
