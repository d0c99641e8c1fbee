#include "interp/thread_names.hpp"

#include "interp/errors.hpp"

#if PY_VERSION_HEX < 0x030E0000
#include <pthread.h>

#include <algorithm>
#include <string>
#endif

namespace baton::interp {

#if PY_VERSION_HEX >= 0x030E0000

void name_threads_in_kernel() {}

#else

namespace {

// A new thread calls it on itself before it counts as started. Threads that `threading` has only met, the
// server's own and the main thread, count as started then.
constexpr const char* kSource = R"py(
def install(threading, set_name):
    plain = threading.Thread._set_native_id

    def _set_native_id(self):
        plain(self)
        if not self._started.is_set():
            set_name(self._name)

    threading.Thread._set_native_id = _set_native_id
)py";

PyObject* set_name(PyObject*, PyObject* name) {
    constexpr std::size_t kLongest = 15;
    std::string text = utf8(name);
    std::size_t length = std::min(text.size(), kLongest);
    // Not in the middle of a character.
    while (length > 0 && length < text.size() && (text[length] & '\xC0') == '\x80') --length;
    text.resize(length);
    pthread_setname_np(pthread_self(), text.c_str());
    Py_RETURN_NONE;
}

PyMethodDef set_name_method = {"baton_set_kernel_name", set_name, METH_O,
                               "Names the calling thread in the kernel."};

}  // namespace

void name_threads_in_kernel() {
    const Owned threading = expect(PyImport_ImportModule("threading"));
    const Owned thread = attribute(threading, "Thread");
    if (!thread || !attribute(thread, "_set_native_id")) return;
    const Owned globals = expect(PyDict_New());
    expect(PyDict_SetItemString(globals.get(), "__builtins__", PyEval_GetBuiltins()));
    const Owned code = expect(Py_CompileString(kSource, "<baton>", Py_file_input));
    expect(PyEval_EvalCode(code.get(), globals.get(), globals.get()));
    const Owned setter = expect(PyCFunction_New(&set_name_method, nullptr));
    expect(PyObject_CallFunction(PyDict_GetItemString(globals.get(), "install"), "OO", threading.get(),
                                 setter.get()));
}

#endif

}  // namespace baton::interp
