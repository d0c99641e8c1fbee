// Looking after a client that waits: an application on an event loop is told when it has gone.
#include "server/net/connection.hpp"

namespace baton::net {

namespace {

// Requests that are answered sooner are not worth a look.
constexpr dispatch::Nanoseconds kSoon = 100'000'000;

}  // namespace

void Connection::look_after_client(Nanoseconds now) {
    if (now - exchange_->timeline.queued < kSoon || awaits_readable_) return;
    look_at_client();
}

// Nothing is read: what follows may be the client's next request.
void Connection::look_at_client() {
    if (!watched_ || gone_ || session_ || exchange_->left()) return;
    switch (stream_.presence()) {
        case Stream::Presence::here:
            if (!pumping_) await_readable();
            break;
        case Stream::Presence::busy:  // readable already, so nothing would tell: looked at again at each tick
            break;
        case Stream::Presence::left:
            // As long as the pump is at work there is body to come first, or the pump notices by itself.
            if (!pumping_) exchange_->client_left();
            break;
        case Stream::Presence::gone:
            client_gone();
            signal_.fire();
            break;
    }
}

// One wait for as long as nothing comes; it may outlast the request, and then serves the next.
void Connection::await_readable() {
    awaits_readable_ = true;
    stream_.on_readable([self = shared_from_this()](error_code error) {
        self->awaits_readable_ = false;
        if (!error) self->look_at_client();
    });
}

}  // namespace baton::net
