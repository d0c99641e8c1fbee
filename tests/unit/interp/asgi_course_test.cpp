#include "interp/asgi/course.hpp"
#include "interp/errors.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

// The subject is a list that is told.
void ended(PyObject* subject, CourseEnd end) {
    Owned what = make_str("returned");
    if (end == CourseEnd::raised) {
        const Owned exception = steal(python::take_raised());
        what = steal(PyObject_Repr(exception.get()));
    }
    EXPECT_EQ(PyErr_Occurred(), nullptr);
    expect(PyList_Append(subject, what.get()));
}

class CourseTest : public ::testing::Test {
  protected:
    // `course` becomes a call of what the source calls `application`, without arguments.
    void make(const std::string& source) {
        room_.run(source);
        room_.give("course", make_course(room_.loop(), room_.get("seen"), room_.get("application()"), ended));
    }
    // `task` runs it; its first step is over.
    void start() {
        room_.on_loop([this] {
            const Owned context = room_.get("__import__('contextvars').copy_context()");
            room_.give("task", start_task(room_.loop(), room_.get("course"), context));
        });
    }
    std::string show(const std::string& expression) { return room_.show(expression); }
    void turn() { room_.turn(); }

    test::LoopRoom room_;
};

TEST_F(CourseTest, ItsFirstStepIsRunAtOnceAndItsEndIsTold) {
    make(R"py(
async def application():
    seen.append("begins")
    await asyncio.sleep(0)
    return 42
)py");
    room_.on_loop([this] {
        const Owned context = room_.get("__import__('contextvars').copy_context()");
        room_.give("task", start_task(room_.loop(), room_.get("course"), context));
        EXPECT_EQ(show("seen"), "['begins']");
    });
    turn();
    EXPECT_EQ(show("seen"), "['begins', 'returned']");
    EXPECT_EQ(show("task.result()"), "None");
}

TEST_F(CourseTest, AnEndInTheFirstStepIsTold) {
    make("async def application(): return 1");
    start();
    EXPECT_EQ(show("seen, task.result()"), "(['returned'], None)");
}

TEST_F(CourseTest, AnExceptionIsToldAndOver) {
    make(R"py(
async def application():
    await asyncio.sleep(0)
    raise ValueError("mine")
complaints = []
loop.set_exception_handler(lambda loop, context: complaints.append(context))
)py");
    start();
    turn();
    EXPECT_EQ(show("seen, task.result()"), "([\"ValueError('mine')\"], None)");
    // Nobody has to retrieve it.
    room_.run("del task, course\nimport gc\ngc.collect()");
    EXPECT_EQ(show("complaints"), "[]");
}

TEST_F(CourseTest, EvenThoseThatEndLoopsAreTheServersAffair) {
    make("async def application(): raise SystemExit(3)");
    start();
    EXPECT_EQ(show("seen, task.result()"), "(['SystemExit(3)'], None)");
}

TEST_F(CourseTest, ACancelledOneIsCancelledForItsTask) {
    make("async def application(): await loop.create_future()");
    start();
    room_.run("task.cancel()");
    turn();
    EXPECT_EQ(show("seen, task.cancelled()"), "(['CancelledError()'], True)");
}

TEST_F(CourseTest, OneThatDealsWithItsCancellingReturns) {
    make(R"py(
async def application():
    try:
        await loop.create_future()
    except asyncio.CancelledError:
        seen.append("cleans up")
        await asyncio.sleep(0)
)py");
    start();
    room_.run("task.cancel()");
    turn();
    turn();
    EXPECT_EQ(show("seen, task.cancelled(), task.result()"), "(['cleans up', 'returned'], False, None)");
}

TEST_F(CourseTest, OtherAwaitablesRunAsWell) {
    make(R"py(
class application:
    def __await__(self):
        yield
        return 5
)py");
    start();
    turn();
    EXPECT_EQ(show("seen, task.result()"), "(['returned'], None)");
}

TEST_F(CourseTest, WhatCannotBeAwaitedIsNamed) {
    const Owned five = steal(PyLong_FromLong(5));
    EXPECT_FALSE(awaited(five));
    const std::string why = take_traceback();
    EXPECT_NE(why.find("TypeError: the application returned int, which cannot be awaited"), std::string::npos)
        << why;
}

TEST_F(CourseTest, IsDrivenByHandLikeACoroutine) {
    make(R"py(
class Pause:
    def __await__(self):
        return (yield "paused")
async def application():
    seen.append(await Pause())
)py");
    EXPECT_EQ(show("asyncio.iscoroutine(course), course.__name__, course.cr_code.co_name"),
              "(True, 'application', 'application')");
    EXPECT_EQ(show("course.send(None)"), "paused");
    EXPECT_EQ(show("course.send('answer')"), "StopIteration: ");
    EXPECT_EQ(show("seen"), "['answer', 'returned']");
    EXPECT_EQ(show("course.send(None)"), "RuntimeError: cannot reuse a call of an application that is over");
    EXPECT_EQ(show("course.throw(KeyError('k'))"), "KeyError: 'k'");
    EXPECT_EQ(show("course.close(), course.send"), show("None, course.send"));
    EXPECT_EQ(show("seen"), "['answer', 'returned']") << "told once";
}

TEST_F(CourseTest, ThrowGoesToTheApplication) {
    make(R"py(
class Pause:
    def __await__(self):
        return (yield "paused")
async def application():
    try:
        await Pause()
    except ValueError as error:
        seen.append(str(error))
        await Pause()
)py");
    room_.run("course.send(None)");
    EXPECT_EQ(show("course.throw(ValueError('thrown'))"), "paused");
    EXPECT_EQ(show("course.throw(KeyError('k'))"), "StopIteration: ") << "whoever had to know was told";
    EXPECT_EQ(show("seen"), "['thrown', \"KeyError('k')\"]");
}

TEST_F(CourseTest, AnApplicationsTaskFactoryIsUsed) {
    make(R"py(
async def application(): pass
def factory(loop, coroutine, **more):
    seen.append("factory")
    return asyncio.Task(coroutine, loop=loop, **more)
loop.set_task_factory(factory)
)py");
    room_.loop().task_factory = true;
    start();
    turn();
    EXPECT_EQ(show("seen, task.result()"), "(['factory', 'returned'], None)");
}

TEST_F(CourseTest, ItLetsGoOfTheApplicationAtItsEnd) {
    make(R"py(
import weakref
class Thing: pass
async def application():
    thing = Thing()
    seen.append(weakref.ref(thing))
    await asyncio.sleep(0)
)py");
    start();
    EXPECT_EQ(show("seen[0]() is not None"), "True");
    turn();
    EXPECT_EQ(show("seen[0]()"), "None");
    EXPECT_EQ(show("__import__('gc').get_referents(course) == [type(course)]"), "True");
}

}  // namespace
}  // namespace baton::interp::asgi
