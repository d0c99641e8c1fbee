// The only place that includes Python.h, and the only one that asks for its version.
//
// Threads, lifetime: as CPython says. Cannot: hide differences that change behaviour; only spelling is evened
// out here.
#pragma once

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>

#include "interp/python_types.hpp"

#if PY_VERSION_HEX < 0x030B0000
#error "Baton needs CPython 3.11 or newer"
#endif
#if PY_VERSION_HEX < 0x030C0000
#include <structmember.h>
#endif

namespace baton::interp::python {

#if PY_VERSION_HEX >= 0x030C0000
inline constexpr int kMemberSize = Py_T_PYSSIZET;
inline constexpr int kReadOnly = Py_READONLY;
inline constexpr int kMemberBool = Py_T_BOOL;
inline constexpr int kMemberObject = _Py_T_OBJECT;
#else
inline constexpr int kMemberSize = T_PYSSIZET;
inline constexpr int kReadOnly = READONLY;
inline constexpr int kMemberBool = T_BOOL;
inline constexpr int kMemberObject = T_OBJECT;
#endif

// Does the calling thread hold the GIL?
inline bool attached() {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked() != nullptr;
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyThreadState_UncheckedGet() != nullptr;
#else
    // There the current state is one variable of the process, which names whoever holds the lock.
    return PyGILState_Check() != 0;
#endif
}

// Does the calling thread hold the GIL with this state of its own?
inline bool is_current(PyThreadState* state) {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked() == state;
#else
    // Not PyGILState_Check(): in 3.11 that says yes to everybody once there has been another interpreter.
    return _PyThreadState_UncheckedGet() == state;
#endif
}

// Does this Python run with a GIL? Only a free-threaded build may do without, and may change its mind when it
// imports an extension that needs one. Holding the GIL, or attached.
inline bool gil_enabled() {
#ifdef Py_GIL_DISABLED
    PyObject* ask = PySys_GetObject("_is_gil_enabled");
    PyObject* answer = ask != nullptr ? PyObject_CallNoArgs(ask) : nullptr;
    const bool enabled = answer != Py_False;
    Py_XDECREF(answer);
    if (answer == nullptr) PyErr_Clear();
    return enabled;
#else
    return true;
#endif
}

// Takes the raised exception: a new reference, null when there is none.
inline PyObject* take_raised() {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    if (type == nullptr) return nullptr;
    PyErr_NormalizeException(&type, &value, &traceback);
    // None takes away what the exception may still have from within the import machinery, as 3.12 does.
    PyException_SetTraceback(value, traceback != nullptr ? traceback : Py_None);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

// Strings made by pre-PEP 393 interfaces have to be made ready before 3.12.
inline bool ready(PyObject* text) {
#if PY_VERSION_HEX >= 0x030C0000
    static_cast<void>(text);
    return true;
#else
    return PyUnicode_READY(text) == 0;
#endif
}

}  // namespace baton::interp::python
