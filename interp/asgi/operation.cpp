#include "interp/asgi/operation.hpp"

#include <new>

#include "interp/errors.hpp"
#include "interp/guard.hpp"

namespace baton::interp::asgi {

namespace {

struct ReadyObject {
    PyObject_HEAD PyObject* value;  // what it gives, or raises
    bool raises;
};

ReadyObject* ready_of(PyObject* self) {
    return reinterpret_cast<ReadyObject*>(self);
}

void raise(PyObject* exception) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
}

PySendResult ready_send(PyObject* self, PyObject*, PyObject** result) {
    if (ready_of(self)->raises) {
        raise(ready_of(self)->value);
        *result = nullptr;
        return PYGEN_ERROR;
    }
    *result = Py_NewRef(ready_of(self)->value);
    return PYGEN_RETURN;
}

// StopIteration(value), for those who iterate by hand.
PyObject* stop_with(PyObject* value) {
    const Owned held = steal(value);
    const Owned stop = steal(PyObject_CallOneArg(PyExc_StopIteration, held.get()));
    if (stop) PyErr_SetObject(PyExc_StopIteration, stop.get());
    return nullptr;
}

PyObject* ready_next(PyObject* self) {
    if (ready_of(self)->raises) {
        raise(ready_of(self)->value);
        return nullptr;
    }
    return stop_with(Py_NewRef(ready_of(self)->value));
}

void ready_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    Py_CLEAR(ready_of(self)->value);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* self_again(PyObject* self) {
    return Py_NewRef(self);
}

// (type, value, traceback) or (exception), as generators take them.
void raise_arguments(PyObject* const* arguments, Py_ssize_t count) {
    PyObject* const type = count > 0 ? arguments[0] : nullptr;
    PyObject* const value = count > 1 && arguments[1] != Py_None ? arguments[1] : nullptr;
    if (type == nullptr) {
        PyErr_SetString(PyExc_TypeError, "throw() needs an exception");
    } else if (PyExceptionInstance_Check(type)) {
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(type)), type);
    } else if (PyExceptionClass_Check(type)) {
        PyErr_SetObject(type, value);
    } else {
        PyErr_SetString(PyExc_TypeError, "throw() needs an exception");
    }
}

PyObject* ready_send_method(PyObject* self, PyObject*) {
    return ready_next(self);
}
PyObject* ready_throw(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
    raise_arguments(arguments, count);
    return nullptr;
}
PyObject* ready_close(PyObject*, PyObject*) {
    Py_RETURN_NONE;
}

PyMethodDef ready_methods[] = {
    {"send", ready_send_method, METH_O, nullptr},
    {"throw", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(ready_throw)), METH_FASTCALL,
     nullptr},
    {"close", ready_close, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyType_Slot ready_slots[] = {{Py_am_await, reinterpret_cast<void*>(self_again)},
                             {Py_am_send, reinterpret_cast<void*>(ready_send)},
                             {Py_tp_iter, reinterpret_cast<void*>(self_again)},
                             {Py_tp_iternext, reinterpret_cast<void*>(ready_next)},
                             {Py_tp_methods, ready_methods},
                             {Py_tp_dealloc, reinterpret_cast<void*>(ready_dealloc)},
                             {0, nullptr}};
PyType_Spec ready_spec = {"_baton.Ready", sizeof(ReadyObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, ready_slots};

struct OperationObject {
    PyObject_HEAD PyObject* request;
    PyObject* waiting;  // iterator of the future that it waits on, or null
    PyObject* value;    // when it is over
    Unsent unsent;
    bool sends;
};

OperationObject* of(PyObject* self) {
    return reinterpret_cast<OperationObject*>(self);
}

Attempt attempt(OperationObject* operation, Owned& value) {
    if (!on_the_loop("receive() or send()")) return Attempt::failed;
    Request& request = request_from(operation->request);
    if (!operation->sends) return request.receive(value);
    const Attempt attempt = request.send_rest(operation->unsent);
    if (attempt == Attempt::done) value = borrow(Py_None);
    return attempt;
}

bool wait_on_future(OperationObject* operation) {
    const auto side = operation->sends ? Request::Side::sending : Request::Side::receiving;
    const Owned future = request_from(operation->request).wait_for(side);
    operation->waiting = future ? PyObject_GetIter(future.get()) : nullptr;
    return operation->waiting != nullptr;
}

PySendResult proceed(OperationObject* operation, PyObject* argument, PyObject** result) {
    while (true) {
        if (operation->waiting != nullptr) {
            const Owned iterator = borrow(operation->waiting);
            const PySendResult sent = PyIter_Send(iterator.get(), argument, result);
            if (sent == PYGEN_NEXT) return sent;
            Py_CLEAR(operation->waiting);
            if (sent == PYGEN_ERROR) return sent;
            Py_CLEAR(*result);
        }
        if (operation->value == nullptr) {
            Owned value;
            const Attempt attempted = attempt(operation, value);
            if (attempted == Attempt::failed) return PYGEN_ERROR;
            if (attempted == Attempt::waits) {
                if (!wait_on_future(operation)) return PYGEN_ERROR;
                argument = Py_None;
                continue;
            }
            operation->value = value.release();
        }
        *result = Py_NewRef(operation->value);
        return PYGEN_RETURN;
    }
}

PySendResult operation_send(PyObject* self, PyObject* argument, PyObject** result) {
    *result = nullptr;
    return guarded(PYGEN_ERROR, [&] { return proceed(of(self), argument, result); });
}

PyObject* resumed(PySendResult sent, PyObject* result) {
    if (sent == PYGEN_RETURN) return stop_with(result);
    return result;
}

PyObject* operation_next(PyObject* self) {
    PyObject* result = nullptr;
    const PySendResult sent = operation_send(self, Py_None, &result);
    return resumed(sent, result);
}

PyObject* operation_send_method(PyObject* self, PyObject* argument) {
    PyObject* result = nullptr;
    const PySendResult sent = operation_send(self, argument, &result);
    return resumed(sent, result);
}

// Cancelled, mostly: the future's iterator has nothing to clean up, so the exception just goes on.
PyObject* operation_throw(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    Py_CLEAR(of(self)->waiting);
    raise_arguments(arguments, count);
    return nullptr;
}

PyObject* operation_close(PyObject* self, PyObject*) {
    Py_CLEAR(of(self)->waiting);
    Py_RETURN_NONE;
}

void operation_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    OperationObject* const operation = of(self);
    Py_CLEAR(operation->waiting);
    Py_CLEAR(operation->value);
    Py_CLEAR(operation->request);
    operation->unsent.~Unsent();
    type->tp_free(self);
    Py_DECREF(type);
}

PyMethodDef operation_methods[] = {
    {"send", operation_send_method, METH_O, nullptr},
    {"throw", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(operation_throw)), METH_FASTCALL,
     nullptr},
    {"close", operation_close, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyType_Slot operation_slots[] = {{Py_am_await, reinterpret_cast<void*>(self_again)},
                                 {Py_am_send, reinterpret_cast<void*>(operation_send)},
                                 {Py_tp_iter, reinterpret_cast<void*>(self_again)},
                                 {Py_tp_iternext, reinterpret_cast<void*>(operation_next)},
                                 {Py_tp_methods, operation_methods},
                                 {Py_tp_dealloc, reinterpret_cast<void*>(operation_dealloc)},
                                 {0, nullptr}};
PyType_Spec operation_spec = {"_baton.Operation", sizeof(OperationObject), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, operation_slots};

Owned make_operation(Loop& loop, Borrowed request, Unsent unsent, bool sends) {
    auto* const operation =
        PyObject_New(OperationObject, reinterpret_cast<PyTypeObject*>(loop.operation_type.get()));
    if (operation == nullptr) return {};
    operation->request = Py_NewRef(request.get());
    operation->waiting = nullptr;
    operation->value = nullptr;
    operation->sends = sends;
    new (&operation->unsent) Unsent(std::move(unsent));
    return steal(reinterpret_cast<PyObject*>(operation));
}

Owned make_ready(Loop& loop, Owned value, bool raises) {
    auto* const object = PyObject_New(ReadyObject, reinterpret_cast<PyTypeObject*>(loop.ready_type.get()));
    if (object == nullptr) return {};
    object->value = value.release();
    object->raises = raises;
    return steal(reinterpret_cast<PyObject*>(object));
}

// The exception that is set, for whoever awaits: a coroutine function would raise it there, too.
Owned failed(Loop& loop) {
    return make_ready(loop, steal(python::take_raised()), true);
}

// Nothing is taken before somebody waits for it: a task of it may be cancelled before it has begun.
PyObject* call_receive(PyObject* request, PyObject*) {
    if (!on_the_loop("receive()")) return nullptr;
    return receiving(*Loop::current, request).release();
}

PyObject* call_send(PyObject* request, PyObject* message) {
    if (!on_the_loop("send()")) return nullptr;
    Loop& loop = *Loop::current;
    Unsent unsent;
    switch (guarded(Attempt::failed, [&] { return request_from(request).send(message, unsent); })) {
        case Attempt::done:
            return borrow(loop.sent).release();
        case Attempt::waits:
            return sending(loop, request, std::move(unsent)).release();
        case Attempt::failed:
            break;
    }
    return failed(loop).release();
}

PyMethodDef receive_method = {"receive", call_receive, METH_NOARGS,
                              "receive() -> an awaitable of the next event, a dict."};
PyMethodDef send_method = {"send", call_send, METH_O, "send(message) -> an awaitable of None."};

}  // namespace

bool on_the_loop(const char* what) {
    if (Loop::current != nullptr) return true;
    PyErr_Format(PyExc_RuntimeError, "%s was called on a thread that is not the event loop's", what);
    return false;
}

Owned make_ready_type(Module& module) {
    return module.add(ready_spec);
}

Owned make_operation_type(Module& module) {
    return module.add(operation_spec);
}

Owned ready(Loop& loop, Owned value) {
    return make_ready(loop, std::move(value), false);
}

Owned receiving(Loop& loop, Borrowed request) {
    return make_operation(loop, request, {}, false);
}

Owned sending(Loop& loop, Borrowed request, Unsent unsent) {
    return make_operation(loop, request, std::move(unsent), true);
}

Owned make_receive(Borrowed request) {
    return steal(PyCFunction_New(&receive_method, request.get()));
}

Owned make_send(Borrowed request) {
    return steal(PyCFunction_New(&send_method, request.get()));
}

}  // namespace baton::interp::asgi
