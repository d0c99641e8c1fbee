// handlers.native._native: the same work with and without the GIL. Multi-phase initialisation and no state:
// each interpreter has a module of its own, with a GIL of its own or with none.
#include <new>

#include "handlers/native/python.hpp"
#include "handlers/native/work.hpp"

namespace handlers::native {
namespace {

// Bounds of the lab, stated again where it matters: a caller from elsewhere must not get a negative number of
// rounds.
constexpr int kMostRounds = 100'000;
constexpr int kLargestMatrix = 2048;

// A bytes-like argument; nobody can resize or free it meanwhile, with the GIL or without.
class Buffer {
  public:
    Buffer() = default;
    ~Buffer() { PyBuffer_Release(&view_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    Py_buffer* view() { return &view_; }
    std::span<const unsigned char> bytes() const {
        return {static_cast<const unsigned char*>(view_.buf), static_cast<std::size_t>(view_.len)};
    }

  private:
    Py_buffer view_{};
};

bool in_range(const char* name, int value, int least, int most) {
    if (value < least || value > most) {
        PyErr_Format(PyExc_ValueError, "%s must be from %d to %d", name, least, most);
        return false;
    }
    return true;
}

// Calls work() with the GIL or without, and turns what it throws into Python's exceptions once the GIL is
// back.
template <typename Result, typename Work>
bool run(bool release, Result& result, const Work& work) {
    try {
        const Released released(release);
        result = work();
        return true;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& problem) {
        PyErr_SetString(PyExc_RuntimeError, problem.what());
    }
    return false;
}

PyObject* py_hash(PyObject* /*module*/, PyObject* args, PyObject* named) {
    static const char* const kNames[] = {"data", "rounds", "release", nullptr};
    Buffer data;
    int rounds = 1;
    int release = 1;
    if (PyArg_ParseTupleAndKeywords(args, named, "y*|ip:hash", const_cast<char**>(kNames), data.view(),
                                    &rounds, &release) == 0 ||
        !in_range("rounds", rounds, 0, kMostRounds)) {
        return nullptr;
    }
    std::uint64_t value = 0;
    const bool done =
        run(release != 0, value, [&] { return hash(data.bytes(), static_cast<unsigned>(rounds)); });
    return done ? PyLong_FromUnsignedLongLong(value) : nullptr;
}

PyObject* py_compress(PyObject* /*module*/, PyObject* args, PyObject* named) {
    static const char* const kNames[] = {"data", "level", "rounds", "release", nullptr};
    Buffer data;
    int level = 6;
    int rounds = 1;
    int release = 1;
    if (PyArg_ParseTupleAndKeywords(args, named, "y*|iip:compress", const_cast<char**>(kNames), data.view(),
                                    &level, &rounds, &release) == 0 ||
        !in_range("level", level, 0, 9) || !in_range("rounds", rounds, 1, kMostRounds)) {
        return nullptr;
    }
    std::size_t length = 0;
    const bool done = run(release != 0, length,
                          [&] { return compress(data.bytes(), level, static_cast<unsigned>(rounds)); });
    return done ? PyLong_FromSize_t(length) : nullptr;
}

PyObject* py_matmul(PyObject* /*module*/, PyObject* args, PyObject* named) {
    static const char* const kNames[] = {"size", "release", nullptr};
    int size = 0;
    int release = 1;
    if (PyArg_ParseTupleAndKeywords(args, named, "i|p:matmul", const_cast<char**>(kNames), &size, &release) ==
            0 ||
        !in_range("size", size, 1, kLargestMatrix)) {
        return nullptr;
    }
    double sum = 0;
    const bool done = run(release != 0, sum, [&] {
        const auto n = static_cast<std::size_t>(size);
        return trace(multiply(make_matrix(n, 1), make_matrix(n, 2)));
    });
    return done ? PyFloat_FromDouble(sum) : nullptr;
}

// CPython's tables are of plain functions, whatever arguments these take; this is its documented way out.
PyCFunction as_function(PyCFunctionWithKeywords function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"hash", as_function(py_hash), METH_VARARGS | METH_KEYWORDS,
     "hash(data, rounds=1, release=True)\n\nFNV-1a of bytes, as a number; release=False keeps the GIL."},
    {"compress", as_function(py_compress), METH_VARARGS | METH_KEYWORDS,
     "compress(data, level=6, rounds=1, release=True)\n\nHow long bytes are for zlib; release=False keeps "
     "the GIL."},
    {"matmul", as_function(py_matmul), METH_VARARGS | METH_KEYWORDS,
     "matmul(size, release=True)\n\nMultiply two square matrices; returns the sum of the product's "
     "diagonal."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "_native",
    "Native work with and without the GIL.",
    0,
    methods,
    slots,
    nullptr,
    nullptr,
    nullptr,
};

}  // namespace
}  // namespace handlers::native

PyMODINIT_FUNC PyInit__native();
PyMODINIT_FUNC PyInit__native() {
    return PyModuleDef_Init(&handlers::native::definition);
}
