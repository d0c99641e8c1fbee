#include "interp/wsgi/wsgi.hpp"

#include <spdlog/fmt/fmt.h>

#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "interp/forked.hpp"
#include "interp/module.hpp"
#include "interp/wsgi/deliver.hpp"
#include "interp/wsgi/environ.hpp"
#include "interp/wsgi/file_wrapper.hpp"
#include "interp/wsgi/input.hpp"
#include "interp/wsgi/response.hpp"
#include "interp/wsgi/start_response.hpp"

namespace baton::interp::wsgi {

namespace {

// Everything that refers to Python objects; made and destroyed attached.
struct Parts {
    Parts(PyObject* stolen, const WsgiOptions& options)
        : application(steal(stolen)),
          input_type(make_input_type(module)),
          file_wrapper_type(make_file_wrapper_type(module)),
          empty_input(make_empty_input(input_type)),
          start_responses(module),
          environ(strings, options, file_wrapper_type, empty_input) {}

    Module module;
    Strings strings;
    Owned application;
    Owned input_type;
    Owned file_wrapper_type;
    Owned empty_input;
    StartResponses start_responses;
    Environ environ;
};

class WsgiApplication final : public Application {
  public:
    WsgiApplication(Runtime& runtime, std::unique_ptr<Parts> parts, spdlog::logger& log)
        : runtime_(runtime), parts_(std::move(parts)), log_(log) {}
    ~WsgiApplication() override {
        const Attach attached(runtime_.main_thread());
        parts_.reset();
    }

    void serve(dispatch::Exchange& exchange) noexcept override;

  private:
    void run(dispatch::Exchange& exchange, Response& response, Borrowed environ, Borrowed start_response);
    void fail(Response& response);
    void close(Response& response, Borrowed result);
    void take_route(dispatch::Exchange& exchange, Borrowed environ);

    Runtime& runtime_;
    std::unique_ptr<Parts> parts_;
    spdlog::logger& log_;
};

// One request. The objects that the application may have kept are cut off before it ends.
void WsgiApplication::serve(dispatch::Exchange& exchange) noexcept {
    Response response(exchange, log_);
    RequestBody body(exchange);
    const bool has_body = exchange.request.has_body();
    const Owned input = has_body ? make_input(parts_->input_type, body) : Owned();
    const Owned environ = input || !has_body ? parts_->environ.make(exchange, input) : Owned();
    Owned start_response = environ ? parts_->start_responses.lend(response) : Owned();
    if (start_response) {
        run(exchange, response, environ, start_response);
        parts_->start_responses.take_back(std::move(start_response));
    } else {
        fail(response);
    }
    if (input) {
        cut_off(input);
        body.end();
    }
    response.end();
}

void WsgiApplication::run(dispatch::Exchange& exchange, Response& response, Borrowed environ,
                          Borrowed start_response) {
    // The first place is for the callee, which saves bound methods a copy of the arguments.
    PyObject* arguments[] = {nullptr, environ.get(), start_response.get()};
    const Owned result = steal(PyObject_Vectorcall(parts_->application.get(), arguments + 1,
                                                   2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
    end_forked_child();
    if (!result) {
        fail(response);
    } else {
        if (!deliver(response, result, parts_->file_wrapper_type)) fail(response);
        // Lists and tuples, the usual case, have nothing to close.
        if (!PyList_CheckExact(result.get()) && !PyTuple_CheckExact(result.get())) close(response, result);
    }
    take_route(exchange, environ);
}

// The exception that is set: into the log, and the client hears of it as far as it still can.
void WsgiApplication::fail(Response& response) {
    const Owned exception = steal(python::take_raised());
    const bool exits =
        exception && (PyErr_GivenExceptionMatches(exception.get(), PyExc_SystemExit) != 0 ||
                      PyErr_GivenExceptionMatches(exception.get(), PyExc_KeyboardInterrupt) != 0);
    const std::string traceback = exception ? format_exception(exception) : "failed without an exception";
    response.fail();
    response.report(spdlog::level::err,
                    fmt::format("{}\n{}",
                                exits ? "the application wanted to end the process; the server goes on"
                                      : "the application raised an exception",
                                traceback));
}

void WsgiApplication::close(Response& response, Borrowed result) {
    const Owned method = steal(PyObject_GetAttr(result.get(), parts_->strings.close.get()));
    if (!method && PyErr_ExceptionMatches(PyExc_AttributeError) != 0) {
        PyErr_Clear();
        return;
    }
    const Owned closed = method ? steal(PyObject_CallNoArgs(method.get())) : Owned();
    end_forked_child();
    if (closed) return;
    const std::string traceback = take_traceback();
    response.report(spdlog::level::err,
                    fmt::format("close() of the response raised an exception\n{}", traceback));
}

void WsgiApplication::take_route(dispatch::Exchange& exchange, Borrowed environ) {
    PyObject* route = PyDict_GetItemWithError(environ.get(), parts_->strings.baton_route.get());
    if (route != nullptr && PyUnicode_Check(route)) exchange.route_name = utf8(route);
    if (route == nullptr) PyErr_Clear();
}

}  // namespace

std::unique_ptr<Application> make_wsgi(Runtime& runtime, LoadedApplication application,
                                       const WsgiOptions& options, spdlog::logger& log) {
    watch_forks();
    const Attach attached(runtime.main_thread());
    auto parts = std::make_unique<Parts>(application.release(), options);
    return std::make_unique<WsgiApplication>(runtime, std::move(parts), log);
}

}  // namespace baton::interp::wsgi
