// The ledger's totals of a thread as the books of one request.
//
// Threads: the interpreter thread that has the request. Lifetime: nothing is kept but what is in the
// Exchange. Cannot: tell requests apart that share a thread at the same time; a thread has one at a time.
#pragma once

#include "interp/gil/ledger.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp {

// The calling thread's books at one moment.
struct Moment {
    dispatch::Nanoseconds at = 0;
    gil::Totals totals;

    static Moment now() { return {dispatch::now(), gil::this_thread()}; }
};

inline dispatch::Books as_books(const gil::Totals& totals) {
    return {.gil_wait = totals.waited,
            .gil_hold = totals.held,
            .lock_wait = totals.lock_waited,
            .acquisitions = totals.takes};
}

// For a response head that goes out while the request still runs: how things stand now.
inline void note_books(dispatch::Exchange& exchange) {
    if (!exchange.server_timing) return;
    const Moment now = Moment::now();
    exchange.note_books(as_books(now.totals) - exchange.opening_books, now.at);
}

}  // namespace baton::interp
