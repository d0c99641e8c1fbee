#include "interp/runtime.hpp"

#include <unistd.h>

#include <csignal>
#include <cstring>

#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/thread_names.hpp"
#include "interp/venv.hpp"

namespace baton::interp {

namespace {

// A PyConfig that is cleared whatever happens.
struct Config {
    PyConfig value;
    Config() { PyConfig_InitPythonConfig(&value); }
    Config(const Config&) = delete;
    Config& operator=(const Config&) = delete;
    ~Config() { PyConfig_Clear(&value); }

    void check(const PyStatus& status) const {
        if (PyStatus_Exception(status) == 0) return;
        throw StartError(fmt::format("Python could not be started: {}",
                                     status.err_msg != nullptr ? status.err_msg : "it asked to exit"));
    }
    void set(wchar_t** member, const std::string& text) {
        check(PyConfig_SetBytesString(&value, member, text.c_str()));
    }
};

void change_directory(const std::string& to) {
    if (to.empty() || ::chdir(to.c_str()) == 0) return;
    throw StartError(fmt::format("cannot change the working directory to {}: {}", to, std::strerror(errno)));
}

std::string working_directory() {
    std::string path(4096, '\0');
    if (::getcwd(path.data(), path.size()) == nullptr) return ".";
    path.resize(std::strlen(path.c_str()));
    return path;
}

// The working directory first, as `python -m` has it, then what the user asked for, in the user's order.
void extend_path(const std::vector<std::string>& more) {
    const std::string here = working_directory();
    PyObject* path = PySys_GetObject("path");
    if (path == nullptr || !PyList_Check(path)) throw StartError("sys.path is not a list");
    Py_ssize_t at = 0;
    expect(PyList_Insert(path, at++, make_str(here).get()));
    for (const std::string& entry : more) {
        const std::string full = entry.starts_with('/') ? entry : here + "/" + entry;
        expect(PyList_Insert(path, at++, make_str(full).get()));
    }
}

// print() in an application shall be seen when it happens, also when standard output is a pipe.
void line_buffer_output() {
    PyObject* out = PySys_GetObject("stdout");
    const Owned reconfigure = out != nullptr ? attribute(out, "reconfigure") : Owned();
    if (!reconfigure) return;
    const Owned none = expect(PyTuple_New(0));
    const Owned words = expect(Py_BuildValue("{s:O}", "line_buffering", Py_True));
    const Owned result = steal(PyObject_Call(reconfigure.get(), none.get(), words.get()));
    if (!result) PyErr_Clear();
}

// Whoever imports `signal` first while SIGINT has its default action gets CPython's handler installed, which
// nobody would ever run. So it is imported here, and the action put back.
void keep_interrupts() {
    struct sigaction before{};
    ::sigaction(SIGINT, nullptr, &before);
    expect(PyImport_ImportModule("signal"));
    ::sigaction(SIGINT, &before, nullptr);
}

void set_switch_interval(double seconds) {
    const Owned sys = expect(PyImport_ImportModule("sys"));
    expect(PyObject_CallMethod(sys.get(), "setswitchinterval", "(d)", seconds));
}

void* save_thread() {
    return PyEval_SaveThread();
}
void restore_thread(void* state) {
    PyEval_RestoreThread(static_cast<PyThreadState*>(state));
}

}  // namespace

Runtime::Runtime(const InterpOptions& options, spdlog::logger& log) {
    change_directory(options.chdir);
    start(options);
    try {
        settle(options, log);
    } catch (const PythonError& error) {
        Py_FinalizeEx();
        throw StartError(error.what());
    } catch (...) {
        Py_FinalizeEx();
        throw;
    }
    main_thread_ = PyEval_SaveThread();
}

void Runtime::start(const InterpOptions& options) {
    // With handlers off CPython leaves these two alone as well, but its own I/O counts on EPIPE and EFBIG.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);

    Config config;
    config.value.install_signal_handlers = 0;
    config.value.parse_argv = 0;
    const std::string executable = options.venv.empty()
                                       ? std::string(BATON_PYTHON_EXECUTABLE)
                                       : venv_executable(options.venv, PY_MAJOR_VERSION, PY_MINOR_VERSION);
    // The search for the standard library and for pyvenv.cfg starts from here, and sys.executable becomes a
    // Python that multiprocessing and subprocess can start.
    config.set(&config.value.program_name, executable);
    config.set(&config.value.executable, executable);
    wchar_t name[] = L"baton";
    wchar_t* arguments[] = {name};
    config.check(PyConfig_SetArgv(&config.value, 1, arguments));
    config.check(Py_InitializeFromConfig(&config.value));
}

void Runtime::settle(const InterpOptions& options, spdlog::logger& log) {
    interpreter_ = PyInterpreterState_Get();
    version_ = Py_GetVersion();
    version_.resize(std::min(version_.find(' '), version_.size()));
    open_books(log);
    extend_path(options.path);
    if (options.switch_interval) set_switch_interval(*options.switch_interval);
    line_buffer_output();
    keep_interrupts();
    // The thread that imports it first is threading.main_thread() for ever; that must not be an interpreter
    // thread.
    expect(PyImport_ImportModule("threading"));
    name_threads_in_kernel();
}

void Runtime::open_books(spdlog::logger& log) {
    gil_enabled_ = python::gil_enabled();
    ledger_fault_ = gil::self_test({&save_thread, &restore_thread});
    if (ledger_fault_.empty()) return;
    if (gil_enabled_) return log.warn(ledger_fault_);
    ledger_fault_ = "this free-threaded CPython runs without a GIL: there are no books to keep";
    log.info(ledger_fault_);
}

void Runtime::imported() {
    const bool enabled = python::gil_enabled();
    if (enabled == gil_enabled_) return;
    gil_enabled_ = enabled;
    ledger_fault_ = "the GIL ledger is off: there was no GIL at the start; an import has switched it on";
}

Runtime::~Runtime() {
    if (abandoned_) return;
    PyEval_RestoreThread(main_thread_);
    Py_FinalizeEx();
}

}  // namespace baton::interp
