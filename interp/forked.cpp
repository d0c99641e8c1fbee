#include "interp/forked.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>

#include "interp/errors.hpp"

namespace baton::interp {

namespace {

std::atomic<bool> is_child{false};

int status_of(Borrowed exit) {
    const Owned code = attribute(exit, "code");
    if (!code || code.get() == Py_None) return 0;
    if (!PyLong_Check(code.get())) {
        std::fprintf(stderr, "%s\n", text_of(code).c_str());
        return 1;
    }
    const auto status = static_cast<int>(PyLong_AsLong(code.get()));
    PyErr_Clear();
    return status;
}

// Not through the log: its thread is not in this process.
[[noreturn]] void end() {
    const Owned exception = steal(python::take_raised());
    int status = 1;
    if (exception && PyErr_GivenExceptionMatches(exception.get(), PyExc_SystemExit) != 0) {
        status = status_of(exception);
    } else if (exception) {
        std::fprintf(stderr, "baton: in a process that the application has forked:\n%s\n",
                     format_exception(exception).c_str());
    } else {
        std::fputs(
            "baton: a process that the application has forked returned to the server, and is ended; it "
            "should "
            "call os._exit()\n",
            stderr);
    }
    std::fflush(stderr);
    ::_exit(status);
}

}  // namespace

void watch_forks() {
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { is_child = true; }); });
}

void end_forked_child() {
    if (is_child.load(std::memory_order_relaxed)) [[unlikely]]
        end();
}

}  // namespace baton::interp
