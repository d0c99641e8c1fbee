#include "interp/thread_names.hpp"

#include <pthread.h>

#include <thread>

#include "interp/errors.hpp"
#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

// What the kernel calls a thread that Python calls `name`.
std::string kernel_name(const std::string& name) {
    const Attach attached(test::runtime().main_thread());
    const Owned globals = expect(PyDict_New());
    const std::string source = "import threading\nname = '" + name + R"py('
def look():
    global seen
    with open(f"/proc/self/task/{threading.get_native_id()}/comm") as comm:
        seen = comm.read().rstrip("\n")
thread = threading.Thread(target=look, name=name)
thread.start()
thread.join()
)py";
    expect(PyRun_String(source.c_str(), Py_file_input, globals.get(), globals.get()));
    return text_of(PyDict_GetItemString(globals.get(), "seen"));
}

TEST(ThreadNames, AreTheKernelsToo) {
    EXPECT_EQ(kernel_name("sweeper"), "sweeper");
    EXPECT_EQ(kernel_name("a name that is too long"), "a name that is ");
}

TEST(ThreadNames, NoCharacterIsCutInTwo) {
    if (PY_VERSION_HEX >= 0x030E0000) GTEST_SKIP() << "from 3.14 on CPython names its threads, and cuts";
    EXPECT_EQ(kernel_name("fourteen bytes\xc3\xa4"), "fourteen bytes");
}

TEST(ThreadNames, AThreadThatPythonHasNotStartedKeepsItsName) {
    std::string seen;
    test::runtime();  // made here: whoever makes it has to end it
    std::thread([&] {
        pthread_setname_np(pthread_self(), "ours");
        {
            const ThreadState state(test::runtime().interpreter());
            const Attach attached(state.get());
            const Owned threading = expect(PyImport_ImportModule("threading"));
            expect(PyObject_CallMethod(threading.get(), "current_thread", nullptr));
        }
        char name[16];
        pthread_getname_np(pthread_self(), name, sizeof name);
        seen = name;
    }).join();
    EXPECT_EQ(seen, "ours");
}

}  // namespace
}  // namespace baton::interp
