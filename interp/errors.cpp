#include "interp/errors.hpp"

namespace baton::interp {

std::string utf8(Borrowed text) {
    if (!text || !PyUnicode_Check(text.get())) return "";
    Py_ssize_t size = 0;
    if (const char* bytes = PyUnicode_AsUTF8AndSize(text.get(), &size)) {
        return {bytes, static_cast<std::size_t>(size)};
    }
    PyErr_Clear();
    const Owned escaped = steal(PyUnicode_AsEncodedString(text.get(), "utf-8", "backslashreplace"));
    if (!escaped) {
        PyErr_Clear();
        return "?";
    }
    return {PyBytes_AS_STRING(escaped.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(escaped.get()))};
}

std::string text_of(Borrowed object) {
    const Owned text = steal(PyObject_Str(object.get()));
    if (!text) {
        PyErr_Clear();
        return std::string("<") + Py_TYPE(object.get())->tp_name + " whose str() raises>";
    }
    return utf8(text);
}

std::string format_exception(Borrowed exception) {
    const Owned traceback = steal(PyImport_ImportModule("traceback"));
    if (traceback) {
        const Owned lines =
            steal(PyObject_CallMethod(traceback.get(), "format_exception", "(O)", exception.get()));
        const Owned empty = steal(PyUnicode_FromStringAndSize("", 0));
        const Owned joined = lines && empty ? steal(PyUnicode_Join(empty.get(), lines.get())) : Owned();
        if (joined) {
            std::string text = utf8(joined);
            while (!text.empty() && text.back() == '\n') text.pop_back();
            return text;
        }
    }
    PyErr_Clear();
    return std::string(Py_TYPE(exception.get())->tp_name) + ": " + text_of(exception);
}

std::string take_traceback() {
    const Owned exception = steal(python::take_raised());
    return exception ? format_exception(exception) : "an error without an exception";
}

Owned expect(PyObject* object) {
    if (object == nullptr) throw PythonError(take_traceback());
    return steal(object);
}

void expect(int status) {
    if (status < 0) throw PythonError(take_traceback());
}

Owned make_str(std::string_view utf8) {
    return expect(PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), "surrogateescape"));
}

Owned attribute(Borrowed object, const char* name) {
    Owned value = steal(PyObject_GetAttrString(object.get(), name));
    if (!value) PyErr_Clear();
    return value;
}

}  // namespace baton::interp
