#include "interp/asgi/mail.hpp"

#include "interp/asgi/course.hpp"
#include "interp/asgi/http.hpp"
#include "interp/asgi/operation.hpp"
#include "interp/asgi/websocket.hpp"
#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "interp/forked.hpp"
#include "interp/guard.hpp"

namespace baton::interp::asgi {

namespace {

constexpr const char* kCapsule = "_baton.mail";
constexpr int kBatch = 64;

void course_ended(PyObject* object, CourseEnd end) {
    end_forked_child();
    Request& request = request_from(object);
    const bool told = guarded(false, [&] {
        if (end == CourseEnd::returned) {
            request.returned();
        } else {
            request.raised();
        }
        return true;
    });
    // Without the memory to say it: over it is.
    if (!told) request.end();
    // In a context that does not know the request, its end would not be seen.
    if (Loop::current != nullptr && Loop::current->request != &request) request.stepped(Moment::now());
}

std::unique_ptr<Request> make_request(Loop& loop, dispatch::ExchangePtr exchange) {
    if (exchange->web_socket) return std::make_unique<WebSocket>(loop, std::move(exchange));
    return std::make_unique<Http>(loop, std::move(exchange));
}

Scopes::Kind kind_of(const dispatch::Exchange& exchange) {
    return exchange.web_socket ? Scopes::Kind::websocket : Scopes::Kind::http;
}

}  // namespace

Mail::Mail(Loop& loop, std::vector<std::unique_ptr<Served>>& served, std::function<void()> looked)
    : loop_(loop), served_(served), looked_(std::move(looked)) {}

void Mail::watch() {
    static PyMethodDef on_readable = {"baton_mail", &Mail::readable, METH_NOARGS, nullptr};
    static PyMethodDef on_again = {"baton_mail", &Mail::again, METH_NOARGS, nullptr};
    capsule_ = expect(PyCapsule_New(this, kCapsule, nullptr));
    const Owned callback = expect(PyCFunction_New(&on_readable, capsule_.get()));
    again_ = expect(PyCFunction_New(&on_again, capsule_.get()));
    get_task_factory_ = expect(PyObject_GetAttrString(loop_.object.get(), "get_task_factory"));
    expect(PyObject_CallMethod(loop_.object.get(), "add_reader", "iO", loop_.queue.fd(), callback.get()));
}

void Mail::unwatch() {
    expect(PyObject_CallMethod(loop_.object.get(), "remove_reader", "i", loop_.queue.fd()));
}

PyObject* Mail::readable(PyObject* capsule, PyObject*) {
    Mail& mail = *static_cast<Mail*>(PyCapsule_GetPointer(capsule, kCapsule));
    mail.waited_ = mail.loop_.clock.waited_between();
    mail.loop_.queue.begin();
    mail.loop_.cpu.rested();
    mail.look();
    if (PyErr_Occurred() != nullptr) return nullptr;
    Py_RETURN_NONE;
}

PyObject* Mail::again(PyObject* capsule, PyObject*) {
    static_cast<Mail*>(PyCapsule_GetPointer(capsule, kCapsule))->look();
    if (PyErr_Occurred() != nullptr) return nullptr;
    Py_RETURN_NONE;
}

void Mail::look() {
    const Owned factory = steal(PyObject_CallNoArgs(get_task_factory_.get()));
    loop_.task_factory = factory && factory.get() != Py_None;
    dispatch::ExchangePtr next = loop_.queue.take();
    for (int i = 0; next && i < kBatch; ++i) {
        dispatch::ExchangePtr exchange = std::move(next);
        next = loop_.queue.take();
        loop_.more_mail = next != nullptr;
        if (loop_.queue.taken(*exchange)) {
            begin(std::move(exchange));
        } else if (exchange->client != nullptr) {
            exchange->client->exchange_news();
        }
        report_raised();
    }
    loop_.more_mail = false;
    if (next) loop_.queue.put_back(std::move(next));
    looked_();
    if (!loop_.queue.rest()) {
        const Owned scheduled =
            steal(PyObject_CallMethod(loop_.object.get(), "call_soon", "O", again_.get()));
    }
}

// What nobody else has dealt with.
void Mail::report_raised() {
    if (PyErr_Occurred() == nullptr) return;
    const std::string traceback = take_traceback();
    // Standard error may be a pipe that nobody empties.
    const Detach detached;
    loop_.log.error("the event loop: {}", traceback);
}

Served& Mail::served_for(const dispatch::Exchange& exchange) {
    const std::size_t number =
        exchange.mount == nullptr ? served_.front()->number : exchange.mount->application;
    for (const auto& served : served_) {
        if (served->number == number) return *served;
    }
    broken("an event loop was given a request of an application that it does not serve");
}

void Mail::begin(dispatch::ExchangePtr exchange) {
    const dispatch::Nanoseconds at = dispatch::now();
    // While the loop stood in line for the GIL it was on behalf of the first request that it finds.
    const dispatch::Nanoseconds waited = std::clamp<dispatch::Nanoseconds>(
        std::exchange(waited_, 0), 0, std::max<dispatch::Nanoseconds>(0, at - exchange->timeline.queued));
    if (!exchange->claim(at - waited)) return;  // expired: its client has its answer
    Served& served = served_for(*exchange);
    const Scopes::Kind kind = kind_of(*exchange);
    const Owned object = guarded(Owned(), [&] { return wrap(loop_, make_request(loop_, exchange)); });
    if (!object) {
        // There was no memory for it: the connection ends without an answer.
        exchange->finish(false);
        dispatch::Exchange::hand_back(std::move(exchange), {}, at);
        return;
    }
    Request& request = request_from(object.get());
    request.begin(object, at, waited);
    const Owned context = steal(PyContext_CopyCurrent());
    if (!context || PyContext_Enter(context.get()) < 0) {
        const Step step(loop_, &request, {true, 0});
        request.raised();
        return;
    }
    PyObject* const outer = std::exchange(loop_.context, context.get());
    {
        const Step step(loop_, &request, {true, 0});
        const Owned scope = guarded(Owned(), [&] { return served.scopes.make(*exchange, kind); });
        const Owned token = scope ? steal(PyContextVar_Set(loop_.request_var.get(), object.get())) : Owned();
        exchange.reset();
        if (!token || !call(served, request, scope, context)) course_ended(object.get(), CourseEnd::raised);
    }
    loop_.context = outer;
    PyContext_Exit(context.get());
}

// False with an exception when the application could not be started.
bool Mail::call(Served& served, Request& request, Borrowed scope, Borrowed context) {
    PyObject* const object = request.self();
    const Owned receive = make_receive(object);
    const Owned send = make_send(object);
    if (!receive || !send) return false;
    PyObject* arguments[] = {nullptr, scope.get(), receive.get(), send.get()};
    Owned result = steal(PyObject_Vectorcall(served.application.get(), arguments + 1,
                                             3 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
    if (!result) return false;
    const Owned course = make_course(loop_, borrow(object), std::move(result), course_ended);
    if (!course) return false;
    Owned task = start_task(loop_, course, context);
    if (!task && !request.ended()) return false;  // no task could be made of it
    if (!task) {
        // The first step let an exception through that ends loops; the application's own has been dealt with.
        report_raised();
        return true;
    }
    if (!request.ended()) request.keep(std::move(task));
    return true;
}

}  // namespace baton::interp::asgi
