#include "interp/gc_watch.hpp"

#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "interp/gil/account.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp {

// Written with the GIL, by one thread at a time: an interpreter does not collect while it collects, not even
// when a finaliser lets another thread run.
struct GcWatch::Books {
    std::array<gil::HistogramBook, kGenerations> pauses;
    dispatch::Nanoseconds begun = 0;

    static PyObject* collected(PyObject* capsule, PyObject* arguments);
    static void forget(PyObject* capsule);
};

namespace {

constexpr const char* kCapsule = "_baton.gc_books";

// Of the dictionary that gc hands to its callbacks; -1 when there is none that is ours to count.
long generation_of(PyObject* info) {
    PyObject* value = PyDict_Check(info) ? PyDict_GetItemString(info, "generation") : nullptr;
    if (value == nullptr || !PyLong_Check(value)) return -1;
    const long generation = PyLong_AsLong(value);
    PyErr_Clear();
    return generation;
}

}  // namespace

// gc calls it with "start" or "stop" and a dictionary.
PyObject* GcWatch::Books::collected(PyObject* capsule, PyObject* arguments) {
    auto& books = **static_cast<std::shared_ptr<Books>*>(PyCapsule_GetPointer(capsule, kCapsule));
    PyObject *phase = nullptr, *info = nullptr;
    if (PyArg_ParseTuple(arguments, "UO", &phase, &info) == 0) return nullptr;
    if (PyUnicode_CompareWithASCIIString(phase, "start") == 0) {
        books.begun = dispatch::now();
    } else if (books.begun != 0) {
        const long generation = generation_of(info);
        if (generation >= 0 && generation < static_cast<long>(kGenerations))
            books.pauses.at(static_cast<std::size_t>(generation)).add(dispatch::now() - books.begun);
        books.begun = 0;
    }
    Py_RETURN_NONE;
}

void GcWatch::Books::forget(PyObject* capsule) {
    delete static_cast<std::shared_ptr<Books>*>(PyCapsule_GetPointer(capsule, kCapsule));
}

GcWatch::GcWatch(const Runtime& runtime) : books_(std::make_shared<Books>()) {
    static PyMethodDef method = {"baton_gc_watch", &Books::collected, METH_VARARGS,
                                 "Counts garbage collections for Baton's metrics."};
    const Attach attached(runtime.main_thread());
    auto share = std::make_unique<std::shared_ptr<Books>>(books_);
    const Owned capsule = expect(PyCapsule_New(share.get(), kCapsule, &Books::forget));
    [[maybe_unused]] const auto* const kept = share.release();  // the capsule's now
    const Owned function = expect(PyCFunction_New(&method, capsule.get()));
    const Owned gc = expect(PyImport_ImportModule("gc"));
    const Owned callbacks = expect(PyObject_GetAttrString(gc.get(), "callbacks"));
    expect(PyList_Append(callbacks.get(), function.get()));
}

GcWatch::Pauses GcWatch::pauses() const {
    Pauses found;
    for (std::size_t i = 0; i < kGenerations; ++i) books_->pauses.at(i).collect(found.at(i));
    return found;
}

}  // namespace baton::interp
