// The seam between interpreter threads and a protocol: WSGI is one Application, others can come beside it.
//
// Threads: serve() on several interpreter threads, each attached; destroyed by main on its own thread,
// detached. Lifetime: outlives the WorkerPool; ends before the Runtime. Cannot: fail to the caller. Whatever
// the application does, the response is complete, or cut, when serve() and the done() that follows it are
// over.
#pragma once

#include "server/dispatch/exchange.hpp"

namespace baton::interp {

class Application {
  public:
    virtual ~Application() = default;
    // Calls the application and leaves its response complete or cut; the caller says done(), which sends what
    // serve() did not.
    virtual void serve(dispatch::Exchange& exchange) noexcept = 0;
};

}  // namespace baton::interp
