// The few functions of CPython that the library calls, found by name at run time: it is loaded into programs
// with any Python, and with none.
//
// Threads: any. Lifetime: the functions stay; a library that was loaded with dlopen() may come late, so
// find() is asked again until it succeeds. Cannot: find a Python whose symbols the program does not export.
#pragma once

namespace baton::gil::preload {

struct Python {
    int (*is_initialized)() = nullptr;
    const char* (*version)() = nullptr;
    int (*add_pending_call)(int (*)(void*), void*) = nullptr;
    void* (*save_thread)() = nullptr;
    void (*restore_thread)(void*) = nullptr;
    int (*ensure)() = nullptr;       // PyGILState_Ensure
    void (*release)(int) = nullptr;  // PyGILState_Release

    // False while one of them is not there.
    bool find() noexcept;
};

// Does a call of `function`, by its name, reach this library first? Otherwise the program, or a library ahead
// of this one, keeps the calls from it.
bool calls_reach_us(const char* function) noexcept;

}  // namespace baton::gil::preload
