// The end of a request: waiting for the application to let go of it, its books and its line in the log.
#include "server/metrics/phases.hpp"
#include "server/net/connection.hpp"

namespace baton::net {

using dispatch::Exchange;

// The application may still be running although the client has its answer, or has gone. What it still writes
// is dropped.
Task<void> Connection::await_done() {
    std::string dropped;
    // Accepted at the very moment when the request was given up: no session will tell the application.
    if (exchange_->web_socket)
        exchange_->web_socket->end({.code = dispatch::WebSocketClose::kLost, .reason = {}});
    while (!expired_ && (exchange_->events() & Exchange::kDone) == 0) {
        dropped.clear();
        exchange_->pipe().try_take(dropped);
        if (!dropped.empty()) exchange_->tell_application();
        co_await signal_.wait();
    }
}

void Connection::record() {
    const metrics::Phases spent = metrics::phases(exchange_->timeline, exchange_->books());
    const routing::RouteId route = home_.recorder().request(*exchange_, spent, status_);
    if (home_.around().access_log.enabled()) log_access(home_.around().routes.label(route), &spent);
}

void Connection::log_access(std::string_view route, const metrics::Phases* spent) {
    const http::Request& request = exchange_->request;
    log::AccessEntry entry;
    entry.remote = peer_->remote_address;
    entry.method = request.method();
    entry.target = request.target();
    entry.id = exchange_->id;
    entry.route = route;
    entry.referer = request.find("Referer").value_or("");
    entry.user_agent = request.find("User-Agent").value_or("");
    entry.version = request.method().empty() ? 0 : request.version();
    entry.status = status_;
    entry.bytes = body_sent_;
    entry.duration = exchange_->timeline.sent - exchange_->timeline.head;
    using metrics::Phase;
    if (spent != nullptr) {
        entry.duration = spent->duration;
        entry.phases = log::AccessPhases{.queue = (*spent)[Phase::queue],
                                         .gil_wait = (*spent)[Phase::gil_wait],
                                         .gil_hold = (*spent)[Phase::gil_hold],
                                         .lock_wait = (*spent)[Phase::lock_wait],
                                         .ready = (*spent)[Phase::ready],
                                         .off_gil = (*spent)[Phase::off_gil],
                                         .send = (*spent)[Phase::send]};
    }
    home_.around().access_log.write(entry);
}

}  // namespace baton::net
