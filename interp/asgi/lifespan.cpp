#include "interp/asgi/lifespan.hpp"

#include <spdlog/fmt/fmt.h>

#include "interp/asgi/course.hpp"
#include "interp/asgi/message.hpp"
#include "interp/asgi/operation.hpp"
#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "interp/guard.hpp"

namespace baton::interp::asgi {

namespace {

constexpr const char* kCapsule = "_baton.lifespan";

LifespanRun& of(PyObject* capsule) {
    return *static_cast<LifespanRun*>(PyCapsule_GetPointer(capsule, kCapsule));
}

PyObject* receive(PyObject* capsule, PyObject*) {
    if (!on_the_loop("receive()")) return nullptr;
    return of(capsule).receive().release();
}

PyObject* send(PyObject* capsule, PyObject* message) {
    if (!on_the_loop("send()")) return nullptr;
    if (!guarded(false, [&] { return of(capsule).message(message); })) return nullptr;
    return borrow(Loop::current->sent).release();
}

void ended(PyObject* capsule, CourseEnd end) {
    if (end == CourseEnd::returned) {
        of(capsule).returned();
    } else {
        of(capsule).raised();
    }
}

PyMethodDef receive_method = {"receive", receive, METH_NOARGS, nullptr};
PyMethodDef send_method = {"send", send, METH_O, nullptr};

Owned event(const char* type) {
    return steal(Py_BuildValue("{ss}", "type", type));
}

}  // namespace

LifespanRun::LifespanRun(Loop& loop, Borrowed application, Lifespan mode, std::function<void()> changed)
    : loop_(loop),
      application_(borrow(application)),
      mode_(mode),
      changed_(std::move(changed)),
      shared_state_(expect(PyDict_New())) {}

void LifespanRun::start() {
    if (mode_ == Lifespan::off) {
        settle(State::unsupported);
        return;
    }
    state_ = State::starting;
    const Owned self = steal(PyCapsule_New(this, kCapsule, nullptr));
    const Owned context = steal(PyContext_CopyCurrent());
    const Owned scope = steal(Py_BuildValue("{sss{ssss}sO}", "type", "lifespan", "asgi", "version", "3.0",
                                            "spec_version", "2.0", "state", shared_state_.get()));
    const Owned get = self ? steal(PyCFunction_New(&receive_method, self.get())) : Owned();
    const Owned put = self ? steal(PyCFunction_New(&send_method, self.get())) : Owned();
    if (!context || !scope || !get || !put) {
        raised();
        return;
    }
    if (PyContext_Enter(context.get()) < 0) return raised();
    {
        Owned result = steal(
            PyObject_CallFunctionObjArgs(application_.get(), scope.get(), get.get(), put.get(), nullptr));
        const Owned course = result ? make_course(loop_, borrow(self), std::move(result), ended) : Owned();
        Owned task = course ? start_task(loop_, course, context) : Owned();
        if (!task) raised();
        task_ = std::move(task);
    }
    PyContext_Exit(context.get());
}

void LifespanRun::stop() {
    if (state_ != State::started) return settle(State::stopped);
    state_ = State::stopping;
    if (!stop_event_) return;  // the application has not asked yet; receive() will tell it
    const Owned message = event("lifespan.shutdown");
    const Owned set = message ? steal(PyObject_CallMethodOneArg(
                                    stop_event_.get(), loop_.strings.set_result.get(), message.get()))
                              : Owned();
    if (!set) PyErr_Clear();  // cancelled: the application's end is on its way
}

Owned LifespanRun::receive() {
    if (!std::exchange(asked_, true)) {
        Owned message = event("lifespan.startup");
        return message ? ready(loop_, std::move(message)) : Owned();
    }
    if (state_ == State::stopping || state_ == State::stopped) {
        Owned message = event("lifespan.shutdown");
        return message ? ready(loop_, std::move(message)) : Owned();
    }
    stop_event_ = steal(PyObject_CallNoArgs(loop_.create_future.get()));
    return stop_event_ ? borrow(stop_event_) : Owned();
}

bool LifespanRun::message(Borrowed message) {
    PyObject* const type = type_of(loop_.strings, message);
    if (type == nullptr) return false;
    const std::string name = utf8(type);
    PyObject* const text = PyDict_GetItemString(message.get(), "message");
    const std::string why = text != nullptr ? text_of(text) : "";
    if (state_ == State::starting && name == "lifespan.startup.complete") {
        settle(State::started);
    } else if (state_ == State::starting && name == "lifespan.startup.failed") {
        settle(State::failed, "the application's start-up failed" + (why.empty() ? "" : ": " + why));
    } else if (state_ == State::stopping && name == "lifespan.shutdown.complete") {
        settle(State::stopped);
    } else if (state_ == State::stopping && name == "lifespan.shutdown.failed") {
        const std::string line = "the application's shut-down failed" + (why.empty() ? "" : ": " + why);
        {
            const Detach detached;
            loop_.log.error(line);
        }
        settle(State::stopped);
    } else {
        PyErr_Format(PyExc_RuntimeError, "the lifespan message '%s' may not be sent now", name.c_str());
        return false;
    }
    return true;
}

// It ended before it had said that its start-up is complete, or after.
void LifespanRun::gave_up(const std::string& why, const std::string& traceback) {
    if (state_ == State::starting) {
        if (mode_ == Lifespan::on)
            return settle(State::failed, why + (traceback.empty() ? "" : "\n" + traceback));
        {
            const Detach detached;
            loop_.log.debug("lifespan is not supported by the application: {}\n{}", why, traceback);
        }
        return settle(State::unsupported);
    }
    if (state_ == State::failed || state_ == State::stopped || state_ == State::unsupported) return;
    if (!traceback.empty()) {
        const Detach detached;
        loop_.log.error("the application's lifespan raised an exception\n{}", traceback);
    }
    settle(state_ == State::started ? State::unsupported : State::stopped);
}

void LifespanRun::returned() {
    gave_up("the application returned from its lifespan before its start-up was complete", "");
}

void LifespanRun::raised() {
    gave_up("the application raised an exception in its lifespan start-up", take_traceback());
}

void LifespanRun::settle(State state, std::string failure) {
    state_ = state;
    failure_ = std::move(failure);
    changed_();
}

}  // namespace baton::interp::asgi
