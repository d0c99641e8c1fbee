// Where a connection puts a request: the seam behind which either interpreter threads or an event loop wait.
//
// Threads: push() and flush() on I/O threads; length() on any. Lifetime: outlives the I/O threads.
// Cannot: refuse a request that it has taken; the connection may still expire() it.
#pragma once

#include <cstddef>

#include "server/dispatch/clock.hpp"

namespace boost {
template <class T>
class intrusive_ptr;
}

namespace baton::dispatch {

class Exchange;

class Dispatcher {
  public:
    virtual ~Dispatcher() = default;

    // Takes the request without waking anyone; false when there is no room: the caller answers 503.
    virtual bool push(boost::intrusive_ptr<Exchange> exchange) = 0;
    // Wakes whoever is needed for what was pushed. True: call it again in about a millisecond.
    virtual bool flush(Nanoseconds at) = 0;
    // Requests that nobody has taken yet.
    virtual std::size_t length() const = 0;
};

}  // namespace baton::dispatch
