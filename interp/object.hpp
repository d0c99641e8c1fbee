// References to Python objects: Owned counts, Borrowed does not, and every crossing is spelled out.
//
// Threads: attached ones only; debug builds abort with a message when a count changes on a detached thread.
// Lifetime: an Owned keeps its object alive; a Borrowed is valid as long as somebody else does.
// Cannot: be copied without saying so (borrow() takes one reference more).
#pragma once

#include <string_view>
#include <utility>

#include "interp/python.hpp"

namespace baton::interp {

// Aborts with a message: a broken invariant of ours, such as Python touched by a detached thread.
[[noreturn]] void broken(std::string_view what);

inline void check_attached() {
#ifndef NDEBUG
    if (!python::attached()) broken("a Python object was touched by a thread without the GIL");
#endif
}

class Borrowed {
  public:
    constexpr Borrowed() = default;
    constexpr Borrowed(PyObject* object) : object_(object) {}
    constexpr PyObject* get() const { return object_; }
    constexpr explicit operator bool() const { return object_ != nullptr; }

  private:
    PyObject* object_ = nullptr;
};

class Owned {
  public:
    Owned() = default;
    Owned(Owned&& other) noexcept : object_(other.release()) {}
    Owned& operator=(Owned&& other) noexcept {
        // The old object goes last: its destructor may run Python code that looks at this very reference.
        Owned old = Owned::steal(std::exchange(object_, other.release()));
        return *this;
    }
    ~Owned() {
        if (object_ == nullptr) return;
        check_attached();
        Py_DECREF(object_);
    }

    // The reference becomes ours: for what CPython calls a new reference.
    static Owned steal(PyObject* object) {
        Owned owned;
        owned.object_ = object;
        return owned;
    }
    // One more reference: for what CPython calls a borrowed reference.
    static Owned borrow(Borrowed object) {
        if (object) check_attached();
        return steal(Py_XNewRef(object.get()));
    }

    PyObject* get() const { return object_; }
    // The caller takes the reference over.
    [[nodiscard]] PyObject* release() { return std::exchange(object_, nullptr); }
    void reset() { *this = Owned(); }
    explicit operator bool() const { return object_ != nullptr; }
    operator Borrowed() const { return {object_}; }

  private:
    PyObject* object_ = nullptr;
};

inline Owned steal(PyObject* object) {
    return Owned::steal(object);
}
inline Owned borrow(Borrowed object) {
    return Owned::borrow(object);
}

}  // namespace baton::interp
