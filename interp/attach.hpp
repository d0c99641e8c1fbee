// The only places that take and release the GIL: two guards, and the thread state of an interpreter thread.
//
// Threads: each object on the thread that made it.
// Lifetime: scopes, strictly nested; a ThreadState before and after all guards of its thread.
// Cannot: be used once finalisation has begun: CPython ends or hangs threads that ask for the GIL then.
#pragma once

#include <new>

#include "interp/object.hpp"

namespace baton::interp {

// A thread that has an attachable state but not the GIL takes it for a scope.
class Attach {
  public:
    explicit Attach(PyThreadState* state) {
        if (python::is_current(state)) broken("an attached thread attaches again");
        PyEval_RestoreThread(state);
    }
    Attach(const Attach&) = delete;
    Attach& operator=(const Attach&) = delete;
    ~Attach() { PyEval_SaveThread(); }
};

// A thread that holds the GIL lets go of it for a scope: around everything that may wait.
class Detach {
  public:
    Detach() : state_(PyEval_SaveThread()) {}
    Detach(const Detach&) = delete;
    Detach& operator=(const Detach&) = delete;
    ~Detach() { PyEval_RestoreThread(state_); }

  private:
    PyThreadState* state_;
};

// The calling thread's state in an interpreter. Made detached, and ended detached.
class ThreadState {
  public:
    explicit ThreadState(PyInterpreterState* interpreter) : state_(PyThreadState_New(interpreter)) {
        if (state_ == nullptr) throw std::bad_alloc();
    }
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;
    ~ThreadState() {
        // Clearing runs destructors of thread-local objects, so it needs the GIL; deleting gives it back.
        PyEval_RestoreThread(state_);
        PyThreadState_Clear(state_);
        PyThreadState_DeleteCurrent();
    }
    PyThreadState* get() const { return state_; }

  private:
    PyThreadState* state_;
};

}  // namespace baton::interp
