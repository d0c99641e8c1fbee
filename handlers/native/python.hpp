// The Python that the extension is compiled for: handlers/native is a program part of its own, which knows
// nothing of the server, so it includes Python.h itself, here and nowhere else.
//
// Threads, lifetime: as CPython says. Cannot: be included from server/ or interp/.
#pragma once

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>

namespace handlers::native {

// Lets other threads run Python for as long as it lives, if asked to. Whoever makes one holds the GIL,
// touches no Python object while it lives, and has the GIL again afterwards.
class Released {
  public:
    explicit Released(bool release) : state_(release ? PyEval_SaveThread() : nullptr) {}
    ~Released() {
        if (state_ != nullptr) {
            PyEval_RestoreThread(state_);
        }
    }
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;

  private:
    PyThreadState* state_;
};

}  // namespace handlers::native
