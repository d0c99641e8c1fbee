// Between CPython and C++ that may run out of memory: a MemoryError for the application, and not the end of
// the server.
//
// Threads: attached, and attached again when a Detach inside is unwound. Lifetime: one call.
// Cannot: catch anything else; nothing else is thrown.
#pragma once

#include <new>

#include "interp/python.hpp"

namespace baton::interp {

// What `work` returns, or `failed` with a MemoryError set.
template <typename Result, typename Work>
Result guarded(Result failed, const Work& work) noexcept {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return failed;
    }
}

}  // namespace baton::interp
