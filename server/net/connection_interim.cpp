// What surrounds a response: interim responses before its head, and trailers behind its body.
#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "server/http/upgrade.hpp"
#include "server/net/connection.hpp"

namespace baton::net {

using dispatch::Exchange;

// One 103 for all hints since the last one (RFC 8297); HTTP/1.0 knows no interim responses.
void Connection::append_hints() {
    const std::string hints = exchange_->take_hints();
    if (hints.empty() || exchange_->request.version() < 11) return;
    out_.append("HTTP/1.1 103 Early Hints\r\n").append(hints).append("\r\n");
}

bool Connection::prepare_interim() {
    out_.clear();
    append_hints();
    if (owes_continue_ && exchange_->body_wanted()) out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    return !out_.empty();
}

Task<void> Connection::send_interim() {
    const bool continues = out_.ends_with("100 Continue\r\n\r\n");
    const Nanoseconds deadline = deadline_;
    const bool sent = co_await flush();
    deadline_ = deadline;
    if (!sent || !continues) co_return;
    owes_continue_ = false;
    pump_signal_.fire();
}

// The response has begun, and with it the client's reason to wait has gone.
void Connection::release_pump() {
    if (owes_continue_ && pumping_) pump_signal_.fire();
}

bool Connection::rest_is_short() const {
    if (!by_loop() || owes_continue_) return false;
    const auto length = exchange_->request.content_length();
    return length && *length <= Exchange::kPipeCapacity;  // so the pump never waits for the application
}

bool Connection::rest_may_come(bool response_complete) const {
    return by_loop() && !response_complete && !owes_continue_;
}

bool Connection::has_trailers() const {
    return !exchange_->trailers.empty() && takes_trailers();
}

// Nobody else is to be sent any (RFC 9110 section 6.5.1).
bool Connection::takes_trailers() const {
    if (exchange_->request.version() < 11) return false;
    const auto accepted = http::list_of(exchange_->request, "TE");
    return std::any_of(accepted.begin(), accepted.end(),
                       [](std::string_view coding) { return boost::beast::iequals(coding, "trailers"); });
}

void Connection::append_last_chunk() {
    if (!has_trailers()) {
        out_.append(http::kLastChunk);
        return;
    }
    out_.append("0\r\n").append(exchange_->trailers).append("\r\n");
}

}  // namespace baton::net
