// What becomes of a connection whose client asks for a WebSocket.
#include "server/http/upgrade.hpp"
#include "server/net/connection.hpp"
#include "server/net/web_socket_session.hpp"

namespace baton::net {

// What is wrong with the upgrade that the request asks for; nothing when it asks for none.
http::UpgradeFault Connection::prepare_upgrade() {
    const http::Request& request = exchange_->request;
    if (!exchange_->mount->by_loop || !http::asks_for_web_socket(request)) return {};
    const http::UpgradeFault fault = http::check_web_socket(request);
    if (fault.status == 0) exchange_->web_socket = std::make_unique<dispatch::WebSocket>(*exchange_);
    return fault;
}

bool Connection::upgraded() const {
    return exchange_->web_socket != nullptr && exchange_->web_socket->accepted();
}

Task<void> Connection::refuse_upgrade(http::UpgradeFault fault) {
    home_.recorder().rejected(metrics::Rejection::malformed);
    expired_ = exchange_->expire();
    body_unread_ = true;
    co_await answer(fault.status, fault.reason, fault.fields);
}

Task<void> Connection::serve_web_socket() {
    const auto received = buffer_.data();
    session_ = std::make_shared<WebSocketSession>(
        home_, stream_, exchange_, std::string(static_cast<const char*>(received.data()), received.size()));
    buffer_ = {};
    request_deadline_ = deadline_ = kNever;
    status_ = 101;
    if (co_await session_->open()) {
        web_socket_route_ = home_.recorder().websocket_opened(*exchange_, dispatch::now());
        if (draining_) session_->drain();
        co_await session_->run();
        home_.recorder().websocket_closed();
    } else {
        web_socket_route_ = home_.recorder().websocket_opened(*exchange_, dispatch::now());
        home_.recorder().websocket_closed();
    }
    body_sent_ = session_->sent();
    body_unread_ = !session_->clean();
    gone_ = gone_ || session_->lost();
    exchange_->timeline.sent = dispatch::now();
    exchange_->pipe().abandon();
}

void Connection::record_web_socket() {
    if (home_.around().access_log.enabled())
        log_access(home_.around().routes.label(web_socket_route_), nullptr);
}

}  // namespace baton::net
