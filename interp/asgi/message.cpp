#include "interp/asgi/message.hpp"

#include <string>

#include "interp/errors.hpp"
#include "server/http/serializer.hpp"

namespace baton::interp::asgi {

namespace {

bool as_bytes(PyObject* object, const char* what, std::string_view& bytes) {
    if (!PyBytes_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be bytes, not %.100s", what, Py_TYPE(object)->tp_name);
        return false;
    }
    bytes = {PyBytes_AS_STRING(object), static_cast<std::size_t>(PyBytes_GET_SIZE(object))};
    return true;
}

bool read_field(PyObject* pair, AddField add, void* to) {
    const Owned fields = steal(PySequence_Fast(pair, "a header must be a pair [name, value]"));
    if (!fields) return false;
    if (PySequence_Fast_GET_SIZE(fields.get()) != 2) {
        PyErr_SetString(PyExc_ValueError, "a header must be a pair [name, value]");
        return false;
    }
    const Owned name_object = borrow(PySequence_Fast_GET_ITEM(fields.get(), 0));
    const Owned value_object = borrow(PySequence_Fast_GET_ITEM(fields.get(), 1));
    std::string_view name;
    std::string_view value;
    if (!as_bytes(name_object.get(), "a header's name", name) ||
        !as_bytes(value_object.get(), "a header's value", value))
        return false;
    const http::FieldFault fault = add(to, name, value);
    if (fault == http::FieldFault::none) return true;
    const std::string why(http::explain(fault));
    PyErr_Format(PyExc_ValueError, "the response header %R: %R is refused: %s", name_object.get(),
                 value_object.get(), why.c_str());
    return false;
}

}  // namespace

PyObject* type_of(const Strings& strings, Borrowed message) {
    if (!PyDict_Check(message.get())) {
        PyErr_Format(PyExc_TypeError, "a message must be a dict, not %.100s",
                     Py_TYPE(message.get())->tp_name);
        return nullptr;
    }
    PyObject* const type = PyDict_GetItemWithError(message.get(), strings.type.get());
    if (type != nullptr && PyUnicode_Check(type)) return type;
    if (PyErr_Occurred() == nullptr)
        PyErr_SetString(PyExc_TypeError, "a message needs a \"type\", which is a str");
    return nullptr;
}

bool is(PyObject* text, const Owned& interned) {
    return text == interned.get() || PyUnicode_Compare(text, interned.get()) == 0;
}

PyObject* entry(Borrowed message, const Owned& key) {
    PyObject* const value = PyDict_GetItemWithError(message.get(), key.get());
    if (value == nullptr) PyErr_Clear();
    return value == Py_None ? nullptr : value;
}

bool read_bytes(Borrowed message, const Owned& key, Owned& holder, std::string_view& bytes) {
    PyObject* const value = entry(message, key);
    bytes = {};
    if (value == nullptr) return true;
    if (PyBytes_Check(value)) {
        holder = borrow(value);
    } else if (PyByteArray_Check(value) || PyMemoryView_Check(value)) {
        holder = steal(PyBytes_FromObject(value));
        if (!holder) return false;
    } else {
        PyErr_Format(PyExc_TypeError, "%R must be bytes, not %.100s", key.get(), Py_TYPE(value)->tp_name);
        return false;
    }
    return as_bytes(holder.get(), "a body", bytes);
}

bool read_flag(Borrowed message, const Owned& key, bool& flag) {
    PyObject* const value = entry(message, key);
    const int truth = value == nullptr ? 0 : PyObject_IsTrue(value);
    flag = truth > 0;
    return truth >= 0;
}

bool read_fields(const Strings& strings, Borrowed message, AddField add, void* to) {
    PyObject* const value = entry(message, strings.headers);
    if (value == nullptr) return true;
    // Its size is asked for each time: an error message's repr() may run code of the application's.
    if (PyList_CheckExact(value)) {
        const Owned held = borrow(value);
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(value); ++i) {
            const Owned pair = borrow(PyList_GET_ITEM(value, i));
            if (!read_field(pair.get(), add, to)) return false;
        }
        return true;
    }
    const Owned iterator = steal(PyObject_GetIter(value));
    if (!iterator) return false;
    while (const Owned pair = steal(PyIter_Next(iterator.get()))) {
        if (!read_field(pair.get(), add, to)) return false;
    }
    return PyErr_Occurred() == nullptr;
}

bool read_head(const Strings& strings, Borrowed message, http::ResponseHead& head) {
    head.clear();
    PyObject* const status = entry(message, strings.status);
    // http.HTTPStatus is an int.
    const long number = status != nullptr && PyLong_Check(status) ? PyLong_AsLong(status) : -1;
    if (number < 200 || number > 999) {
        PyErr_Clear();
        const Owned shown = borrow(status != nullptr ? status : Py_None);
        PyErr_Format(PyExc_ValueError, "the status must be an int from 200 to 999, not %R", shown.get());
        return false;
    }
    head.status = static_cast<int>(number);
    head.reason = http::reason_phrase(head.status);
    return read_fields(
        strings, message,
        [](void* to, std::string_view name, std::string_view value) {
            const http::FieldFault fault = static_cast<http::ResponseHead*>(to)->add(name, value);
            // Framing is the server's: ASGI has it ignored, not refused.
            return fault == http::FieldFault::transfer_encoding ? http::FieldFault::none : fault;
        },
        &head);
}

}  // namespace baton::interp::asgi
