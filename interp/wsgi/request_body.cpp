#include "interp/wsgi/request_body.hpp"

#include <algorithm>

namespace baton::interp::wsgi {

namespace {

constexpr std::size_t kChunk = 64 * 1024;

}  // namespace

RequestBody::RequestBody(dispatch::Exchange& exchange) : exchange_(exchange), at_end_(!exchange.body.pipe) {}

bool RequestBody::fetch(bool& failed) {
    failed = false;
    if (at_end_) return false;
    chunk_.erase(0, position_);
    position_ = 0;
    http::BodyPipe::Read result = http::BodyPipe::Read::data;
    {
        const Detach detached;
        result = exchange_.body.pipe->read(chunk_, kChunk);
        // There is room again: the I/O thread may read on.
        if (result == http::BodyPipe::Read::data) exchange_.notify();
    }
    if (result == http::BodyPipe::Read::data) return true;
    if (result == http::BodyPipe::Read::end) {
        at_end_ = true;
        return false;
    }
    failed = true;
    PyErr_SetString(
        PyExc_OSError,
        "the request body ended before its time: the client has gone, or took too long to send it");
    return false;
}

PyObject* RequestBody::take(std::size_t size) {
    const std::string_view part = there().substr(0, size);
    PyObject* bytes = PyBytes_FromStringAndSize(part.data(), static_cast<Py_ssize_t>(part.size()));
    if (bytes != nullptr) position_ += part.size();
    return bytes;
}

PyObject* RequestBody::read(Py_ssize_t size) {
    const bool all = size < 0;
    const auto wanted = static_cast<std::size_t>(size);
    bool failed = false;
    while ((all || there().size() < wanted) && fetch(failed)) {
    }
    if (failed) return nullptr;
    return take(all ? there().size() : wanted);
}

PyObject* RequestBody::readline(Py_ssize_t limit) {
    const std::size_t most = limit < 0 ? std::string::npos : static_cast<std::size_t>(limit);
    std::size_t searched = 0;
    bool failed = false;
    for (;;) {
        const std::size_t newline = there().find('\n', searched);
        if (newline != std::string_view::npos) return take(std::min(newline + 1, most));
        searched = there().size();
        if (searched >= most) return take(most);
        if (!fetch(failed)) break;
    }
    return failed ? nullptr : take(there().size());
}

void RequestBody::end() {
    // Wakes a reader that waits for the client, and lets the I/O thread drop what it still receives.
    if (exchange_.body.pipe) exchange_.body.pipe->abandon();
    busy.settle();
}

}  // namespace baton::interp::wsgi
