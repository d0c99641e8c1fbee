#include "interp/asgi/loop.hpp"

#include "interp/asgi/course.hpp"
#include "interp/asgi/handle.hpp"
#include "interp/asgi/operation.hpp"
#include "interp/asgi/request.hpp"
#include "interp/errors.hpp"

namespace baton::interp::asgi {

namespace {

constexpr const char* kCapsule = "_baton.loop";
constexpr const char* kAttribute = "_baton_loop";

}  // namespace

thread_local Loop* Loop::current = nullptr;

Loop* Loop::of(PyObject* object) {
    if (current != nullptr && current->object.get() == object) return current;
    const Owned capsule = attribute(object, kAttribute);
    if (!capsule || PyCapsule_IsValid(capsule.get(), kCapsule) == 0) return nullptr;
    return static_cast<Loop*>(PyCapsule_GetPointer(capsule.get(), kCapsule));
}

Loop::Loop(Owned event_loop, bool fast_handles, dispatch::LoopQueue& mail, spdlog::logger& to)
    : queue(mail), log(to), object(std::move(event_loop)) {
    handle_type = make_handle_type(module);
    request_type = make_request_type(module);
    course_type = make_course_type(module);
    operation_type = make_operation_type(module);
    ready_type = make_ready_type(module);
    const Owned asyncio = expect(PyImport_ImportModule("asyncio"));
    task_type = expect(PyObject_GetAttrString(asyncio.get(), "Task"));
    create_future = expect(PyObject_GetAttrString(object.get(), "create_future"));
    request_var = expect(PyContextVar_New("baton_request", nullptr));
    sent = ready(*this, borrow(Py_None));
    expect(sent ? 0 : -1);
    if (fast_handles) {
        const Owned queued = expect(PyObject_GetAttrString(object.get(), "_ready"));
        append_ready = expect(PyObject_GetAttrString(queued.get(), "append"));
    }
    const Owned capsule = expect(PyCapsule_New(this, kCapsule, nullptr));
    expect(PyObject_SetAttrString(object.get(), kAttribute, capsule.get()));
    current = this;
}

Loop::~Loop() {
    current = nullptr;
    PyObject_SetAttrString(object.get(), kAttribute, Py_None);
    PyErr_Clear();
}

Owned request_of(Loop& loop, PyObject* context) {
    PyObject* value = nullptr;
    if (context == nullptr || (context == loop.context && &loop == Loop::current)) {
        if (PyContextVar_Get(loop.request_var.get(), nullptr, &value) < 0) return {};
    } else {
        PyObject* arguments[] = {context, loop.request_var.get()};
        value = PyObject_VectorcallMethod(loop.strings.get_value.get(), arguments, 2, nullptr);
    }
    Owned found = steal(value);
    if (!found || !is_request(loop, found.get())) return {};
    return found;
}

}  // namespace baton::interp::asgi
