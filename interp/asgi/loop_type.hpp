// The class of the event loop: asyncio's or uvloop's, with a few methods of ours in front, so that every
// callback is queued as a Handle that knows its request.
//
// Threads: attached; the methods on any thread that may call them. Lifetime: the class lives as long as its
// loop. Cannot: see the callbacks that uvloop's own transports make inside; they are the loop's.
#pragma once

#include "interp/asgi/loop.hpp"

namespace baton::interp::asgi {

// A new loop of a class made of `base` (asyncio.SelectorEventLoop or uvloop.Loop). Throws PythonError.
// `fast`: its callbacks may be put into its own queue, as asyncio's pure Python loop allows.
Owned make_loop_object(Borrowed base, bool fast);

}  // namespace baton::interp::asgi
