#include "interp/wsgi/response.hpp"

#include <spdlog/fmt/fmt.h>

#include <limits>

#include "interp/books.hpp"
#include "interp/python.hpp"

namespace baton::interp::wsgi {

namespace {

// The bytes of a str of code points below 256 ("native string" of PEP 3333); false with an exception for
// others.
bool native(Borrowed text, const char* what, std::string_view& bytes) {
    if (!PyUnicode_Check(text.get())) {
        PyErr_Format(PyExc_TypeError, "%s must be a str, not %.100s", what, Py_TYPE(text.get())->tp_name);
        return false;
    }
    if (!python::ready(text.get())) return false;
    if (PyUnicode_KIND(text.get()) != PyUnicode_1BYTE_KIND) {
        PyErr_Format(PyExc_ValueError, "%s has characters beyond Latin-1: %R", what, text.get());
        return false;
    }
    bytes = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text.get())),
             static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get()))};
    return true;
}

// Raises what the application was about to report with its exc_info.
void raise_again(Borrowed exc_info) {
    if (!PyTuple_Check(exc_info.get()) || PyTuple_GET_SIZE(exc_info.get()) != 3 ||
        !PyExceptionInstance_Check(PyTuple_GET_ITEM(exc_info.get(), 1))) {
        PyErr_SetString(PyExc_TypeError, "exc_info must be a tuple as sys.exc_info() gives it");
        return;
    }
    PyObject* value = PyTuple_GET_ITEM(exc_info.get(), 1);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(value)), value);
}

}  // namespace

Response::Response(dispatch::Exchange& exchange, spdlog::logger& log)
    : exchange_(exchange), log_(log), head_request_(exchange.request.method() == "HEAD") {}

bool Response::start(Borrowed status, Borrowed fields, Borrowed exc_info) {
    const bool replaces = exc_info && exc_info.get() != Py_None;
    if (replaces && committed()) {
        raise_again(exc_info);
        return false;
    }
    if (over_) {
        PyErr_SetString(PyExc_RuntimeError, "start_response() was called after its response had ended");
        return false;
    }
    if (replaces) started_ = false;
    if (started_) {
        PyErr_SetString(PyExc_AssertionError, "start_response() was called a second time without exc_info");
        return false;
    }
    exchange_.head.clear();
    started_ = set_head(status, fields);
    if (!started_) exchange_.head.clear();
    return started_;
}

bool Response::set_head(Borrowed status, Borrowed fields) {
    std::string_view line;
    if (!native(status, "the status", line)) return false;
    if (!exchange_.head.set_status(line)) {
        PyErr_Format(PyExc_ValueError, "not a status line: %R (expected something like '200 OK')",
                     status.get());
        return false;
    }
    if (!PyList_CheckExact(fields.get())) {
        PyErr_Format(PyExc_TypeError, "the response headers must be a list of tuples, not %.100s",
                     Py_TYPE(fields.get())->tp_name);
        return false;
    }
    // Its size is asked for each time: repr() in an error message may run code of the application's.
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(fields.get()); ++i) {
        if (!add_field(PyList_GET_ITEM(fields.get(), i))) return false;
    }
    return true;
}

bool Response::add_field(Borrowed field) {
    if (!PyTuple_Check(field.get()) || PyTuple_GET_SIZE(field.get()) != 2) {
        PyErr_Format(PyExc_TypeError, "a response header must be a tuple (name, value), not %.100s",
                     Py_TYPE(field.get())->tp_name);
        return false;
    }
    PyObject* name_object = PyTuple_GET_ITEM(field.get(), 0);
    PyObject* value_object = PyTuple_GET_ITEM(field.get(), 1);
    std::string_view name;
    std::string_view value;
    if (!native(name_object, "a header's name", name) || !native(value_object, "a header's value", value))
        return false;
    const http::FieldFault fault = exchange_.head.add(name, value);
    if (fault == http::FieldFault::none) return true;
    const std::string why(http::explain(fault));
    // The repr() of a subclass may empty the list that these two are in.
    const Owned held_name = borrow(name_object);
    const Owned held_value = borrow(value_object);
    PyErr_Format(PyExc_ValueError, "the response header %R: %R is refused: %s", name_object, value_object,
                 why.c_str());
    return false;
}

std::uint64_t Response::room() const {
    const auto declared = exchange_.head.content_length;
    if (!declared) return std::numeric_limits<std::uint64_t>::max();
    return *declared > sent_ ? *declared - sent_ : 0;
}

void Response::set_length(std::uint64_t length) {
    exchange_.head.add("Content-Length", fmt::format_int(length).c_str());
}

std::string_view Response::within_length(std::string_view block) {
    const std::uint64_t room = this->room();
    if (block.size() <= room) return block;
    overlong_ = true;  // said at the end: whose bytes these are may change as soon as the GIL is let go
    return block.substr(0, room);
}

void Response::collect(std::string_view block) {
    block = within_length(block);
    exchange_.start.append(block);
    sent_ += block.size();
}

Response::Outcome Response::send(Borrowed block) {
    if (head_only()) return Outcome::sent;
    // Held here, because the application may drop its own reference while we are without the GIL.
    const Owned held = borrow(block);
    const std::string_view bytes = within_length(
        {PyBytes_AS_STRING(block.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(block.get()))});
    if (!bytes.empty()) {
        sent_ += bytes.size();
        const bool first = !committed();
        if (first && bytes.size() <= kInline) exchange_.start.append(bytes);
        if (first) {
            note_books(exchange_);
            exchange_.commit();
        }
        if (first && bytes.size() <= kInline) return Outcome::sent;
        bool taken = false;
        if (bytes.size() > kInline || !exchange_.can_write(bytes.size())) {
            const Detach detached;
            taken = exchange_.write(bytes);
        } else {
            taken = exchange_.write(bytes);
        }
        if (!taken) return Outcome::cut;
    }
    return overlong_ ? Outcome::cut : Outcome::sent;
}

void Response::send_file(int fd, std::uint64_t offset, std::uint64_t length) {
    exchange_.file.emplace(fd, offset, length);
    sent_ += length;
}

void Response::shut() {
    over_ = true;
    busy.settle();
}

void Response::finish(bool more_to_do) {
    shut();
    if (exchange_.finished()) return;
    if (overlong_) {
        report(spdlog::level::warn,
               fmt::format("the body is longer than the Content-Length of {} that the application "
                           "declared; the excess is not sent",
                           *exchange_.head.content_length));
    }
    if (!head_only()) {
        if (has_length() && room() > 0) {
            if (!client_gone())
                report(spdlog::level::err,
                       fmt::format("the body ended after {} bytes, but the application had declared a "
                                   "Content-Length of {}",
                                   sent_, *exchange_.head.content_length));
            announce_end(false);
            return;
        }
        if (!committed() && !has_length()) set_length(sent_);
    }
    if (more_to_do || committed()) announce_end(true);
}

void Response::announce_end(bool complete) {
    if (!committed()) note_books(exchange_);
    exchange_.finish(complete);
}

void Response::fail() {
    shut();
    if (exchange_.finished()) return;
    if (committed()) {
        announce_end(false);
        return;
    }
    constexpr std::string_view kText = "Internal Server Error";
    exchange_.head.clear();
    exchange_.head.set_status("500 Internal Server Error");
    exchange_.head.add("Content-Type", "text/plain; charset=utf-8");
    exchange_.head.add("Content-Length", fmt::format_int(kText.size()).c_str());
    exchange_.file.reset();
    exchange_.start.clear();
    if (!head_request_) exchange_.start.assign(kText);
    announce_end(true);
}

void Response::report(spdlog::level::level_enum level, std::string_view what) const {
    // Standard error may be a pipe that nobody empties.
    const Detach detached;
    log_.log(level, "request {} {} {}: {}", exchange_.id, exchange_.request.method(),
             exchange_.request.target(), what);
}

}  // namespace baton::interp::wsgi
