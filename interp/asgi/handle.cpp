#include "interp/asgi/handle.hpp"

#include <array>
#include <cstddef>

#include "interp/asgi/request.hpp"
#include "interp/errors.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp::asgi {

namespace {

constexpr Py_ssize_t kInline = 2;

struct HandleObject {
    PyObject_HEAD vectorcallfunc call;
    Loop* loop;
    PyObject* function;
    // The first place is for the callee; more than kInline arguments are a tuple in the second.
    PyObject* arguments[1 + kInline];
    Py_ssize_t count;
    PyObject* context;  // null: whoever runs it has entered one
    PyObject* request;  // null: nobody's
    dispatch::Nanoseconds due;
    PyObject* weak_references;
    char cancelled;
    bool often;
    bool counted;
    bool running;
};

HandleObject* of(PyObject* self) {
    return reinterpret_cast<HandleObject*>(self);
}

void drop_call(HandleObject* handle) {
    handle->count = 0;
    Py_CLEAR(handle->function);
    for (Py_ssize_t i = 1; i <= kInline; ++i) Py_CLEAR(handle->arguments[i]);
    Py_CLEAR(handle->context);
    Py_CLEAR(handle->request);
}

PyObject* call_function(HandleObject* handle) {
    if (handle->count > kInline) return PyObject_Call(handle->function, handle->arguments[1], nullptr);
    return PyObject_Vectorcall(handle->function, handle->arguments + 1,
                               static_cast<std::size_t>(handle->count) | PY_VECTORCALL_ARGUMENTS_OFFSET,
                               nullptr);
}

// With the context entered.
PyObject* run_step(HandleObject* handle) {
    if (handle->function == nullptr) Py_RETURN_NONE;  // cancelled meanwhile, or run before
    Request* const request = handle->request != nullptr ? &request_from(handle->request) : nullptr;
    const bool counted = std::exchange(handle->counted, false);
    const Step step(*handle->loop, request, {counted, handle->due});
    const bool outer = std::exchange(handle->running, true);
    PyObject* const result = call_function(handle);
    handle->running = outer;
    return result;
}

// What asyncio does: errors of callbacks go to the loop's exception handler, but those that end it.
PyObject* report(HandleObject* handle) {
    if (PyErr_ExceptionMatches(PyExc_SystemExit) != 0 || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0)
        return nullptr;
    const Owned exception = steal(python::take_raised());
    const Owned message = steal(PyUnicode_FromFormat("Exception in callback %R", handle->function));
    if (!message) PyErr_Clear();
    const Owned context =
        steal(Py_BuildValue("{sOsOsO}", "message", message ? message.get() : Py_None, "exception",
                            exception.get(), "handle", reinterpret_cast<PyObject*>(handle)));
    if (!context) return nullptr;
    return PyObject_CallMethodOneArg(handle->loop->object.get(),
                                     handle->loop->strings.call_exception_handler.get(), context.get());
}

// The callback may hold the last reference to its handle.
PyObject* run(PyObject* self, PyObject*) {
    const Owned held = borrow(self);
    HandleObject* const handle = of(self);
    Loop& loop = *handle->loop;
    const Owned context = borrow(handle->context);
    if (!context) return run_step(handle);
    if (PyContext_Enter(context.get()) < 0) return report(handle);
    PyObject* const outer = std::exchange(loop.context, context.get());
    Owned result = steal(run_step(handle));
    loop.context = outer;
    const bool left = PyContext_Exit(context.get()) == 0;
    if (!result || !left) result = steal(report(handle));
    if (!handle->often) drop_call(handle);
    return result.release();
}

// Called by a loop that enters contexts itself; what it passes is nothing.
PyObject* call(PyObject* self, PyObject* const*, std::size_t, PyObject*) {
    const Owned held = borrow(self);
    HandleObject* const handle = of(self);
    PyObject* const outer = std::exchange(handle->loop->context, nullptr);
    PyObject* const result = run_step(handle);
    handle->loop->context = outer;
    if (handle->cancelled != 0 || (!handle->often && result != nullptr)) drop_call(handle);
    return result;
}

PyObject* cancel(PyObject* self, PyObject*) {
    HandleObject* const handle = of(self);
    if (handle->cancelled == 0) {
        handle->cancelled = 1;
        if (handle->counted && handle->request != nullptr)
            request_from(handle->request).account.cancelled(dispatch::now());
        handle->counted = false;
        // Not under the feet of a callback that takes itself back.
        if (!handle->running) drop_call(handle);
    }
    Py_RETURN_NONE;
}

PyObject* cancelled(PyObject* self, PyObject*) {
    return PyBool_FromLong(of(self)->cancelled);
}

PyObject* get_context(PyObject* self, PyObject*) {
    PyObject* context = of(self)->context;
    return Py_NewRef(context != nullptr ? context : Py_None);
}

// Where it was made; asyncio's error handler looks for it when debugging is switched on. Not kept.
PyObject* source_traceback(PyObject*, void*) {
    Py_RETURN_NONE;
}

PyObject* repr(PyObject* self) {
    HandleObject* const handle = of(self);
    if (handle->function == nullptr)
        return PyUnicode_FromFormat("<Handle%s>", handle->cancelled != 0 ? " cancelled" : "");
    return PyUnicode_FromFormat("<Handle %R>", handle->function);
}

void dealloc(PyObject* self) {
    HandleObject* const handle = of(self);
    if (handle->weak_references != nullptr) PyObject_ClearWeakRefs(self);
    if (handle->counted && handle->request != nullptr)
        request_from(handle->request).account.cancelled(dispatch::now());
    drop_call(handle);
    PyTypeObject* const type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyMethodDef methods[] = {{"_run", run, METH_NOARGS, nullptr},
                         {"cancel", cancel, METH_NOARGS, "Take the callback back."},
                         {"cancelled", cancelled, METH_NOARGS, "Has it been taken back?"},
                         {"get_context", get_context, METH_NOARGS, "The context that it runs in."},
                         {nullptr, nullptr, 0, nullptr}};
PyMemberDef members[] = {
    {"__vectorcalloffset__", python::kMemberSize, offsetof(HandleObject, call), python::kReadOnly, nullptr},
    {"__weaklistoffset__", python::kMemberSize, offsetof(HandleObject, weak_references), python::kReadOnly,
     nullptr},
    {"_cancelled", python::kMemberBool, offsetof(HandleObject, cancelled), python::kReadOnly, nullptr},
    {"_callback", python::kMemberObject, offsetof(HandleObject, function), python::kReadOnly, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyGetSetDef properties[] = {{"_source_traceback", source_traceback, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, properties},
                       {Py_tp_members, members},
                       {Py_tp_repr, reinterpret_cast<void*>(repr)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {0, nullptr}};
PyType_Spec spec = {"_baton.Handle", sizeof(HandleObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    slots};

bool keep_arguments(HandleObject* handle, const Callback& callback) {
    handle->count = callback.count;
    if (callback.count > kInline) {
        PyObject* const tuple = PyTuple_New(callback.count);
        if (tuple == nullptr) return false;
        for (Py_ssize_t i = 0; i < callback.count; ++i)
            PyTuple_SET_ITEM(tuple, i, Py_NewRef(callback.arguments[i]));
        handle->arguments[1] = tuple;
        return true;
    }
    for (Py_ssize_t i = 0; i < callback.count; ++i)
        handle->arguments[1 + i] = Py_NewRef(callback.arguments[i]);
    return true;
}

}  // namespace

Owned make_handle_type(Module& module) {
    return module.add(spec);
}

bool is_handle(const Loop& loop, PyObject* object) {
    return reinterpret_cast<PyObject*>(Py_TYPE(object)) == loop.handle_type.get();
}

Owned make_handle(Loop& loop, const Callback& callback, PyObject* context, bool keep_context, Runs runs,
                  dispatch::Nanoseconds due) {
    auto* const handle = PyObject_New(HandleObject, reinterpret_cast<PyTypeObject*>(loop.handle_type.get()));
    if (handle == nullptr) return {};
    handle->call = call;
    handle->loop = &loop;
    handle->function = Py_NewRef(callback.function);
    for (PyObject*& argument : handle->arguments) argument = nullptr;
    handle->count = 0;
    handle->context = nullptr;
    handle->request = nullptr;
    handle->due = due;
    handle->weak_references = nullptr;
    handle->cancelled = 0;
    handle->often = runs == Runs::often;
    handle->counted = false;
    handle->running = false;
    Owned made = steal(reinterpret_cast<PyObject*>(handle));
    if (!keep_arguments(handle, callback)) return {};
    handle->request = request_of(loop, context).release();
    if (PyErr_Occurred() != nullptr) return {};
    if (context != nullptr) {
        handle->context = keep_context ? Py_NewRef(context) : nullptr;
    } else if (keep_context) {
        handle->context = PyContext_CopyCurrent();
        if (handle->context == nullptr) return {};
    }
    if (runs == Runs::once && due == 0) {
        handle->due = dispatch::now();
        handle->counted = handle->request != nullptr;
        if (handle->counted) request_from(handle->request).account.queued(handle->due);
    }
    return made;
}

}  // namespace baton::interp::asgi
