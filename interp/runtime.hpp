// CPython in this process: started in the constructor, finalised in the destructor.
//
// Threads: main alone makes, uses and destroys it. After the constructor main is detached; every method
// attaches by itself. Lifetime: one at a time; outlives applications and the WorkerPool. While an interpreter
// thread is stuck in Python there is no clean end: then call abandon() and leave the process with _exit().
// Cannot: handle signals (they are the server's), and start a Python other than the one it was built for.
#pragma once

#include <spdlog/logger.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "interp/python_types.hpp"

namespace baton::interp {

struct InterpOptions {
    std::string venv;                       // root of a virtual environment; empty: none
    std::string chdir;                      // empty: stay
    std::vector<std::string> path;          // in front of sys.path, after the working directory
    std::optional<double> switch_interval;  // seconds; nothing: CPython's
};

// Python could not be started as asked; the text says why and is meant for the user.
struct StartError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Runtime {
  public:
    // Throws StartError.
    Runtime(const InterpOptions& options, spdlog::logger& log);
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;
    ~Runtime();

    // "3.11.2"
    const std::string& version() const { return version_; }
    // Why the GIL ledger is off; empty when its books are exact.
    const std::string& ledger_fault() const { return ledger_fault_; }
    // False on a free-threaded CPython that runs without.
    bool gil_enabled() const { return gil_enabled_; }
    // The caller is attached, and has imported what may have asked for the GIL.
    void imported();
    // The destructor will do nothing.
    void abandon() { abandoned_ = true; }

    PyInterpreterState* interpreter() const { return interpreter_; }
    // Main's own thread state, for Attach.
    PyThreadState* main_thread() const { return main_thread_; }

  private:
    void start(const InterpOptions& options);
    void settle(const InterpOptions& options, spdlog::logger& log);
    void open_books(spdlog::logger& log);

    PyInterpreterState* interpreter_ = nullptr;
    PyThreadState* main_thread_ = nullptr;
    std::string version_;
    std::string ledger_fault_;
    bool gil_enabled_ = true;
    bool abandoned_ = false;
};

}  // namespace baton::interp
