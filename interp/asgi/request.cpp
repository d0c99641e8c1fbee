#include "interp/asgi/request.hpp"

#include <spdlog/fmt/fmt.h>

#include <atomic>

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

// Responses in a row that may wait for the last of them to wake their I/O thread.
constexpr unsigned kUnhurried = 16;
constexpr dispatch::Nanoseconds kWorksOn = 100'000;

void restore(const Owned& exception) {
    if (exception) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
}

std::uint32_t next_serial() {
    static std::atomic<std::uint32_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) % gil::trace::NameShape::kMostNumber + 1;
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
    : route(exchange->route), serial(next_serial()), loop_(loop), exchange_(std::move(exchange)) {}

Request::~Request() = default;

void Request::begin(Borrowed self, dispatch::Nanoseconds at, dispatch::Nanoseconds waited) {
    self_ = borrow(self);
    account.waited_before(waited);
    account.queued(at);
    exchange_->client = this;
    loop_.clock.request_begins();
}

// The end of a callback: the place where an Exchange is let go, because its books are complete there.
void Request::stepped(const Moment& at) {
    if (answered_ && exchange_) let_go(at);
    if (ended_ && self_) release();
}

// Mostly the callback ends with the response, and one message tells the I/O thread of both. Not where a route
// has been seen to work on: its clients need not wait for that.
void Request::answered() {
    answered_ = true;
    answered_at_ = dispatch::now();
    if (loop_.works_on[route]) exchange_->finish(true, loop_.more_mail);
}

void Request::let_go(const Moment& at) {
    if (answered_at_ != 0) loop_.works_on[route] = at.at - answered_at_ > kWorksOn;
    if (!ended_) name_ = name();
    dispatch::ExchangePtr exchange = std::move(exchange_);
    exchange->client = nullptr;
    const dispatch::Books& books = account.books();
    loop_.tempo.note(route, books.gil_hold, books.gil_hold, 0);
    const bool unhurried = loop_.more_mail && ++loop_.in_a_row < kUnhurried;
    if (!unhurried) loop_.in_a_row = 0;
    dispatch::Exchange::hand_back(std::move(exchange), books, at.at, unhurried);
    // Who still waits for a body or for room hears that the client is gone.
    const Owned pending = steal(python::take_raised());
    wake(receivers_);
    wake(senders_);
    restore(pending);
}

// What is dropped here may hold the last references: Python code that runs then must not see an exception of
// somebody else's.
void Request::release() {
    loop_.clock.request_ends();
    const Owned pending = steal(python::take_raised());
    task_.reset();
    self_.reset();  // this is gone now, unless somebody else refers to it
    restore(pending);
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

std::string Request::name() const {
    if (!exchange_) return name_;
    const http::Request& request = exchange_->request;
    return fmt::format("{} {} {}", exchange_->id, request.method(), request.target());
}

void Request::report(spdlog::level::level_enum level, std::string_view what) const {
    const std::string text = fmt::format("request {}: {}", name(), what);
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
