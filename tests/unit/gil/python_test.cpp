// The books of threads that run real Python, beside what is known of the code from other sources: the
// thread's CPU time, the time it asked to sleep, the wall clock.
#include "interp/python.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/unit/gil/books.hpp"

namespace baton::gil::test {
namespace {

constexpr Probe kProbe{[]() -> void* { return PyEval_SaveThread(); },
                       [](void* state) { PyEval_RestoreThread(static_cast<PyThreadState*>(state)); }};

void start_python() {
    // Python's own allocator keeps its objects where a leak checker does not look for pointers.
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
    before.allocator = PYMEM_ALLOCATOR_MALLOC;
    if (PyStatus_Exception(Py_PreInitialize(&before)) != 0) std::abort();
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    PyConfig_SetBytesString(&config, &config.program_name, BATON_PYTHON_EXECUTABLE);
    if (PyStatus_Exception(Py_InitializeFromConfig(&config)) != 0) std::abort();
    PyConfig_Clear(&config);
}

// Runs code in a namespace of its own; attached. False when it raised.
bool run_attached(const std::string& code) {
    PyObject* globals = PyDict_New();
    PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins());
    PyObject* result = PyRun_String(code.c_str(), Py_file_input, globals, globals);
    if (result == nullptr) PyErr_Print();
    Py_DECREF(globals);
    const bool fine = result != nullptr;
    Py_XDECREF(result);
    return fine;
}

struct Result {
    Totals books;
    std::int64_t wall = 0;
    std::int64_t cpu = 0;
    // The fourth part of the wall clock; the others are in the books.
    std::int64_t off() const { return wall - books.held - books.waited - books.lock_waited; }
};

// Runs code on this thread, which is attached meanwhile.
Result measure(const std::string& code) {
    const PyGILState_STATE state = PyGILState_Ensure();
    Result result;
    const Watch watch;
    EXPECT_TRUE(run_attached(code));
    result.books = watch.books();
    result.wall = watch.wall();
    result.cpu = watch.cpu();
    PyGILState_Release(state);
    EXPECT_GE(result.off(), 0) << "held, waited and lock-waited never add up to more than the wall clock";
    return result;
}

// Threads that compute until the object goes.
class Competitors {
  public:
    explicit Competitors(int count) {
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([this] {
                const PyGILState_STATE state = PyGILState_Ensure();
                ++running_;
                while (!done_) run_attached("for i in range(2000): i * i");
                PyGILState_Release(state);
            });
        }
        while (running_ < count) std::this_thread::yield();
    }
    ~Competitors() {
        done_ = true;
        for (std::thread& thread : threads_) thread.join();
    }
    Competitors(const Competitors&) = delete;
    Competitors& operator=(const Competitors&) = delete;

  private:
    std::atomic<bool> done_{false};
    std::atomic<int> running_{0};
    std::vector<std::thread> threads_;
};

class Python : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (Py_IsInitialized() != 0) return;
        start_python();
        has_gil = interp::python::gil_enabled();
        if (!has_gil) return;
        self_test_says = self_test(kProbe);
        run_attached("import hashlib\n");
        PyEval_SaveThread();
    }
    void SetUp() override {
        if (!has_gil) GTEST_SKIP() << "this Python runs without a GIL: there are no books";
    }
    static inline bool has_gil = true;
    static inline std::string self_test_says = "not run";
};

constexpr const char* kCompute = "s = 0\nfor i in range(1_000_000): s += i * i\n";
constexpr const char* kSleep = "import time\nfor i in range(10): time.sleep(0.005)\n";
// Importing, and making a large buffer, is work under the lock: the module is imported before
// (SetUpTestSuite) and the buffer is small and hashed often, so that what is measured is the hashing.
constexpr const char* kHash =
    "import hashlib\nb = bytes(1 << 20)\nfor i in range(48): hashlib.sha256(b).digest()\n";
constexpr const char* kLock =
    "import threading\nl = threading.Lock()\nl.acquire()\nassert not l.acquire(timeout=0.05)\n";

TEST_F(Python, TheSelfTestFindsTheBooksExact) {
    EXPECT_EQ(self_test_says, "");
    EXPECT_TRUE(exact());
}

TEST_F(Python, ComputingAloneIsHeld) {
    const Result result = measure(kCompute);
    EXPECT_GE(result.books.held, result.cpu - result.cpu / 20);
    EXPECT_LE(result.books.held, result.wall);
    EXPECT_EQ(result.books.contended, 0);
    EXPECT_LE(result.off(), result.wall / 20) << "computing never lets go";
}

TEST_F(Python, SleepingIsOff) {
    const Result result = measure(kSleep);
    EXPECT_GE(result.off(), 50 * kMillisecond);
    EXPECT_GE(result.books.voluntary, 10);
    EXPECT_EQ(result.books.lock_waited, 0);
}

TEST_F(Python, NativeWorkWithoutTheLockIsOff) {
    const Result result = measure(kHash);
    EXPECT_GE(result.off(), result.cpu * 6 / 10)
        << "most of its CPU time is sha256; a sanitizer makes the rest longer";
    EXPECT_LE(result.books.held, result.wall / 2);
    EXPECT_EQ(result.books.lock_waited, 0);
}

TEST_F(Python, WaitingForAPythonLockIsLockWait) {
    const Result result = measure(kLock);
    EXPECT_GE(result.books.lock_waited, 25 * kMillisecond);
    EXPECT_LE(result.books.lock_waited, result.wall);
}

TEST_F(Python, QueuesAndJoinsAreLockWaits) {
    const Result result = measure(
        "import threading, queue, time\n"
        "q = queue.Queue()\n"
        "def late():\n"
        "    time.sleep(0.05); q.put(1); time.sleep(0.05)\n"
        "t = threading.Thread(target=late); t.start()\n"
        "q.get(); t.join()\n");
    EXPECT_GE(result.books.lock_waited, 50 * kMillisecond);
}

TEST_F(Python, ComputingBesideOthersWaits) {
    const Competitors competitors(1);
    const Result result = measure(kCompute);
    EXPECT_GE(result.books.held, result.cpu - result.cpu / 10);
    EXPECT_GT(result.books.forced, 0) << "the other asks after 5 ms";
    EXPECT_GT(result.books.waited, result.wall / 10);
    EXPECT_EQ(result.books.lock_waited, 0);
    EXPECT_LE(result.off(), result.wall / 4) << "the hand-over is a wait, not time off";
}

TEST_F(Python, SleepingBesideOthersIsAConvoy) {
    const Competitors competitors(2);
    const Result result = measure(kSleep);
    EXPECT_GE(result.off(), 50 * kMillisecond);
    EXPECT_GE(result.books.contended, 5);
    EXPECT_GT(result.books.waited, result.books.held);
}

TEST_F(Python, NativeWorkBesideOthersIsStillOff) {
    const Competitors competitors(1);
    const Result result = measure(kHash);
    EXPECT_GE(result.off(), result.cpu * 8 / 10);
    EXPECT_GT(result.books.waited, 0);
}

TEST_F(Python, LockWaitsBesideOthersAreToldFromGilWaits) {
    const Competitors competitors(1);
    const Result result = measure(kLock);
    EXPECT_GE(result.books.lock_waited, 25 * kMillisecond);
    EXPECT_GT(result.books.waited, 0);
}

TEST_F(Python, OneHolderAtATime) {
    const std::int64_t start = wall_clock();
    const Totals before = sum_of_all_gils();
    {
        const Competitors competitors(2);
        measure(kCompute);
    }
    const Totals after = sum_of_all_gils();
    const std::int64_t wall = wall_clock() - start;
    EXPECT_LE(after.held - before.held, wall);
    EXPECT_GE(after.held - before.held, wall / 2) << "and with three that compute, hardly ever none";
    EXPECT_EQ(after.takes - before.takes, after.forced + after.voluntary - before.forced - before.voluntary);
}

TEST_F(Python, AForkedChildKeepsItsBooks) {
    const Result result = measure(
        "import os, time\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for i in range(20): time.sleep(0.0001)\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n");
    EXPECT_GT(result.books.takes, 0);
    const PyGILState_STATE state = PyGILState_Ensure();
    PyOS_BeforeFork();
    const bool holds = holds_in_child([] {
        PyOS_AfterFork_Child();
        const Totals before = this_thread();
        const bool ran = run_attached("import time\nfor i in range(20): time.sleep(0.0001)\n");
        Totals books = this_thread();
        books -= before;
        const Totals sum = sum_of_all_gils();
        return ran && books.takes >= 20 && books.takes == books.voluntary + books.forced &&
               sum.takes == sum.voluntary + sum.forced + 1 && waiters_of_all_gils() == 0;
    });
    PyOS_AfterFork_Parent();
    EXPECT_TRUE(holds);
    PyGILState_Release(state);
}

#if PY_VERSION_HEX >= 0x030C0000
TEST_F(Python, AnInterpreterWithItsOwnGilHasItsOwnSums) {
    const PyGILState_STATE state = PyGILState_Ensure();
    PyThreadState* mine = PyThreadState_Get();
    PyInterpreterConfig config{};
    config.allow_threads = 1;
    config.check_multi_interp_extensions = 1;
    config.gil = PyInterpreterConfig_OWN_GIL;
    PyThreadState* other = nullptr;
    const PyStatus status = Py_NewInterpreterFromConfig(&other, &config);
    ASSERT_FALSE(PyStatus_Exception(status));
    const std::vector<Snapshot> before = snapshot();
    const Watch watch;
    EXPECT_TRUE(run_attached(kSleep));
    const std::vector<Snapshot> after = snapshot();
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
        const std::uint64_t takes = after[i].totals.takes - before[i].totals.takes;
        if (takes == 0) continue;
        EXPECT_FALSE(after[i].main);
        EXPECT_EQ(takes, watch.books().takes);
    }
    EXPECT_GE(watch.books().takes, 10);
    Py_EndInterpreter(other);
    PyThreadState_Swap(mine);
    const Totals held_again = this_thread();
    EXPECT_TRUE(run_attached("x = 1"));
    EXPECT_GT(this_thread().held, held_again.held);
    EXPECT_EQ(this_thread().takes, this_thread().forced + this_thread().voluntary + 1);
    PyGILState_Release(state);
}
#endif

}  // namespace
}  // namespace baton::gil::test
