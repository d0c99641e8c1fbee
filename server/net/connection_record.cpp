// The end of a request: waiting for the application to let go of it, its books and its line in the log.
#include <algorithm>

#include "server/metrics/phases.hpp"
#include "server/net/connection.hpp"

namespace baton::net {

using dispatch::Exchange;

// The application may still be running although the client has its answer, or has gone. What it still writes
// is dropped.
Task<void> Connection::await_done() {
    std::string dropped;
    while (!expired_ && (exchange_->events() & Exchange::kDone) == 0) {
        dropped.clear();
        exchange_->pipe().try_take(dropped);
        if (!dropped.empty()) exchange_->tell_application();
        co_await signal_.wait();
    }
}

// On an event loop there are applications that work on behind a complete response: the client need not wait
// for that with its next request. The connection waits before its own end.
void Connection::leave_to_finish() {
    exchange_->observer = nullptr;
    unfinished_.push_back(std::make_unique<Unfinished>(*this, Answered{exchange_, status_, body_sent_}));
}

Connection::Unfinished::Unfinished(Connection& connection, Answered answered)
    : connection_(connection), answered_(std::move(answered)) {
    answered_.exchange->observer = this;
}

Connection::Unfinished::~Unfinished() {
    answered_.exchange->observer = nullptr;
}

void Connection::Unfinished::exchange_event() {
    if ((answered_.exchange->events() & Exchange::kDone) == 0) return;
    const auto held = connection_.shared_from_this();
    held->record(answered_);
    held->home_.recorder().request_ended();
    std::erase_if(held->unfinished_, [this](const auto& one) { return one.get() == this; });
    held->signal_.fire();
}

Task<void> Connection::await_unfinished() {
    while (!unfinished_.empty()) co_await signal_.wait();
}

void Connection::record(const Answered& answered) {
    const Exchange& exchange = *answered.exchange;
    const metrics::Phases spent = metrics::phases(exchange.timeline, exchange.books());
    const routing::RouteId route = home_.recorder().request(exchange, spent, answered.status);
    if (home_.around().access_log.enabled()) log_access(answered, home_.around().routes.label(route), &spent);
}

void Connection::log_access(const Answered& answered, std::string_view route, const metrics::Phases* spent) {
    const Exchange& exchange = *answered.exchange;
    const http::Request& request = exchange.request;
    log::AccessEntry entry;
    entry.remote = peer_->remote_address;
    entry.method = request.method();
    entry.target = request.target();
    entry.id = exchange.id;
    entry.route = route;
    entry.referer = request.find("Referer").value_or("");
    entry.user_agent = request.find("User-Agent").value_or("");
    entry.version = request.method().empty() ? 0 : request.version();
    entry.status = answered.status;
    entry.bytes = answered.body_sent;
    entry.duration = exchange.timeline.sent - exchange.timeline.head;
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
