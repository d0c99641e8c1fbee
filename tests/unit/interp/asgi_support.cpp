#include "tests/unit/interp/asgi_support.hpp"

#include "interp/asgi/loop_type.hpp"
#include "interp/asgi/operation.hpp"
#include "interp/errors.hpp"

namespace baton::interp::asgi::test {

namespace {

constexpr const char* kCapsule = "test.work";

PyObject* work(PyObject* capsule, PyObject*) {
    (*static_cast<std::function<void()>*>(PyCapsule_GetPointer(capsule, kCapsule)))();
    Py_RETURN_NONE;
}

PyMethodDef work_method = {"work", work, METH_NOARGS, nullptr};

Owned make_object(bool fast) {
    const Owned asyncio = expect(PyImport_ImportModule("asyncio"));
    const Owned base = expect(PyObject_GetAttrString(asyncio.get(), "SelectorEventLoop"));
    return make_loop_object(base, fast);
}

}  // namespace

LoopRoom::LoopRoom(bool fast)
    : attached_(interp::test::runtime().main_thread()),
      object_(make_object(fast)),
      loop_(std::make_unique<Loop>(borrow(object_), fast, queue_, interp::test::log())),
      globals_(expect(PyDict_New())) {
    interp::test::logged();
    give("loop", object_);
    run("import asyncio\nseen = []");
}

// Handles refer to the Loop: they go first.
LoopRoom::~LoopRoom() {
    run(R"py(
for task in asyncio.all_tasks(loop):
    task.cancel()
loop.stop()
loop.run_forever()
loop.close()
)py");
    PyDict_Clear(globals_.get());
    PyGC_Collect();
    loop_.reset();
}

void LoopRoom::run(const std::string& source) {
    const Owned result = steal(PyRun_String(source.c_str(), Py_file_input, globals_.get(), globals_.get()));
    if (!result) ADD_FAILURE() << take_traceback();
}

Owned LoopRoom::get(const std::string& expression) {
    return steal(PyRun_String(expression.c_str(), Py_eval_input, globals_.get(), globals_.get()));
}

std::string LoopRoom::show(const std::string& expression) {
    const Owned value = get(expression);
    if (value) return text_of(value);
    const Owned exception = steal(python::take_raised());
    return std::string(Py_TYPE(exception.get())->tp_name) + ": " + text_of(exception);
}

void LoopRoom::give(const char* name, Borrowed value) {
    expect(PyDict_SetItemString(globals_.get(), name, value.get()));
}

void LoopRoom::turn() {
    run("loop.stop()\nloop.run_forever()");
}

void LoopRoom::on_loop(std::function<void()> what) {
    const Owned capsule = expect(PyCapsule_New(&what, kCapsule, nullptr));
    const Owned callback = expect(PyCFunction_New(&work_method, capsule.get()));
    expect(PyObject_CallMethod(object_.get(), "call_soon", "O", callback.get()));
    turn();
}

HttpRoom::HttpRoom(const std::string& head, const std::string& body, std::size_t pipe, bool fast)
    : LoopRoom(fast), exchange(connection.exchange(head, body)) {
    if (pipe > 0) exchange->body.pipe = std::make_unique<http::BodyPipe>(pipe);
    EXPECT_TRUE(exchange->claim(dispatch::now()));
    object_ = wrap(loop(), std::make_unique<Http>(loop(), exchange));
    // As the mail does it; the callback that would be its first is over at once.
    http().begin(object_, dispatch::now(), 0);
    {
        const Step first(loop(), &http(), {true, 0});
    }
    give("request", object_);
    give("receive", make_receive(object_));
    give("send", make_send(object_));
    give("variable", loop().request_var);
    run(R"py(
import contextvars
context = contextvars.copy_context()
context.run(variable.set, request)

def now(awaitable):
    try:
        awaitable.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")

def tell(message):
    return now(send(message))

def start(status=200, headers=(), **more):
    tell({"type": "http.response.start", "status": status, "headers": headers, **more})

def body(bytes=b"", more=False):
    return send({"type": "http.response.body", "body": bytes, "more_body": more})
)py");
}

HttpRoom::~HttpRoom() {
    const Step last(loop(), &http(), {});
    http().end();
}

void HttpRoom::step(const std::string& source) {
    const Step step(loop(), &http(), {});
    run(source);
}

std::string HttpRoom::ask(const std::string& expression) {
    const Step step(loop(), &http(), {});
    return show(expression);
}

}  // namespace baton::interp::asgi::test
