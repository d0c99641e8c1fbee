#include "interp/wsgi/deliver.hpp"

#include <unistd.h>

#include "interp/forked.hpp"
#include "interp/guard.hpp"
#include "interp/wsgi/file_wrapper.hpp"

namespace baton::interp::wsgi {

namespace {

bool must_be_bytes(Borrowed block) {
    if (PyBytes_Check(block.get())) return true;
    PyErr_Format(PyExc_TypeError, "the response must consist of bytes, not %.100s",
                 Py_TYPE(block.get())->tp_name);
    return false;
}

bool must_be_started(const Response& response) {
    if (response.started()) return true;
    PyErr_SetString(PyExc_AssertionError, "start_response() was not called before the response body");
    return false;
}

std::string_view view(Borrowed bytes) {
    return {PyBytes_AS_STRING(bytes.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get()))};
}

// Lists and tuples: everything is there, so the length is known and small bodies travel with the head.
class Sequence {
  public:
    explicit Sequence(Borrowed sequence) : sequence_(sequence), list_(PyList_CheckExact(sequence.get())) {}
    // Asked for each time: a list may change while the GIL is given up.
    Py_ssize_t size() const {
        return list_ ? PyList_GET_SIZE(sequence_.get()) : PyTuple_GET_SIZE(sequence_.get());
    }
    Borrowed at(Py_ssize_t i) const {
        return list_ ? PyList_GET_ITEM(sequence_.get(), i) : PyTuple_GET_ITEM(sequence_.get(), i);
    }

  private:
    Borrowed sequence_;
    bool list_;
};

bool deliver_sequence(Response& response, const Sequence& blocks) {
    std::uint64_t total = 0;
    for (Py_ssize_t i = 0; i < blocks.size(); ++i) {
        if (!must_be_bytes(blocks.at(i))) return false;
        total += view(blocks.at(i)).size();
    }
    if (!must_be_started(response)) return false;
    const bool fresh = !response.committed();
    // Frameworks answer HEAD with the head of GET and nothing behind it: that nothing is not the length.
    const bool counts = response.head_request() ? total > 0 && !response.has_length() : !response.head_only();
    if (fresh && counts && !response.has_length()) response.set_length(total);
    if (!response.head_only()) {
        const bool together = fresh && total <= Response::kInline;
        for (Py_ssize_t i = 0; i < blocks.size(); ++i) {
            if (together) {
                response.collect(view(blocks.at(i)));
                continue;
            }
            const Owned block = borrow(blocks.at(i));
            if (!must_be_bytes(block)) return false;
            if (response.send(block) == Response::Outcome::cut) break;
        }
    }
    response.finish(false);
    return true;
}

// PEP 3333, "Handling the Content-Length Header": an iterable whose len() is 1 has its first block as its
// length.
bool has_one_block(Borrowed iterable) {
    const PyTypeObject* type = Py_TYPE(iterable.get());
    const bool sized = (type->tp_as_sequence != nullptr && type->tp_as_sequence->sq_length != nullptr) ||
                       (type->tp_as_mapping != nullptr && type->tp_as_mapping->mp_length != nullptr);
    if (!sized) return false;
    const Py_ssize_t size = PyObject_Size(iterable.get());
    if (size < 0) PyErr_Clear();
    return size == 1;
}

bool deliver_iterable(Response& response, Borrowed iterable) {
    const Owned blocks = steal(PyObject_GetIter(iterable.get()));
    if (!blocks) return false;
    while (!(response.started() && response.head_only())) {
        if (response.committed() && response.client_gone()) break;
        const Owned block = steal(PyIter_Next(blocks.get()));
        end_forked_child();
        if (!block && PyErr_Occurred() != nullptr) return false;
        if (!block) break;
        if (!must_be_bytes(block)) return false;
        if (PyBytes_GET_SIZE(block.get()) == 0) continue;  // does not commit the head
        if (!must_be_started(response)) return false;
        const bool first = !response.committed();
        if (first && !response.head_only() && !response.has_length() && has_one_block(iterable)) {
            response.set_length(view(block).size());
        }
        if (response.send(block) == Response::Outcome::cut) break;
    }
    if (!must_be_started(response)) return false;
    response.finish(true);
    return true;
}

// False when it has to be iterated like anything else.
bool deliver_file(Response& response, Borrowed wrapper) {
    if (!response.started() || response.committed() || response.head_only()) return false;
    const auto region = region_of(wrapper);
    if (!region) return false;
    const std::uint64_t length = std::min(region->length, response.room());
    const bool too_short = response.has_length() && region->length < response.room();
    if (length == 0 || too_short) {
        ::close(region->fd);
        return false;
    }
    if (!response.has_length()) response.set_length(length);
    response.send_file(region->fd, region->offset, length);
    response.finish(true);
    return true;
}

bool deliver_any(Response& response, Borrowed result, Borrowed file_wrapper) {
    if (PyList_CheckExact(result.get()) || PyTuple_CheckExact(result.get())) {
        return deliver_sequence(response, Sequence(result));
    }
    if (PyBytes_Check(result.get())) {
        PyErr_SetString(PyExc_TypeError,
                        "the application returned bytes; it must return an iterable of bytes: [body]");
        return false;
    }
    if (reinterpret_cast<PyObject*>(Py_TYPE(result.get())) == file_wrapper.get() &&
        deliver_file(response, result)) {
        return true;
    }
    return deliver_iterable(response, result);
}

}  // namespace

bool deliver(Response& response, Borrowed result, Borrowed file_wrapper) {
    return guarded(false, [&] { return deliver_any(response, result, file_wrapper); });
}

}  // namespace baton::interp::wsgi
