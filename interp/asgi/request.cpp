#include "interp/asgi/request.hpp"

#include <spdlog/fmt/fmt.h>

#include "interp/attach.hpp"
#include "interp/current_request.hpp"
#include "interp/errors.hpp"
#include "interp/gil/scheduler.hpp"

namespace baton::interp::asgi {

namespace {

struct RequestObject {
    PyObject_HEAD Request* request;
};

void dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    delete reinterpret_cast<RequestObject*>(self)->request;
    type->tp_free(self);
    Py_DECREF(type);
}

PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)}, {0, nullptr}};
PyType_Spec spec = {"_baton.Request", sizeof(RequestObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

}  // namespace

Owned make_request_type(Module& module) {
    return module.add(spec);
}

Owned wrap(Loop& loop, std::unique_ptr<Request> request) {
    auto* const object =
        PyObject_New(RequestObject, reinterpret_cast<PyTypeObject*>(loop.request_type.get()));
    if (object == nullptr) return {};
    object->request = request.release();
    return steal(reinterpret_cast<PyObject*>(object));
}

Request& request_from(PyObject* object) {
    return *reinterpret_cast<RequestObject*>(object)->request;
}

bool is_request(Loop& loop, PyObject* object) {
    return reinterpret_cast<PyObject*>(Py_TYPE(object)) == loop.request_type.get();
}

Request::Request(Loop& loop, dispatch::ExchangePtr exchange)
    : route(exchange->route), loop_(loop), exchange_(std::move(exchange)) {}

Request::~Request() = default;

void Request::begin(Borrowed self, dispatch::Nanoseconds at, dispatch::Nanoseconds waited) {
    self_ = borrow(self);
    account.waited_before(waited);
    account.queued(at);
    exchange_->client = this;
}

// The end of a callback: the place where an Exchange is let go, because its books are complete there.
void Request::stepped(const Moment& at) {
    if (!exchange_) return;
    if (ended_) let_go(at);
}

void Request::let_go(const Moment& at) {
    const dispatch::ExchangePtr exchange = std::move(exchange_);
    exchange->client = nullptr;
    loop_.tempo.note(route, account.books().gil_hold, account.books().gil_hold);
    const bool unhurried = loop_.more_mail && ++loop_.in_a_row < 16;
    if (!unhurried) loop_.in_a_row = 0;
    exchange->done(account.books(), at.at, unhurried);
    // What still waits may hold the last references; Python code that runs then must not see an exception of
    // somebody else's.
    const Owned pending = steal(python::take_raised());
    wake(receivers_);
    wake(senders_);
    task_.reset();
    const Owned self = std::move(self_);
    if (pending) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(pending.get())), pending.get());
}

void Request::exchange_news() {
    if (!receivers_.empty() && can_receive()) wake(receivers_);
    if (!senders_.empty() && can_send()) wake(senders_);
}

void Request::wake(std::vector<Owned>& waiting) {
    const std::vector<Owned> futures = std::exchange(waiting, {});
    for (const Owned& future : futures) {
        const Owned done = steal(PyObject_CallMethodNoArgs(future.get(), loop_.strings.done.get()));
        if (done.get() == Py_False) {
            const Owned set =
                steal(PyObject_CallMethodOneArg(future.get(), loop_.strings.set_result.get(), Py_None));
        }
        if (PyErr_Occurred() != nullptr) report(spdlog::level::err, take_traceback());
    }
}

Owned Request::wait_for(Side side) {
    Owned future = steal(PyObject_CallNoArgs(loop_.create_future.get()));
    if (!future) return {};
    std::vector<Owned>& waiting = side == Side::receiving ? receivers_ : senders_;
    // Those that were cancelled are of no use any more.
    std::erase_if(waiting, [&](const Owned& other) {
        const Owned done = steal(PyObject_CallMethodNoArgs(other.get(), loop_.strings.done.get()));
        return !done || done.get() == Py_True;
    });
    PyErr_Clear();
    waiting.push_back(borrow(future));
    return future;
}

void Request::report(spdlog::level::level_enum level, std::string_view what) const {
    if (!exchange_) {
        const Detach detached;
        loop_.log.log(level, "a request that is over: {}", what);
        return;
    }
    const http::Request& request = exchange_->request;
    const std::string text =
        fmt::format("request {} {} {}: {}", exchange_->id, request.method(), request.target(), what);
    // Standard error may be a pipe that nobody empties.
    const Detach detached;
    loop_.log.log(level, text);
}

void Request::note_books() {
    if (!exchange_->server_timing) return;
    const Moment now = Moment::now();
    exchange_->note_books(account.books(now), now.at);
}

}  // namespace baton::interp::asgi
