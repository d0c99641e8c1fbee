#include "interp/asgi/http.hpp"

#include <spdlog/fmt/fmt.h>

#include "interp/asgi/message.hpp"
#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp::asgi {

namespace {

// A first piece up to this size goes out with the head.
constexpr std::size_t kInline = 64 * 1024;

http::FieldFault add_line(void* to, std::string_view name, std::string_view value) {
    return http::append_field(*static_cast<std::string*>(to), name, value);
}

bool set_entry(const Owned& dict, const Owned& key, Borrowed value) {
    return value && PyDict_SetItem(dict.get(), key.get(), value.get()) == 0;
}

}  // namespace

Http::Http(Loop& loop, dispatch::ExchangePtr exchange) : Request(loop, std::move(exchange)) {
    head_request_ = exchange_->request.method() == "HEAD";
}

bool Http::gone() const {
    return exchange_ == nullptr || exchange_->abandoned();
}

// --- the request

Owned Http::body_event(std::string_view bytes, bool more) {
    const Strings& strings = loop_.strings;
    Owned event = steal(PyDict_New());
    const Owned body =
        bytes.empty() ? borrow(strings.empty_bytes)
                      : steal(PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
    const bool made = event && set_entry(event, strings.type, strings.http_request) &&
                      set_entry(event, strings.body, body) &&
                      set_entry(event, strings.more_body, more ? Py_True : Py_False);
    return made ? std::move(event) : Owned();
}

Owned Http::disconnect_event() {
    // After the response there is nobody either, but nobody has left.
    told_ = told_ || expects_ != Expects::nothing;
    Owned event = steal(PyDict_New());
    if (event && set_entry(event, loop_.strings.type, loop_.strings.http_disconnect)) return event;
    return {};
}

Attempt Http::receive(Owned& event) {
    const bool over = gone() || exchange_->left() || expects_ == Expects::nothing;
    if (!over && !body_received_) return receive_body(event);
    if (!over) return Attempt::waits;
    event = disconnect_event();
    return event ? Attempt::done : Attempt::failed;
}

Attempt Http::receive_body(Owned& event) {
    dispatch::RequestBody& body = exchange_->body;
    if (!body.pipe) {
        body_received_ = true;
        event = body_event(body.buffered, false);
        return event ? Attempt::done : Attempt::failed;
    }
    std::string bytes;
    http::BodyPipe::Read read = body.pipe->try_take(bytes);
    if (!bytes.empty()) {
        std::string more;
        read = body.pipe->try_take(more);
        bytes += more;
        exchange_->notify();  // there is room again
    } else if (read == http::BodyPipe::Read::data) {
        exchange_->want_body();
        return Attempt::waits;
    }
    if (bytes.empty() && read == http::BodyPipe::Read::broken) {
        event = disconnect_event();
    } else {
        body_received_ = read == http::BodyPipe::Read::end;
        event = body_event(bytes, !body_received_);
    }
    return event ? Attempt::done : Attempt::failed;
}

bool Http::can_receive() const {
    if (gone() || exchange_->left() || expects_ == Expects::nothing) return true;
    return !body_received_ && exchange_->body.pipe && exchange_->body.pipe->readable();
}

// --- the response

Attempt Http::refuse(const std::string& why) {
    report(spdlog::level::err, why);
    PyErr_SetString(PyExc_RuntimeError, why.c_str());
    return Attempt::failed;
}

Attempt Http::client_gone() {
    PyErr_SetString(PyExc_ConnectionResetError, "the client has gone");
    return Attempt::failed;
}

Attempt Http::send(Borrowed message, Unsent& unsent) {
    const Strings& strings = loop_.strings;
    PyObject* const type = type_of(strings, message);
    if (type == nullptr) return Attempt::failed;
    if (expects_ == Expects::nothing)
        return refuse(fmt::format("the application sent {} after the end of its response", utf8(type)));
    if (gone()) return client_gone();
    // Half of the connection may still be open, but the application has been told that nobody listens.
    if (told_) return client_gone();
    if (is(type, strings.response_body)) return body(message, unsent);
    if (is(type, strings.response_start)) return start(message);
    if (is(type, strings.response_pathsend)) return path(message);
    if (is(type, strings.response_trailers)) return trailers(message, unsent);
    if (is(type, strings.early_hint)) return hint(message);
    return refuse(
        fmt::format("the application sent a message of the type '{}', which http does not have", utf8(type)));
}

Attempt Http::start(Borrowed message) {
    if (expects_ != Expects::start) return refuse("the application sent http.response.start a second time");
    if (!read_head(loop_.strings, message, exchange_->head) ||
        !read_flag(message, loop_.strings.trailers, trailers_promised_)) {
        exchange_->head.clear();
        return Attempt::failed;
    }
    expects_ = Expects::body;
    return Attempt::done;
}

// Is there room for so many bytes within the length that the application has declared?
bool Http::fits(std::size_t bytes, bool last) {
    const auto declared = exchange_->head.content_length;
    if (!declared || head_request_ || exchange_->head.bodiless()) return true;
    const std::uint64_t all = sent_ + bytes;
    if (all > *declared) {
        refuse(fmt::format("the body is longer than the Content-Length of {} that the application declared",
                           *declared));
        return false;
    }
    if (last && all < *declared) {
        refuse(fmt::format(
            "the body ended after {} bytes, but the application had declared a Content-Length of {}", all,
            *declared));
        return false;
    }
    return true;
}

Attempt Http::body(Borrowed message, Unsent& unsent) {
    if (expects_ != Expects::body)
        return refuse(expects_ == Expects::start
                          ? "the application sent http.response.body before http.response.start"
                          : "the application sent http.response.body where its trailers belong");
    bool more = false;
    if (PyDict_GetItemWithError(message.get(), loop_.strings.body.get()) == Py_None) {
        PyErr_SetString(PyExc_TypeError, "the body must be bytes, not None");
        return Attempt::failed;
    }
    if (!read_bytes(message, loop_.strings.body, unsent.holder, unsent.bytes) ||
        !read_flag(message, loop_.strings.more_body, more))
        return Attempt::failed;
    // read_flag() may have run code of the application's.
    if (gone()) return client_gone();
    if (!fits(unsent.bytes.size(), !more)) return Attempt::failed;
    sent_ += unsent.bytes.size();
    if (head_request_ || exchange_->head.bodiless()) unsent.bytes = {};
    unsent.last = !more && !trailers_promised_;
    if (!more) expects_ = trailers_promised_ ? Expects::trailers : Expects::nothing;
    if (exchange_->committed()) return hand_over(unsent);
    const bool whole = !more && !trailers_promised_;
    const bool small = unsent.bytes.size() <= kInline;
    if (whole && !small && !exchange_->head.content_length)
        exchange_->head.add("Content-Length", fmt::format_int(sent_).c_str());
    if (small) {
        exchange_->start.append(unsent.bytes);
        unsent.bytes = {};
    }
    note_books();
    if (!whole || !small) exchange_->commit();
    return hand_over(unsent);
}

bool Http::pass_on(Unsent& piece) {
    if (!piece.bytes.empty() && !exchange_->try_write(piece.bytes)) return false;
    if (piece.last) finish();
    return true;
}

// Pieces of the body keep their order, and one whose sender has been cancelled leaves no gap.
Attempt Http::hand_over(Unsent& unsent) {
    pump();
    if (backlog_.empty() && pass_on(unsent)) return Attempt::done;
    unsent.ticket = ++tickets_;
    backlog_.push_back(std::move(unsent));
    unsent = {.holder = {}, .bytes = {}, .last = false, .ticket = tickets_};
    return Attempt::waits;
}

void Http::pump() {
    while (!backlog_.empty() && pass_on(backlog_.front())) {
        passed_on_ = backlog_.front().ticket;
        backlog_.erase(backlog_.begin());
    }
}

Attempt Http::send_rest(Unsent& unsent) {
    if (!gone()) pump();
    if (unsent.ticket <= passed_on_) return Attempt::done;
    return gone() ? client_gone() : Attempt::waits;
}

bool Http::can_send() const {
    return gone() || passed_on_ != told_of_ || exchange_->can_write(1);
}

// In nobody's callback: when this ends the response, there may be no other callback that ends the request.
void Http::exchange_news() {
    const std::size_t before = backlog_.size();
    if (!gone()) pump();
    Request::exchange_news();
    told_of_ = passed_on_;
    if (over_ && (gone() || backlog_.empty())) end();
    if (over_ || (before > 0 && backlog_.empty())) stepped(Moment::now());
}

void Http::finish() {
    if (expects_ == Expects::nothing) answered();
}

Attempt Http::path(Borrowed message) {
    if (expects_ != Expects::body || exchange_->committed())
        return refuse("the application sent http.response.pathsend where it may not stand");
    PyObject* const value = PyDict_GetItemString(message.get(), "path");
    if (value == nullptr || !PyUnicode_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "http.response.pathsend needs a \"path\", which is a str");
        return Attempt::failed;
    }
    PyObject* bytes = nullptr;
    if (PyUnicode_FSConverter(value, &bytes) == 0) return Attempt::failed;  // refuses null bytes, too
    const Owned encoded = steal(bytes);
    if (*PyBytes_AS_STRING(encoded.get()) != '/') {
        PyErr_Format(PyExc_ValueError, "the path of http.response.pathsend must be absolute, not %R", value);
        return Attempt::failed;
    }
    exchange_->path.assign(PyBytes_AS_STRING(encoded.get()),
                           static_cast<std::size_t>(PyBytes_GET_SIZE(encoded.get())));
    note_books();
    expects_ = Expects::nothing;
    finish();
    return Attempt::done;
}

Attempt Http::trailers(Borrowed message, Unsent& unsent) {
    if (expects_ != Expects::trailers)
        return refuse("the application sent http.response.trailers that it had not promised in its start");
    bool more = false;
    const Owned more_trailers = steal(PyUnicode_FromString("more_trailers"));
    if (!more_trailers || !read_fields(loop_.strings, message, add_line, &exchange_->trailers) ||
        !read_flag(message, more_trailers, more))
        return Attempt::failed;
    if (more) return Attempt::done;
    expects_ = Expects::nothing;
    unsent.last = true;
    return hand_over(unsent);
}

Attempt Http::hint(Borrowed message) {
    if (expects_ != Expects::start && (expects_ != Expects::body || exchange_->committed()))
        return refuse("the application sent http.response.early_hint after its response had begun");
    PyObject* const links = entry(message, loop_.strings.links);
    const Owned all = links != nullptr ? steal(PySequence_Tuple(links)) : Owned();
    if (!all) {
        if (PyErr_Occurred() == nullptr)
            PyErr_SetString(PyExc_TypeError, "http.response.early_hint needs \"links\"");
        return Attempt::failed;
    }
    std::string lines;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(all.get()); ++i) {
        PyObject* const link = PyTuple_GET_ITEM(all.get(), i);
        const bool valid =
            PyBytes_Check(link) &&
            add_line(&lines, "Link",
                     {PyBytes_AS_STRING(link), static_cast<std::size_t>(PyBytes_GET_SIZE(link))}) ==
                http::FieldFault::none;
        if (valid) continue;
        PyErr_SetString(PyExc_ValueError,
                        "a link of http.response.early_hint must be bytes without control characters");
        return Attempt::failed;
    }
    exchange_->hint(lines);
    return Attempt::done;
}

// --- the application's end

void Http::cut_or_fail() {
    if (gone() || exchange_->finished()) return;
    if (exchange_->committed()) {
        exchange_->finish(false);
        return;
    }
    constexpr std::string_view kText = "Internal Server Error";
    exchange_->head.clear();
    exchange_->head.set_status("500 Internal Server Error");
    exchange_->head.add("Content-Type", "text/plain; charset=utf-8");
    exchange_->head.add("Content-Length", std::to_string(kText.size()));
    exchange_->path.clear();
    exchange_->start.clear();
    if (!head_request_) exchange_->start.assign(kText);
}

void Http::over() {
    expects_ = Expects::nothing;
    over_ = !backlog_.empty() && !gone() && !exchange_->finished();
    if (over_) return;
    backlog_.clear();
    end();
}

void Http::returned() {
    if (!gone() && expects_ != Expects::nothing) {
        report(spdlog::level::err, expects_ == Expects::start
                                       ? "the application returned without a response"
                                       : "the application returned before the end of its response");
        cut_or_fail();
    }
    over();
}

void Http::raised() {
    const Owned exception = steal(python::take_raised());
    const auto is_a = [&](PyObject* type) { return PyErr_GivenExceptionMatches(exception.get(), type) != 0; };
    const bool cancelled = std::string_view(Py_TYPE(exception.get())->tp_name).ends_with("CancelledError");
    const bool exits = is_a(PyExc_SystemExit) || is_a(PyExc_KeyboardInterrupt);
    const bool left = told_ || (exchange_ && exchange_->abandoned());
    if (left && (cancelled || is_a(PyExc_OSError))) {
        report(spdlog::level::debug, "the client left, and the application ended");
    } else if (!cancelled || expects_ != Expects::nothing) {
        report(spdlog::level::err,
               fmt::format("{}\n{}",
                           cancelled ? "the application's task was cancelled"
                           : exits   ? "the application wanted to end the process; the server goes on"
                                     : "the application raised an exception",
                           format_exception(exception)));
    }
    if (expects_ != Expects::nothing) cut_or_fail();
    over();
}

}  // namespace baton::interp::asgi
