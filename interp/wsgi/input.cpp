#include "interp/wsgi/input.hpp"

#include "interp/errors.hpp"
#include "interp/guard.hpp"

namespace baton::interp::wsgi {

namespace {

struct InputObject {
    PyObject_HEAD RequestBody* body;  // null: empty, or over
    bool empty;
};

InputObject* input_of(PyObject* self) {
    return reinterpret_cast<InputObject*>(self);
}

// What a file's methods take: nothing, None (both: no limit) or an integer.
bool size_argument(const char* method, PyObject* const* arguments, Py_ssize_t count, Py_ssize_t& size) {
    size = -1;
    if (count > 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most one argument (%zd given)", method, count);
        return false;
    }
    if (count == 0 || arguments[0] == Py_None) return true;
    size = PyNumber_AsSsize_t(arguments[0], PyExc_OverflowError);
    return size != -1 || PyErr_Occurred() == nullptr;
}

// The right to read, for one call.
class Reading {
  public:
    explicit Reading(PyObject* self) : input_(input_of(self)), body_(input_->body) {
        if (body_ == nullptr || body_->busy.try_enter()) return;
        body_ = nullptr;
        refused_ = "wsgi.input is being read by another thread";
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() {
        if (body_ != nullptr) body_->busy.leave();
    }

    RequestBody* body() const { return body_; }
    PyObject* bytes(Py_ssize_t size) const {
        return guarded<PyObject*>(nullptr, [&] { return body_->read(size); });
    }
    PyObject* line(Py_ssize_t limit) const {
        return guarded<PyObject*>(nullptr, [&] { return body_->readline(limit); });
    }
    // What a read gives when there is no body to read from.
    PyObject* nothing(PyObject* value) const {
        if (input_->empty) return value;
        Py_XDECREF(value);
        PyErr_SetString(refused_ != nullptr ? PyExc_RuntimeError : PyExc_ValueError,
                        refused_ != nullptr ? refused_ : "wsgi.input was read after its request had ended");
        return nullptr;
    }

  private:
    InputObject* input_;
    RequestBody* body_;
    const char* refused_ = nullptr;
};

PyObject* no_bytes() {
    return PyBytes_FromStringAndSize(nullptr, 0);
}

PyObject* read(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    Py_ssize_t size = -1;
    if (!size_argument("read", arguments, count, size)) return nullptr;
    const Reading reading(self);
    return reading.body() != nullptr ? reading.bytes(size) : reading.nothing(no_bytes());
}

PyObject* readline(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    Py_ssize_t limit = -1;
    if (!size_argument("readline", arguments, count, limit)) return nullptr;
    const Reading reading(self);
    return reading.body() != nullptr ? reading.line(limit) : reading.nothing(no_bytes());
}

PyObject* readlines(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    Py_ssize_t hint = -1;
    if (!size_argument("readlines", arguments, count, hint)) return nullptr;
    Owned lines = steal(PyList_New(0));
    if (!lines) return nullptr;
    const Reading reading(self);
    if (reading.body() == nullptr) return reading.nothing(lines.release());
    for (Py_ssize_t total = 0; hint <= 0 || total < hint;) {
        const Owned line = steal(reading.line(-1));
        if (!line) return nullptr;
        if (PyBytes_GET_SIZE(line.get()) == 0) break;
        if (PyList_Append(lines.get(), line.get()) < 0) return nullptr;
        total += PyBytes_GET_SIZE(line.get());
    }
    return lines.release();
}

PyObject* next(PyObject* self) {
    Owned line = steal(readline(self, nullptr, 0));
    if (!line || PyBytes_GET_SIZE(line.get()) == 0)
        return nullptr;  // null without an exception ends the iteration
    return line.release();
}

void dealloc(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

using FastMethod = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t);
PyCFunction fast(FastMethod method) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(method));
}

PyMethodDef methods[] = {
    {"read", fast(read), METH_FASTCALL, "read(size=-1): bytes, fewer than size only at the end"},
    {"readline", fast(readline), METH_FASTCALL, "readline(size=-1): bytes through the next newline"},
    {"readlines", fast(readlines), METH_FASTCALL, "readlines(hint=-1): list of lines"},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {{Py_tp_methods, methods},
                       {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                       {Py_tp_iternext, reinterpret_cast<void*>(next)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {0, nullptr}};

PyType_Spec spec = {"_baton.Input", sizeof(InputObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

PyObject* allocate(Borrowed type, RequestBody* body) {
    auto* type_object = reinterpret_cast<PyTypeObject*>(type.get());
    InputObject* input = PyObject_New(InputObject, type_object);
    if (input == nullptr) return nullptr;
    input->body = body;
    input->empty = body == nullptr;
    return reinterpret_cast<PyObject*>(input);
}

}  // namespace

Owned make_input_type(Module& module) {
    return module.add(spec);
}
Owned make_empty_input(Borrowed type) {
    return expect(allocate(type, nullptr));
}
Owned make_input(Borrowed type, RequestBody& body) {
    return steal(allocate(type, &body));
}
void cut_off(Borrowed input) {
    input_of(input.get())->body = nullptr;
}

}  // namespace baton::interp::wsgi
