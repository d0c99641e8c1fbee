// Callbacks in an event loop's hands: each knows its request, so that the time it takes is charged there.
//
// A Handle is called by the loop that has queued it: asyncio's calls _run(), which enters the context; other
// loops call it like a function, in the context that they have entered.
//
// Threads: made on any attached thread, run on the loop's. Lifetime: counted by Python; lets go of callback
// and context when it has run. Cannot: tell the request of a context that has none.
#pragma once

#include "interp/asgi/loop.hpp"

namespace baton::interp::asgi {

Owned make_handle_type(Module& module);

bool is_handle(const Loop& loop, PyObject* object);

struct Callback {
    PyObject* function = nullptr;
    PyObject* const* arguments = nullptr;
    Py_ssize_t count = 0;
};
enum class Runs { once, often };
// `context` null: a copy of the current one is made when `keep_context`, else none is kept.
// `due`: when a timer is to run (now()), or 0: as soon as possible, for `once`.
Owned make_handle(Loop& loop, const Callback& callback, PyObject* context, bool keep_context, Runs runs,
                  dispatch::Nanoseconds due);

}  // namespace baton::interp::asgi
