#include "interp/wsgi/start_response.hpp"

#include <array>
#include <cstddef>

#include "interp/guard.hpp"

namespace baton::interp::wsgi {

namespace {

struct WriteObject {
    PyObject_HEAD vectorcallfunc call;
    Response* response;  // null: over
};

struct StartObject {
    PyObject_HEAD vectorcallfunc call;
    Response* response;  // null: over
    PyObject* write;     // owned; what every call returns
};

StartObject* start_of(PyObject* self) {
    return reinterpret_cast<StartObject*>(self);
}
WriteObject* write_of(PyObject* self) {
    return reinterpret_cast<WriteObject*>(self);
}

PyObject* over(const char* what, const char* ended) {
    PyErr_Format(PyExc_RuntimeError, "%s was called after its %s had ended", what, ended);
    return nullptr;
}

bool enter(Response& response) {
    if (response.busy.try_enter()) return true;
    PyErr_SetString(PyExc_RuntimeError, "start_response() or write() is being called by another thread");
    return false;
}

// The third argument may be given by name.
bool exc_info_argument(PyObject* const* arguments, Py_ssize_t count, PyObject* names, PyObject*& exc_info) {
    const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
    const bool known = named == 0 || (named == 1 && PyUnicode_CompareWithASCIIString(
                                                        PyTuple_GET_ITEM(names, 0), "exc_info") == 0);
    if (!known || count < 2 || count + named > 3) {
        PyErr_SetString(PyExc_TypeError, "start_response(status, response_headers, exc_info=None)");
        return false;
    }
    exc_info = count + named == 3 ? arguments[2] : nullptr;
    return true;
}

PyObject* call_start(PyObject* self, PyObject* const* arguments, std::size_t flagged_count, PyObject* names) {
    PyObject* exc_info = nullptr;
    if (!exc_info_argument(arguments, PyVectorcall_NARGS(flagged_count), names, exc_info)) return nullptr;
    StartObject* start = start_of(self);
    Response* response = start->response;
    if (response == nullptr) return over("start_response()", "request");
    if (!enter(*response)) return nullptr;
    const bool started =
        guarded(false, [&] { return response->start(arguments[0], arguments[1], exc_info); });
    response->busy.leave();
    return started ? Py_NewRef(start->write) : nullptr;
}

PyObject* call_write(PyObject* self, PyObject* const* arguments, std::size_t flagged_count, PyObject* names) {
    if (PyVectorcall_NARGS(flagged_count) != 1 || (names != nullptr && PyTuple_GET_SIZE(names) > 0)) {
        PyErr_SetString(PyExc_TypeError, "write(data) takes one argument");
        return nullptr;
    }
    if (!PyBytes_Check(arguments[0])) {
        return PyErr_Format(PyExc_TypeError, "write() takes bytes, not %.100s",
                            Py_TYPE(arguments[0])->tp_name);
    }
    Response* response = write_of(self)->response;
    if (response == nullptr) return over("write()", "request");
    if (response->over()) return over("write()", "response");
    if (!response->started()) {
        PyErr_SetString(PyExc_AssertionError,
                        "write() was called without a head: the last start_response() has failed");
        return nullptr;
    }
    if (!enter(*response)) return nullptr;
    // That the client has gone is not the application's fault; it will learn when it returns.
    const bool sent = guarded(false, [&] {
        response->send(arguments[0]);
        return true;
    });
    response->busy.leave();
    return sent ? Py_NewRef(Py_None) : nullptr;
}

void dealloc_write(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

void dealloc_start(PyObject* self) {
    Py_DECREF(start_of(self)->write);
    dealloc_write(self);
}

constexpr unsigned kFlags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE |
                            Py_TPFLAGS_DISALLOW_INSTANTIATION;

PyMemberDef write_members[] = {
    {"__vectorcalloffset__", python::kMemberSize, offsetof(WriteObject, call), python::kReadOnly, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyType_Slot write_slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                             {Py_tp_members, write_members},
                             {Py_tp_dealloc, reinterpret_cast<void*>(dealloc_write)},
                             {0, nullptr}};
PyType_Spec write_spec = {"_baton.Write", sizeof(WriteObject), 0, kFlags, write_slots};

PyMemberDef start_members[] = {
    {"__vectorcalloffset__", python::kMemberSize, offsetof(StartObject, call), python::kReadOnly, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyType_Slot start_slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                             {Py_tp_members, start_members},
                             {Py_tp_dealloc, reinterpret_cast<void*>(dealloc_start)},
                             {0, nullptr}};
PyType_Spec start_spec = {"_baton.StartResponse", sizeof(StartObject), 0, kFlags, start_slots};

void point_at(PyObject* start_response, Response* response) {
    StartObject* start = start_of(start_response);
    start->response = response;
    write_of(start->write)->response = response;
}

}  // namespace

StartResponses::StartResponses(Module& module)
    : start_type_(module.add(start_spec)), write_type_(module.add(write_spec)) {}

Owned StartResponses::make() {
    WriteObject* write = PyObject_New(WriteObject, reinterpret_cast<PyTypeObject*>(write_type_.get()));
    if (write == nullptr) return {};
    write->call = call_write;
    write->response = nullptr;
    Owned held = steal(reinterpret_cast<PyObject*>(write));
    StartObject* start = PyObject_New(StartObject, reinterpret_cast<PyTypeObject*>(start_type_.get()));
    if (start == nullptr) return {};
    start->call = call_start;
    start->response = nullptr;
    start->write = held.release();
    return steal(reinterpret_cast<PyObject*>(start));
}

Owned StartResponses::lend(Response& response) {
    Owned start_response;
    if (spare_.empty()) {
        start_response = make();
        if (!start_response) return {};
    } else {
        start_response = std::move(spare_.back());
        spare_.pop_back();
    }
    point_at(start_response.get(), &response);
    return start_response;
}

void StartResponses::take_back(Owned start_response) {
    point_at(start_response.get(), nullptr);
    const bool kept =
        Py_REFCNT(start_response.get()) > 1 || Py_REFCNT(start_of(start_response.get())->write) > 1;
    if (!kept) spare_.push_back(std::move(start_response));
}

}  // namespace baton::interp::wsgi
