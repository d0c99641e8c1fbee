// Processes that an application forks out of a request: they must not come back as a second server.
//
// Threads: watch_forks() on main, before there are others; the rest attached, on interpreter threads.
// Lifetime: the process. Cannot: know what a forked child is there for; until it comes back it is the
// application's own affair.
#pragma once

namespace baton::interp {

// From now on children of fork() know that they are.
void watch_forks();

// After every return of the application's code: ends a forked child that has come back, as its exception says
// (sys.exit() with that status, any other with its traceback and status 1). In the server does nothing.
void end_forked_child();

}  // namespace baton::interp
