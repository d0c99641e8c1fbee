#include "interp/object.hpp"

#include <thread>

#include "interp/errors.hpp"
#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::runtime;

Py_ssize_t count(const Owned& object) {
    return Py_REFCNT(object.get());
}

TEST(Object, StealTakesOverAndBorrowAddsOne) {
    const Attach attached(runtime().main_thread());
    const Owned list = expect(PyList_New(0));
    EXPECT_EQ(count(list), 1);
    {
        const Owned second = borrow(list);
        EXPECT_EQ(second.get(), list.get());
        EXPECT_EQ(count(list), 2);
    }
    EXPECT_EQ(count(list), 1);
}

TEST(Object, MovingCountsNothing) {
    const Attach attached(runtime().main_thread());
    const Owned list = expect(PyList_New(0));
    Owned a = borrow(list);
    Owned b = std::move(a);
    EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
    EXPECT_EQ(count(list), 2);
    b = borrow(list);
    EXPECT_EQ(count(list), 2);
    PyObject* released = b.release();
    EXPECT_FALSE(b);
    EXPECT_EQ(count(list), 2);
    Py_DECREF(released);
    EXPECT_EQ(count(list), 1);
}

TEST(Object, ResetGivesBack) {
    const Attach attached(runtime().main_thread());
    const Owned list = expect(PyList_New(0));
    Owned other = borrow(list);
    other.reset();
    EXPECT_EQ(count(list), 1);
    EXPECT_FALSE(other);
}

TEST(Object, NullIsNothing) {
    const Owned nothing = steal(nullptr);
    EXPECT_FALSE(nothing);
    EXPECT_FALSE(borrow(nullptr));
}

#ifndef NDEBUG
TEST(ObjectDeathTest, ADetachedThreadMustNotTouchObjects) {
    runtime();
    EXPECT_DEATH(borrow(Py_None), "without the GIL");
}
TEST(ObjectDeathTest, AttachingTwiceIsABug) {
    const Attach attached(runtime().main_thread());
    EXPECT_DEATH(Attach(runtime().main_thread()), "attaches again");
}
#endif

TEST(Attach, GuardsNest) {
    EXPECT_FALSE((runtime(), python::attached()));
    {
        const Attach attached(runtime().main_thread());
        EXPECT_TRUE(python::attached());
        {
            const Detach detached;
            EXPECT_FALSE(python::attached());
        }
        EXPECT_TRUE(python::attached());
    }
    EXPECT_FALSE(python::attached());
}

TEST(Attach, AnotherThreadsGilIsNotOurs) {
    const Attach attached(runtime().main_thread());
    bool elsewhere = true;
    std::thread([&] { elsewhere = python::attached(); }).join();
    EXPECT_FALSE(elsewhere);
    EXPECT_TRUE(python::attached());
}

TEST(Errors, ExpectThrowsTheTraceback) {
    const Attach attached(runtime().main_thread());
    try {
        expect(PyImport_ImportModule("no_such_module_at_all"));
        FAIL();
    } catch (const PythonError& error) {
        EXPECT_NE(std::string(error.what()).find("ModuleNotFoundError"), std::string::npos);
    }
    EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST(Errors, AnAttributeThatRaisesIsAbsent) {
    const Attach attached(runtime().main_thread());
    EXPECT_FALSE(attribute(Py_None, "nothing_of_that_name"));
    EXPECT_EQ(PyErr_Occurred(), nullptr);
    EXPECT_TRUE(attribute(Py_None, "__class__"));
}

}  // namespace
}  // namespace baton::interp
