#include "interp/asgi/loop_type.hpp"

#include <array>
#include <vector>

#include "interp/asgi/handle.hpp"
#include "interp/errors.hpp"
#include "interp/guard.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp::asgi {

namespace {

using dispatch::Nanoseconds;

// The arguments of a vectorcall.
struct Arguments {
    PyObject* const* values;
    Py_ssize_t count;
    PyObject* names;

    PyObject* named(const char* name) const {
        const Py_ssize_t all = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
        for (Py_ssize_t i = 0; i < all; ++i) {
            if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), name) == 0)
                return values[count + i];
        }
        return nullptr;
    }
};

PyObject* context_of(const Arguments& arguments) {
    PyObject* const context = arguments.named("context");
    return context == nullptr || context == Py_None ? nullptr : context;
}

// The method of the class that ours is made of.
Owned base_method(PyObject* self, const char* name) {
    const Owned bases =
        steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(self)), "__baton_base__"));
    return bases ? steal(PyObject_GetAttrString(bases.get(), name)) : Owned();
}

// The same call of the base's method.
PyObject* forward(PyObject* self, const char* name, const Arguments& arguments) {
    const Owned method = base_method(self, name);
    if (!method) return nullptr;
    const Py_ssize_t names = arguments.names == nullptr ? 0 : PyTuple_GET_SIZE(arguments.names);
    std::vector<PyObject*> values{self};
    values.insert(values.end(), arguments.values, arguments.values + arguments.count + names);
    return PyObject_Vectorcall(method.get(), values.data(), static_cast<std::size_t>(1 + arguments.count),
                               arguments.names);
}

PyObject* wrap_and_forward(PyObject* self, const char* name, const Arguments& arguments, Py_ssize_t place,
                           Runs runs, Nanoseconds due) {
    Loop* const loop = Loop::of(self);
    if (loop == nullptr || arguments.count <= place || PyCallable_Check(arguments.values[place]) == 0)
        return forward(self, name, arguments);
    // One method of the base comes to another that is ours as well.
    if (is_handle(*loop, arguments.values[place])) return forward(self, name, arguments);
    const Callback callback{arguments.values[place], arguments.values + place + 1,
                            arguments.count - place - 1};
    const Owned handle = make_handle(*loop, callback, context_of(arguments), false, runs, due);
    if (!handle) return nullptr;
    // Without the arguments that are in the handle now.
    std::vector<PyObject*> values(arguments.values, arguments.values + place);
    values.push_back(handle.get());
    const Py_ssize_t names = arguments.names == nullptr ? 0 : PyTuple_GET_SIZE(arguments.names);
    values.insert(values.end(), arguments.values + arguments.count,
                  arguments.values + arguments.count + names);
    return forward(self, name, {values.data(), place + 1, arguments.names});
}

// As forward(), with the callback at `place` and all arguments behind it in a Handle.
PyObject* forward_wrapped(PyObject* self, const char* name, const Arguments& arguments, Py_ssize_t place,
                          Runs runs, Nanoseconds due) {
    return guarded<PyObject*>(nullptr,
                              [&] { return wrap_and_forward(self, name, arguments, place, runs, due); });
}

PyObject* call_soon(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    const Arguments arguments{values, count, names};
    Loop* const loop = Loop::current;
    if (loop == nullptr || loop->object.get() != self || count < 1)
        return forward_wrapped(self, "call_soon", arguments, 0, Runs::once, 0);
    // Finalizers may queue callbacks while the task is being made; its own step names its context.
    if (loop->capturing != nullptr && context_of(arguments) == loop->capturing) {
        loop->capturing = nullptr;
        loop->captured = borrow(values[0]);
        Py_RETURN_NONE;
    }
    if (!loop->append_ready) return forward_wrapped(self, "call_soon", arguments, 0, Runs::once, 0);
    if (PyCallable_Check(values[0]) == 0)
        return PyErr_Format(PyExc_TypeError, "a callable object was expected by call_soon(), got %R",
                            values[0]);
    Owned handle =
        make_handle(*loop, {values[0], values + 1, count - 1}, context_of(arguments), true, Runs::once, 0);
    if (!handle) return nullptr;
    const Owned appended = steal(PyObject_CallOneArg(loop->append_ready.get(), handle.get()));
    return appended ? handle.release() : nullptr;
}

PyObject* call_soon_threadsafe(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    return forward_wrapped(self, "call_soon_threadsafe", {values, count, names}, 0, Runs::once, 0);
}

// Loops count in seconds of CLOCK_MONOTONIC, as now() does in nanoseconds.
Nanoseconds in_nanoseconds(double seconds) {
    return seconds > 0 && seconds < 9e9 ? static_cast<Nanoseconds>(seconds * 1e9) : 0;
}

Nanoseconds number_at(const Arguments& arguments) {
    if (arguments.count < 1) return 0;
    const double value = PyFloat_AsDouble(arguments.values[0]);
    PyErr_Clear();  // the base complains in its own words
    return in_nanoseconds(value);
}

PyObject* call_later(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    const Arguments arguments{values, count, names};
    return forward_wrapped(self, "call_later", arguments, 1, Runs::once,
                           dispatch::now() + number_at(arguments));
}

PyObject* call_at(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    const Arguments arguments{values, count, names};
    const Nanoseconds due = std::max<Nanoseconds>(1, number_at(arguments));
    return forward_wrapped(self, "call_at", arguments, 1, Runs::once, due);
}

PyObject* add_reader(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    return forward_wrapped(self, "add_reader", {values, count, names}, 1, Runs::often, 0);
}
PyObject* add_writer(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    return forward_wrapped(self, "add_writer", {values, count, names}, 1, Runs::often, 0);
}
// asyncio's own transports use these.
PyObject* add_own_reader(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    return forward_wrapped(self, "_add_reader", {values, count, names}, 1, Runs::often, 0);
}
PyObject* add_own_writer(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) {
    return forward_wrapped(self, "_add_writer", {values, count, names}, 1, Runs::often, 0);
}

using Method = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);

PyMethodDef method(const char* name, Method function) {
    return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)),
            METH_FASTCALL | METH_KEYWORDS, nullptr};
}

// asyncio's call_later() comes to call_at(), and its public add_reader() to _add_reader().
std::array<PyMethodDef, 5> asyncio_methods = {
    method("call_soon", call_soon), method("call_soon_threadsafe", call_soon_threadsafe),
    method("call_at", call_at), method("_add_reader", add_own_reader), method("_add_writer", add_own_writer)};
std::array<PyMethodDef, 6> other_methods = {
    method("call_soon", call_soon),   method("call_soon_threadsafe", call_soon_threadsafe),
    method("call_later", call_later), method("call_at", call_at),
    method("add_reader", add_reader), method("add_writer", add_writer)};

template <std::size_t Count>
void add_methods(Borrowed type, std::array<PyMethodDef, Count>& methods) {
    for (PyMethodDef& each : methods) {
        const Owned descriptor =
            expect(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.get()), &each));
        expect(PyObject_SetAttrString(type.get(), each.ml_name, descriptor.get()));
    }
}

}  // namespace

Owned make_loop_object(Borrowed base, bool fast) {
    const Owned members = expect(Py_BuildValue("{ssss}", "__module__", "baton", "__doc__",
                                               "The event loop of the Baton application server."));
    expect(PyDict_SetItemString(members.get(), "__baton_base__", base.get()));
    const Owned type = expect(PyObject_CallFunction(reinterpret_cast<PyObject*>(Py_TYPE(base.get())), "s(O)O",
                                                    "EventLoop", base.get(), members.get()));
    // In debug mode asyncio's is not fast, but its methods come to each other all the same.
    if (fast || attribute(base, "_add_reader")) {
        add_methods(type, asyncio_methods);
    } else {
        add_methods(type, other_methods);
    }
    return expect(PyObject_CallNoArgs(type.get()));
}

}  // namespace baton::interp::asgi
