#include "interp/asgi/course.hpp"

#include <utility>

#include "interp/errors.hpp"

namespace baton::interp::asgi {

namespace {

struct CourseObject {
    PyObject_HEAD PyObject* subject;
    PyObject* inner;  // null when it is over
    CourseEnded ended;
};

CourseObject* of(PyObject* self) {
    return reinterpret_cast<CourseObject*>(self);
}

// The application's end, as the Task sees it: None, whatever it was, for whoever had to know has been told.
// Only a cancelled one is cancelled for the Task as well.
PySendResult finish(PyObject* self, bool raised, PyObject** result) {
    CourseObject* const course = of(self);
    const Owned inner = steal(std::exchange(course->inner, nullptr));
    const Owned subject = steal(std::exchange(course->subject, nullptr));
    Owned exception;
    bool cancelled = false;
    if (raised) {
        exception = steal(python::take_raised());
        const char* const name = Py_TYPE(exception.get())->tp_name;
        cancelled = std::string_view(name).ends_with("CancelledError");
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
    }
    if (subject) course->ended(subject.get(), raised ? CourseEnd::raised : CourseEnd::returned);
    PyErr_Clear();
    *result = nullptr;
    if (cancelled) {
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
        return PYGEN_ERROR;
    }
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

PySendResult course_send(PyObject* self, PyObject* argument, PyObject** result) {
    CourseObject* const course = of(self);
    *result = nullptr;
    if (course->inner == nullptr) {
        PyErr_SetString(PyExc_RuntimeError, "cannot reuse a call of an application that is over");
        return PYGEN_ERROR;
    }
    const Owned inner = borrow(course->inner);
    const PySendResult sent = PyIter_Send(inner.get(), argument, result);
    if (sent == PYGEN_NEXT) return sent;
    if (sent == PYGEN_RETURN) Py_CLEAR(*result);
    return finish(self, sent == PYGEN_ERROR, result);
}

PyObject* stop(PySendResult sent, PyObject* result) {
    if (sent != PYGEN_RETURN) return result;
    Py_XDECREF(result);
    PyErr_SetNone(PyExc_StopIteration);
    return nullptr;
}

PyObject* course_next(PyObject* self) {
    PyObject* result = nullptr;
    const PySendResult sent = course_send(self, Py_None, &result);
    return stop(sent, result);
}

PyObject* course_send_method(PyObject* self, PyObject* argument) {
    PyObject* result = nullptr;
    const PySendResult sent = course_send(self, argument, &result);
    return stop(sent, result);
}

PyObject* course_throw(PyObject* self, PyObject* arguments) {
    CourseObject* const course = of(self);
    if (course->inner == nullptr) {
        PyObject* const type = PyTuple_GET_SIZE(arguments) > 0 ? PyTuple_GET_ITEM(arguments, 0) : nullptr;
        if (type != nullptr && PyExceptionInstance_Check(type)) {
            PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(type)), type);
        } else {
            PyErr_SetString(PyExc_RuntimeError, "the application's call is over");
        }
        return nullptr;
    }
    const Owned inner = borrow(course->inner);
    const Owned method = steal(PyObject_GetAttrString(inner.get(), "throw"));
    PyObject* result = method ? PyObject_Call(method.get(), arguments, nullptr) : nullptr;
    if (result != nullptr) return result;
    const bool returned = PyErr_ExceptionMatches(PyExc_StopIteration) != 0;
    if (returned) PyErr_Clear();
    const PySendResult sent = finish(self, !returned, &result);
    return stop(sent, result);
}

PyObject* course_close(PyObject* self, PyObject*) {
    CourseObject* const course = of(self);
    if (course->inner == nullptr) Py_RETURN_NONE;
    const Owned inner = borrow(course->inner);
    return PyObject_CallMethod(inner.get(), "close", nullptr);
}

PyObject* self_again(PyObject* self) {
    return Py_NewRef(self);
}

// cr_frame, cr_code, __name__ and so on, for tracebacks of tasks and debuggers.
PyObject* get_attribute(PyObject* self, PyObject* name) {
    PyObject* const found = PyObject_GenericGetAttr(self, name);
    if (found != nullptr || of(self)->inner == nullptr || PyErr_ExceptionMatches(PyExc_AttributeError) == 0)
        return found;
    PyErr_Clear();
    return PyObject_GetAttr(of(self)->inner, name);
}

void dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(of(self)->inner);
    Py_CLEAR(of(self)->subject);
    type->tp_free(self);
    Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(of(self)->inner);
    Py_VISIT(of(self)->subject);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(of(self)->inner);
    Py_CLEAR(of(self)->subject);
    return 0;
}

PyMethodDef methods[] = {{"send", course_send_method, METH_O, nullptr},
                         {"throw", course_throw, METH_VARARGS, nullptr},
                         {"close", course_close, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};
PyType_Slot slots[] = {{Py_am_await, reinterpret_cast<void*>(self_again)},
                       {Py_am_send, reinterpret_cast<void*>(course_send)},
                       {Py_tp_iter, reinterpret_cast<void*>(self_again)},
                       {Py_tp_iternext, reinterpret_cast<void*>(course_next)},
                       {Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
                       {Py_tp_methods, methods},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {0, nullptr}};
PyType_Spec spec = {"_baton.Course", sizeof(CourseObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

}  // namespace

Owned make_course_type(Module& module) {
    return module.add(spec);
}

Owned awaited(Borrowed awaitable) {
    if (PyCoro_CheckExact(awaitable.get())) return borrow(awaitable);
    const Owned method = attribute(awaitable, "__await__");
    if (!method) {
        PyErr_Format(PyExc_TypeError,
                     "the application returned %.200s, which cannot be awaited; an ASGI application is a "
                     "coroutine function (scope, receive, send)",
                     Py_TYPE(awaitable.get())->tp_name);
        return {};
    }
    return steal(PyObject_CallNoArgs(method.get()));
}

Owned make_course(Loop& loop, Owned subject, Owned call_result, CourseEnded ended) {
    Owned inner = awaited(call_result);
    if (!inner) return {};
    auto* const course =
        PyObject_GC_New(CourseObject, reinterpret_cast<PyTypeObject*>(loop.course_type.get()));
    if (course == nullptr) return {};
    course->subject = subject.release();
    course->inner = inner.release();
    course->ended = ended;
    PyObject_GC_Track(course);
    return steal(reinterpret_cast<PyObject*>(course));
}

Owned start_task(Loop& loop, Borrowed course, Borrowed context) {
    // In a copy of the context: older factories do not take one, and eager tasks enter theirs at once.
    if (loop.task_factory)
        return steal(PyObject_CallMethod(loop.object.get(), "create_task", "O", course.get()));
    const Owned names = steal(PyTuple_Pack(2, loop.strings.loop.get(), loop.strings.context.get()));
    if (!names) return {};
    PyObject* arguments[] = {nullptr, course.get(), loop.object.get(), context.get()};
    loop.capturing = context.get();
    Owned task = steal(PyObject_Vectorcall(loop.task_type.get(), arguments + 1,
                                           1 | PY_VECTORCALL_ARGUMENTS_OFFSET, names.get()));
    loop.capturing = nullptr;
    const Owned first_step = std::move(loop.captured);
    if (!task || !first_step) return task;
    const Owned stepped = steal(PyObject_CallNoArgs(first_step.get()));
    if (!stepped) return {};
    return task;
}

}  // namespace baton::interp::asgi
