#include "interp/asgi/websocket.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "interp/asgi/message.hpp"
#include "interp/errors.hpp"
#include "server/http/serializer.hpp"
#include "server/http/upgrade.hpp"

namespace baton::interp::asgi {

namespace {

using dispatch::WebSocketClose;
using dispatch::WebSocketMessage;
using Sent = dispatch::WebSocket::Sent;

constexpr std::size_t kReasonBytes = 123;
// As in nginx's logs: the client left before its answer.
constexpr int kClientLeft = 499;

// Of the 101, where framing and handshake are the server's.
http::FieldFault add_line(void* to, std::string_view name, std::string_view value) {
    http::ResponseHead checked;
    const http::FieldFault fault = checked.add(name, value);
    if (fault != http::FieldFault::none) return fault;
    constexpr std::string_view kHandshake = "sec-websocket-";
    if (boost::beast::iequals(name.substr(0, kHandshake.size()), kHandshake))
        return http::FieldFault::handshake;
    if (name.size() + value.size() > http::kHandshakeFieldBytes) return http::FieldFault::too_long;
    if (!checked.content_length) static_cast<std::string*>(to)->append(checked.fields);
    return fault;
}

bool set_entry(const Owned& dict, const Owned& key, Borrowed value) {
    return value && PyDict_SetItem(dict.get(), key.get(), value.get()) == 0;
}

// Those that may stand in a close frame (RFC 6455 section 7.4, and the registry it began).
bool is_close_code(long code) {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

// No more than a close frame can carry, and no half character.
std::string_view cut(std::string_view reason) {
    if (reason.size() <= kReasonBytes) return reason;
    std::size_t end = kReasonBytes;
    while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80U) --end;
    return reason.substr(0, end);
}

// A str as UTF-8. False with an exception: it has lone surrogates.
bool view_text(PyObject* text, std::string_view& bytes) {
    Py_ssize_t size = 0;
    const char* const data = PyUnicode_AsUTF8AndSize(text, &size);
    if (data == nullptr) return false;
    bytes = {data, static_cast<std::size_t>(size)};
    return true;
}

}  // namespace

WebSocket::WebSocket(Loop& loop, dispatch::ExchangePtr exchange) : Request(loop, std::move(exchange)) {}

bool WebSocket::gone() const {
    return exchange_ == nullptr || exchange_->abandoned() || exchange_->left();
}

Attempt WebSocket::refuse(const std::string& why) {
    report(spdlog::level::err, why);
    PyErr_SetString(PyExc_RuntimeError, why.c_str());
    return Attempt::failed;
}

Attempt WebSocket::client_has_gone() {
    PyErr_SetString(PyExc_ConnectionResetError, "the client has gone");
    return Attempt::failed;
}

// --- receive

Owned WebSocket::event(const Owned& type) const {
    Owned made = steal(PyDict_New());
    return made && set_entry(made, loop_.strings.type, type) ? std::move(made) : Owned();
}

Owned WebSocket::message_event(const WebSocketMessage& message) const {
    Owned made = event(loop_.strings.websocket_receive);
    const auto size = static_cast<Py_ssize_t>(message.bytes.size());
    const Owned value = steal(message.text ? PyUnicode_DecodeUTF8(message.bytes.data(), size, nullptr)
                                           : PyBytes_FromStringAndSize(message.bytes.data(), size));
    const Owned& key = message.text ? loop_.strings.text : loop_.strings.bytes;
    return made && set_entry(made, key, value) ? std::move(made) : Owned();
}

Owned WebSocket::disconnect_event(const WebSocketClose& close) const {
    Owned made = event(loop_.strings.websocket_disconnect);
    const Owned code = steal(PyLong_FromLong(close.code));
    const Owned reason = make_str(close.reason);
    return made && set_entry(made, loop_.strings.code, code) && set_entry(made, loop_.strings.reason, reason)
               ? std::move(made)
               : Owned();
}

Attempt WebSocket::receive(Owned& event) {
    if (!std::exchange(connected_, true)) {
        event = this->event(loop_.strings.websocket_connect);
        return event ? Attempt::done : Attempt::failed;
    }
    if (exchange_ && state_ == State::open) {
        if (const auto message = socket().take()) {
            event = message_event(*message);
            return event ? Attempt::done : Attempt::failed;
        }
        const auto ended = socket().ended();
        if (!ended) return Attempt::waits;
        closed_ = *ended;
        state_ = State::over;
    }
    if (!gone() && state_ != State::over) return Attempt::waits;
    event = disconnect_event(closed_);
    return event ? Attempt::done : Attempt::failed;
}

bool WebSocket::can_receive() const {
    if (!connected_ || !exchange_ || state_ == State::over) return true;
    return state_ == State::open ? socket().readable() : gone();
}

// --- send

Attempt WebSocket::send(Borrowed message, Unsent& unsent) {
    const Strings& strings = loop_.strings;
    PyObject* const type = type_of(strings, message);
    if (type == nullptr) return Attempt::failed;
    // Applications close in a finally, whoever closed first.
    const bool closes = is(type, strings.websocket_close);
    if (!exchange_) return closes ? Attempt::done : client_has_gone();
    if (is(type, strings.websocket_send)) return this->message(message, unsent);
    if (closes) return close(message);
    if (is(type, strings.websocket_accept)) return accept(message);
    if (is(type, strings.denial_start)) return deny(message);
    if (is(type, strings.denial_body)) return deny_body(message, unsent);
    return refuse(fmt::format(
        "the application sent a message of the type '{}', which websocket does not have", utf8(type)));
}

Attempt WebSocket::accept(Borrowed message) {
    if (state_ != State::connecting)
        return refuse(state_ == State::open ? "the application sent websocket.accept a second time"
                                            : "the application sent websocket.accept after it had refused");
    dispatch::WebSocketAcceptance acceptance;
    if (!read_subprotocol(message, acceptance.subprotocol) ||
        !read_fields(loop_.strings, message, add_line, &acceptance.fields))
        return Attempt::failed;
    if (gone()) return client_has_gone();
    state_ = State::open;
    const Moment now = Moment::now();
    exchange_->note_books(account.books(now), now.at);
    socket().accept(std::move(acceptance));
    return Attempt::done;
}

bool WebSocket::read_subprotocol(Borrowed message, std::string& subprotocol) {
    PyObject* const value = entry(message, loop_.strings.subprotocol);
    if (value == nullptr) return true;
    if (!PyUnicode_Check(value)) {
        PyErr_Format(PyExc_TypeError, "the subprotocol must be a str, not %.100s", Py_TYPE(value)->tp_name);
        return false;
    }
    std::string_view name;
    if (!view_text(value, name)) return false;
    const auto offered = http::list_of(exchange_->request, "Sec-WebSocket-Protocol");
    if (std::find(offered.begin(), offered.end(), name) == offered.end()) {
        PyErr_Format(PyExc_ValueError, "the subprotocol %R is none of those that the client offered", value);
        return false;
    }
    subprotocol = name;
    return true;
}

Attempt WebSocket::message(Borrowed message, Unsent& unsent) {
    if (state_ == State::connecting || state_ == State::denying)
        return refuse("the application sent websocket.send before websocket.accept");
    PyObject* const bytes = entry(message, loop_.strings.bytes);
    PyObject* const text = bytes == nullptr ? entry(message, loop_.strings.text) : nullptr;
    if (bytes == nullptr && text == nullptr) {
        PyErr_SetString(PyExc_ValueError, "websocket.send needs \"bytes\" or \"text\"");
        return Attempt::failed;
    }
    if (text != nullptr && !PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "\"text\" must be a str, not %.100s", Py_TYPE(text)->tp_name);
        return Attempt::failed;
    }
    if (text != nullptr) {
        unsent.holder = borrow(text);
        if (!view_text(text, unsent.bytes)) return Attempt::failed;
    } else if (!read_bytes(message, loop_.strings.bytes, unsent.holder, unsent.bytes)) {
        return Attempt::failed;
    }
    return send_rest(unsent);
}

Attempt WebSocket::send_rest(Unsent& unsent) {
    if (!exchange_) return client_has_gone();
    if (state_ == State::denying || exchange_->committed()) return hand_over(unsent);
    Sent sent = socket().may_send();
    if (sent == Sent::taken) {
        WebSocketMessage message{.text = PyUnicode_Check(unsent.holder.get()) != 0,
                                 .bytes = std::string(unsent.bytes)};
        sent = socket().try_send(message);
    }
    if (sent == Sent::full) return Attempt::waits;
    if (sent == Sent::taken) return Attempt::done;
    if (app_closed_) return refuse("the application sent websocket.send after websocket.close");
    return client_has_gone();
}

bool WebSocket::can_send() const {
    if (!exchange_) return true;
    if (state_ == State::open) return socket().may_send() != Sent::full;
    return gone() || exchange_->can_write(1);
}

bool WebSocket::read_close(Borrowed message, WebSocketClose& close) {
    if (PyObject* const code = entry(message, loop_.strings.code); code != nullptr) {
        const long number = PyLong_Check(code) ? PyLong_AsLong(code) : -1;
        PyErr_Clear();
        if (!is_close_code(number)) {
            PyErr_Format(PyExc_ValueError, "%R is no code that a WebSocket may be closed with", code);
            return false;
        }
        close.code = static_cast<std::uint16_t>(number);
    }
    PyObject* const reason = entry(message, loop_.strings.reason);
    if (reason == nullptr) return true;
    if (!PyUnicode_Check(reason)) {
        PyErr_Format(PyExc_TypeError, "the reason must be a str, not %.100s", Py_TYPE(reason)->tp_name);
        return false;
    }
    std::string_view text;
    if (!view_text(reason, text)) return false;
    close.reason = cut(text);
    return true;
}

Attempt WebSocket::close(Borrowed message) {
    if (app_closed_) return refuse("the application sent websocket.close a second time");
    if (state_ == State::denying || exchange_->committed())
        return refuse("the application sent websocket.close after websocket.http.response.start");
    WebSocketClose close;
    if (!read_close(message, close)) return Attempt::failed;
    app_closed_ = true;
    if (state_ == State::connecting) {
        if (!gone()) answer(403);
        state_ = State::over;
    } else {
        socket().close(std::move(close));
    }
    return Attempt::done;
}

// --- a denial of the application's own

// A complete response with the status alone.
void WebSocket::answer(int status) {
    http::ResponseHead& head = exchange_->head;
    head.clear();
    head.status = status;
    head.reason = http::reason_phrase(status);
    head.add("Content-Type", "text/plain; charset=utf-8");
    exchange_->start.assign(head.reason);
    exchange_->finish();
}

Attempt WebSocket::deny(Borrowed message) {
    if (state_ != State::connecting)
        return refuse("the application sent websocket.http.response.start where it may not stand");
    if (!read_head(loop_.strings, message, exchange_->head)) {
        exchange_->head.clear();
        return Attempt::failed;
    }
    state_ = State::denying;
    return Attempt::done;
}

Attempt WebSocket::deny_body(Borrowed message, Unsent& unsent) {
    if (state_ != State::denying)
        return refuse("the application sent websocket.http.response.body where it may not stand");
    bool more = false;
    if (!read_bytes(message, loop_.strings.body, unsent.holder, unsent.bytes) ||
        !read_flag(message, loop_.strings.more_body, more))
        return Attempt::failed;
    if (gone()) return client_has_gone();
    denial_sent_ += unsent.bytes.size();
    const auto declared = exchange_->head.content_length;
    if (declared && (denial_sent_ > *declared || (!more && denial_sent_ < *declared)))
        return refuse(fmt::format(
            "the body does not have the Content-Length of {} that the application declared", *declared));
    if (exchange_->head.bodiless()) unsent.bytes = {};
    unsent.last = !more;
    exchange_->commit();
    return hand_over(unsent);
}

Attempt WebSocket::hand_over(Unsent& unsent) {
    if (gone()) return client_has_gone();
    if (!unsent.bytes.empty() && !exchange_->try_write(unsent.bytes)) return Attempt::waits;
    if (unsent.last) {
        state_ = State::over;
        exchange_->finish();
    }
    return Attempt::done;
}

// --- the application's end

void WebSocket::over(bool failed) {
    if (state_ == State::open) {
        const auto code = failed ? WebSocketClose::kInternal : WebSocketClose::kNormal;
        socket().close({.code = code, .reason = {}});
    } else if (exchange_ && !exchange_->abandoned()) {
        // Nobody else answers, and a client that has only ended its own side still listens.
        if (!exchange_->committed()) answer(exchange_->left() ? kClientLeft : 500);
        if (!exchange_->finished()) exchange_->finish(false);
    }
    state_ = State::over;
    end();
}

void WebSocket::returned() {
    if (!gone() && state_ == State::connecting)
        report(spdlog::level::err, "the application returned without accepting or refusing the WebSocket");
    if (!gone() && state_ == State::denying)
        report(spdlog::level::err, "the application returned before the end of its response");
    over(state_ == State::denying);
}

void WebSocket::raised() {
    const Owned exception = steal(python::take_raised());
    const auto is_a = [&](PyObject* type) { return PyErr_GivenExceptionMatches(exception.get(), type) != 0; };
    const bool cancelled = std::string_view(Py_TYPE(exception.get())->tp_name).ends_with("CancelledError");
    const bool exits = is_a(PyExc_SystemExit) || is_a(PyExc_KeyboardInterrupt);
    const bool ended = gone() || (state_ == State::open && socket().may_send() == Sent::closed);
    if (ended && (cancelled || is_a(PyExc_OSError))) {
        report(spdlog::level::debug, "the client left, and the application ended");
    } else if (cancelled) {
        report(spdlog::level::warn, "the application's task was cancelled");
    } else {
        report(spdlog::level::err,
               fmt::format("{}\n{}",
                           exits ? "the application wanted to end the process; the server goes on"
                                 : "the application raised an exception",
                           format_exception(exception)));
    }
    over(true);
}

}  // namespace baton::interp::asgi
