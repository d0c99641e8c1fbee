// The Python stack of another thread, as text.
//
// Threads: attached; the other thread is detached and stands still. Lifetime: nothing is kept.
// Cannot: run Python code, so it never lets go of the GIL.
#pragma once

#include <string>

#include "interp/python_types.hpp"

namespace baton::interp {

// Lines of "file:line (function)", the innermost first; "..." at the end when there are more.
std::string stack_of(PyThreadState* thread, int depth);

}  // namespace baton::interp
