#include "interp/runtime.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "interp/errors.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/venv.hpp"
#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::runtime;
namespace fs = std::filesystem;

std::string evaluate(const std::string& expression) {
    const Attach attached(runtime().main_thread());
    const Owned globals = expect(PyDict_New());
    const Owned ran = expect(PyRun_String(("import sys, threading\nx = " + expression).c_str(), Py_file_input,
                                          globals.get(), globals.get()));
    return text_of(PyDict_GetItemString(globals.get(), "x"));
}

TEST(Runtime, KnowsItsVersion) {
    EXPECT_EQ(runtime().version(), evaluate("sys.version.split()[0]"));
    EXPECT_EQ(runtime().version().find(' '), std::string::npos);
}

TEST(Runtime, TheLedgerIsExact) {
    if (!runtime().gil_enabled()) GTEST_SKIP() << "this Python runs without a GIL: there are no books";
    EXPECT_EQ(runtime().ledger_fault(), "");
    EXPECT_TRUE(gil::exact());
}

TEST(Runtime, SysLooksAsUsersExpect) {
    EXPECT_EQ(evaluate("sys.executable"), BATON_PYTHON_EXECUTABLE);
    EXPECT_EQ(evaluate("sys.argv"), "['baton']");
    EXPECT_EQ(evaluate("sys.path[0]"), fs::current_path().string());
    EXPECT_EQ(evaluate("sys.path[1]"), test::folder());
    EXPECT_EQ(evaluate("sys.dont_write_bytecode"), "True");  // from PYTHONDONTWRITEBYTECODE
    EXPECT_NEAR(std::stod(evaluate("sys.getswitchinterval()")), 0.004, 1e-9);
}

TEST(Runtime, MainIsThreadingsMainThread) {
    EXPECT_EQ(evaluate("threading.main_thread() is threading.current_thread()"), "True");
}

TEST(Runtime, SignalsAreLeftAlone) {
    EXPECT_EQ(evaluate("__import__('signal').getsignal(13) is __import__('signal').SIG_IGN"), "True");
    struct sigaction interrupt{};
    ASSERT_EQ(::sigaction(SIGINT, nullptr, &interrupt), 0);
    EXPECT_EQ(interrupt.sa_handler, SIG_DFL);
}

TEST(Runtime, AMissingDirectoryIsAClearError) {
    // Found out before Python starts, so it does not matter that one runs already.
    const InterpOptions options{.venv = "", .chdir = "/no/such/dir", .path = {}, .switch_interval = {}};
    try {
        const Runtime second(options, test::log());
        FAIL();
    } catch (const StartError& error) {
        EXPECT_NE(std::string(error.what()).find("/no/such/dir"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("No such file or directory"), std::string::npos);
    }
}

struct Venv : ::testing::Test {
    std::string make(const std::string& settings) {
        const std::string root = test::folder() + "/" + test::unused_name("venv");
        fs::create_directory(root);
        std::ofstream(root + "/pyvenv.cfg") << settings;
        return root;
    }
    std::string error(const std::string& root) {
        try {
            venv_executable(root, 3, 11);
        } catch (const StartError& thrown) {
            return thrown.what();
        }
        return "";
    }
};

TEST_F(Venv, OneOfThisVersionIsTaken) {
    for (const char* settings : {"home = /usr/bin\nversion = 3.11.2\n", "version_info=3.11.9\n",
                                 "version = 20.13.0\nversion_info = 3.11.4.final.0\n", "home = /usr/bin\n"}) {
        const std::string root = make(settings);
        EXPECT_EQ(venv_executable(root, 3, 11), root + "/bin/python") << settings;
    }
}

TEST_F(Venv, OneOfAnotherVersionIsRefused) {
    const std::string text = error(make("home = /usr/bin\nversion = 3.12.1\n"));
    EXPECT_NE(text.find("Python 3.12"), std::string::npos);
    EXPECT_NE(text.find("Python 3.11"), std::string::npos);
}

TEST_F(Venv, WhatIsNoneIsRefused) {
    EXPECT_NE(error("/no/such/venv").find("no such directory"), std::string::npos);
    const std::string root = make("");
    fs::remove(root + "/pyvenv.cfg");
    EXPECT_NE(error(root).find("pyvenv.cfg"), std::string::npos);
}

}  // namespace
}  // namespace baton::interp
