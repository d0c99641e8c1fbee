// What receive() and send() return: awaitables that are over at once when they can be, and otherwise wait on
// a future of the loop's. Each may also be made a task of (create_task(receive())): it is a coroutine in all
// but name.
//
// Threads: the loop's; attached. Lifetime: counted by Python. Cannot: be awaited twice with a different
// result: a second await of a finished one gives the same value.
#pragma once

#include "interp/asgi/request.hpp"

namespace baton::interp::asgi {

Owned make_ready_type(Module& module);
Owned make_operation_type(Module& module);

// False with an exception on a thread that is no event loop's.
bool on_the_loop(const char* what);
// An awaitable of this value.
Owned ready(Loop& loop, Owned value);
// One that tries request.receive() until there is an event.
Owned receiving(Loop& loop, Borrowed request);
// One that goes on with what send() could not hand over.
Owned sending(Loop& loop, Borrowed request, Unsent unsent);

// The two callables of an application's (scope, receive, send); `request` as a Python object.
Owned make_receive(Borrowed request);
Owned make_send(Borrowed request);

}  // namespace baton::interp::asgi
