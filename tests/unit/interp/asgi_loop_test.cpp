// The loop's methods and its handles, with asyncio's queue of our own filling and through the base's.
#include <chrono>
#include <numeric>
#include <thread>

#include "interp/asgi/handle.hpp"
#include "interp/asgi/loop_type.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

using test::HttpRoom;
using test::LoopRoom;

class Handles : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Fast, Handles, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Own" : "Base"; });

TEST_P(Handles, CallbacksRunInTurnWithTheirArguments) {
    LoopRoom room(GetParam());
    room.run(R"py(
loop.call_soon(seen.append, "one")
loop.call_soon(lambda *a: seen.append(a))
loop.call_soon(lambda *a: seen.append(a), 1, 2)
loop.call_soon(lambda *a: seen.append(a), 1, 2, 3, 4)
loop.call_soon(lambda: loop.call_soon(seen.append, "next turn"))
)py");
    EXPECT_EQ(room.show("seen"), "[]");
    room.turn();
    EXPECT_EQ(room.show("seen"), "['one', (), (1, 2), (1, 2, 3, 4)]");
    room.turn();
    EXPECT_EQ(room.show("seen[4:]"), "['next turn']");
}

TEST_P(Handles, ACallbackRunsInItsContext) {
    LoopRoom room(GetParam());
    room.run(R"py(
import contextvars
v = contextvars.ContextVar("v", default="outside")
other = contextvars.copy_context()
other.run(v.set, "other")
def show(): seen.append(v.get())
loop.call_soon(show, context=other)
loop.call_soon(show)
token = v.set("then")
loop.call_soon(show)
loop.call_later(0, show)
v.reset(token)
loop.call_later(0, show, context=other)
loop.call_at(loop.time() - 1, show, context=None)
)py");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("sorted(seen)"), "['other', 'other', 'outside', 'outside', 'then', 'then']");
}

TEST_P(Handles, ACancelledCallbackDoesNotRun) {
    LoopRoom room(GetParam());
    room.run(R"py(
handle = loop.call_soon(seen.append, 1)
later = loop.call_later(0, seen.append, 2)
loop.call_soon(seen.append, 3)
before = handle.cancelled()
for i in range(2):
    handle.cancel()
    later.cancel()
)py");
    room.turn();
    EXPECT_EQ(room.show("seen, before, handle.cancelled(), later.cancelled()"), "([3], False, True, True)");
}

TEST_P(Handles, ExceptionsGoToTheExceptionHandler) {
    LoopRoom room(GetParam());
    room.run(R"py(
complaints = []
loop.set_exception_handler(lambda loop, context: complaints.append(context))
def fail(): raise ValueError("mine")
handle = loop.call_soon(fail)
loop.call_later(0, fail)
loop.call_soon(seen.append, "goes on")
)py");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("seen"), "['goes on']");
    EXPECT_EQ(room.show("[repr(each['exception']) for each in complaints]"),
              "[\"ValueError('mine')\", \"ValueError('mine')\"]");
    EXPECT_EQ(room.show("complaints[0]['handle'] is handle"), "True");
    EXPECT_EQ(room.show("'Exception in callback' in complaints[0]['message'] and "
                        "'fail' in complaints[0]['message']"),
              "True")
        << room.show("complaints[0]['message']");
}

TEST_P(Handles, WhatEndsLoopsEndsTheLoop) {
    LoopRoom room(GetParam());
    room.run(R"py(
def leave(): raise SystemExit(3)
loop.call_soon(leave)
loop.stop()
try:
    loop.run_forever()
except SystemExit as end:
    seen.append(end.code)
)py");
    EXPECT_EQ(room.show("seen"), "[3]");
}

TEST_P(Handles, WrongCallsAreRefusedAsAsyncioDoes) {
    LoopRoom room(GetParam());
    EXPECT_EQ(room.show("loop.call_soon()").find("TypeError"), 0U);
    EXPECT_EQ(room.show("loop.call_later(0)").find("TypeError"), 0U);
    EXPECT_EQ(room.show("loop.call_soon_threadsafe()").find("TypeError"), 0U);
    EXPECT_EQ(room.show("loop.call_at(None, print)").find("TypeError"), 0U);
}

TEST_P(Handles, ACallbackIsLetGoOnceItHasRun) {
    LoopRoom room(GetParam());
    room.run(R"py(
import weakref
class Call:
    def __call__(self, argument): seen.append("ran")
class Thing: pass
call, thing = Call(), Thing()
kept = [weakref.ref(call), weakref.ref(thing)]
handle = loop.call_soon(call, thing)
cancelled = loop.call_soon(call, thing)
cancelled.cancel()
del call, thing
)py");
    room.turn();
    EXPECT_EQ(room.show("seen, [each() for each in kept]"), "(['ran'], [None, None])");
}

TEST_P(Handles, ACallbackThatTakesItselfBackLivesUntilItReturns) {
    LoopRoom room(GetParam());
    room.run(R"py(
import functools, weakref
def callback():
    handle.cancel()
    seen.append(kept() is not None)
call = functools.partial(callback)
kept = weakref.ref(call)
handle = loop.call_soon(call)
del call
)py");
    room.turn();
    EXPECT_EQ(room.show("seen, kept()"), "([True], None)");
}

TEST_P(Handles, ReadersAndWritersAreCalledAgainAndAgain) {
    LoopRoom room(GetParam());
    room.run(R"py(
import socket
a, b = socket.socketpair()
def readable(name):
    seen.append((name, b.recv(1)))
loop.add_reader(b, readable, "r")
a.send(b"xy")
)py");
    room.turn();
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("seen"), "[('r', b'x'), ('r', b'y')]");
    room.run(R"py(
removed = loop.remove_reader(b)
a.send(b"z")
def writable():
    seen.append("w")
    loop.remove_writer(b)
loop.add_writer(b, writable)
)py");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("removed, seen[2:]"), "(True, ['w'])");
    room.run("a.close(); b.close()");
}

TEST_P(Handles, OtherThreadsMayCall) {
    LoopRoom room(GetParam());
    room.run(R"py(
import threading
loop.call_later(30, loop.stop)
def work():
    seen.append("done")
    loop.stop()
thread = threading.Thread(target=loop.call_soon_threadsafe, args=(work,))
thread.start()
loop.run_forever()
thread.join()
)py");
    EXPECT_EQ(room.show("seen"), "['done']");
}

// --- the books

struct Books : Handles {
    // How much longer the request of this room is ready after a moment in which nothing runs.
    static dispatch::Nanoseconds ready_in_a_moment(HttpRoom& room) {
        const dispatch::Nanoseconds before = room.http().account.books(Moment::now()).ready;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return room.http().account.books(Moment::now()).ready - before;
    }
    static std::uint64_t lags(LoopRoom& room) {
        const gil::Histogram lag = room.loop().clock.lag();
        return std::accumulate(lag.buckets.begin(), lag.buckets.end(), std::uint64_t{0});
    }
    // A request of that kind, on a loop of the parameter's.
    struct Room : HttpRoom {
        Room() : HttpRoom("GET / HTTP/1.1", "", 0, GetParam()) {}
    };
};
INSTANTIATE_TEST_SUITE_P(Fast, Books, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Own" : "Base"; });

TEST_P(Books, ACallbackIsItsRequestsFromTheQueueOn) {
    Room room;
    EXPECT_EQ(ready_in_a_moment(room), 0);
    room.run("loop.call_soon(seen.append, 'nobody')");
    EXPECT_EQ(ready_in_a_moment(room), 0);
    room.run("loop.call_soon(seen.append, 'mine', context=context)");
    EXPECT_GT(ready_in_a_moment(room), 0);
    room.turn();
    EXPECT_EQ(ready_in_a_moment(room), 0);
    EXPECT_EQ(room.show("seen"), "['nobody', 'mine']");
}

TEST_P(Books, TheContextThatIsEnteredCounts) {
    Room room;
    room.run("context.run(loop.call_soon, seen.append, 1)");
    EXPECT_GT(ready_in_a_moment(room), 0);
    room.run("context.run(loop.call_soon, seen.append, 2, context=contextvars.Context())");
    room.turn();
    room.run("contextvars.Context().run(loop.call_soon, seen.append, 3)");
    EXPECT_EQ(ready_in_a_moment(room), 0);
}

TEST_P(Books, ChildTasksAreTheirRequests) {
    Room room;
    room.run(R"py(
async def child():
    await asyncio.sleep(0)
async def parent():
    await asyncio.gather(child(), child())
    seen.append("done")
task = loop.create_task(parent(), context=context)
)py");
    for (int i = 0; i < 20 && room.show("task.done()") == "False"; ++i) {
        EXPECT_GT(ready_in_a_moment(room), 0) << i;
        room.turn();
    }
    EXPECT_EQ(room.show("seen"), "['done']");
    EXPECT_EQ(ready_in_a_moment(room), 0);
}

TEST_P(Books, AHandleIsCountedOnce) {
    Room room;
    room.run(R"py(
a = loop.call_soon(seen.append, "a", context=context)
b = loop.call_soon(seen.append, "b", context=context)
a.cancel()
a.cancel()
)py");
    EXPECT_GT(ready_in_a_moment(room), 0) << "b still waits";
    room.run("b.cancel()");
    EXPECT_EQ(ready_in_a_moment(room), 0);
    room.run("a = loop.call_soon(seen.append, 'c', context=context)");
    room.turn();
    room.run("b = loop.call_soon(seen.append, 'd', context=context)\na.cancel()");
    EXPECT_GT(ready_in_a_moment(room), 0) << "a has run";
}

TEST_P(Books, WhatTheLoopDropsWaitsNoLonger) {
    Room room;
    room.run("loop.call_soon(seen.append, 'a', context=context)");
    EXPECT_GT(ready_in_a_moment(room), 0);
    room.run("loop._ready.clear()");
    EXPECT_EQ(ready_in_a_moment(room), 0);
}

TEST_P(Books, ATimerIsReadyFromItsMomentOn) {
    Room room;
    room.run("loop.call_later(0.001, seen.append, 1, context=context)");
    const dispatch::Nanoseconds before = room.http().account.books().ready;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(room.http().account.books(Moment::now()).ready, before) << "nobody looks at the clock";
    room.turn();
    EXPECT_EQ(room.show("seen"), "[1]");
    EXPECT_GE(room.http().account.books().ready - before, 3'000'000);
}

TEST_P(Books, EachCallbacksLatenessIsToldOnce) {
    Room room;
    const std::uint64_t before = lags(room);
    room.run(R"py(
loop.call_soon(seen.append, 1)
loop.call_soon(seen.append, 2, context=context)
loop.call_soon_threadsafe(seen.append, 3)
loop.call_later(0, seen.append, 4)
loop.call_at(loop.time(), seen.append, 5, context=context)
)py");
    room.turn();
    // call_soon_threadsafe() wakes the loop through a reader of its own, whose lateness nobody knows.
    EXPECT_EQ(room.show("sorted(seen)"), "[1, 2, 3, 4, 5]");
    EXPECT_EQ(lags(room) - before, 5U);
}

TEST_P(Books, ACallbackHasTheTimeItTakes) {
    Room room;
    const dispatch::Nanoseconds before = room.http().account.books().gil_hold;
    room.run(R"py(
import time
def spin():
    end = time.perf_counter() + 0.003
    while time.perf_counter() < end: pass
loop.call_soon(spin, context=context)
)py");
    const dispatch::Nanoseconds begin = dispatch::now();
    room.turn();
    const dispatch::Books books = room.http().account.books();
    // Between its turns it may have waited for the GIL.
    EXPECT_GE(books.gil_hold + books.gil_wait - before, 2'900'000);
    EXPECT_LE(books.gil_hold - before, dispatch::now() - begin);
    const dispatch::Nanoseconds then = books.gil_hold;
    room.run("loop.call_soon(spin)");
    room.turn();
    EXPECT_EQ(room.http().account.books().gil_hold, then) << "nobody's";
}

TEST(LoopObject, IsFoundFromOtherThreadsUntilItIsOver) {
    LoopRoom room;
    EXPECT_EQ(Loop::of(room.loop().object.get()), &room.loop());
    Loop* const found = [&] {
        Loop* const mine = std::exchange(Loop::current, nullptr);
        Loop* const other = Loop::of(mine->object.get());
        Loop::current = mine;
        return other;
    }();
    EXPECT_EQ(found, &room.loop());
    const Owned stranger = room.get("asyncio.new_event_loop()");
    EXPECT_EQ(Loop::of(stranger.get()), nullptr);
    room.give("stranger", stranger);
    room.run("stranger.close()");
    EXPECT_EQ(room.show("type(loop).__name__, isinstance(loop, asyncio.SelectorEventLoop)"),
              "('EventLoop', True)");
}

}  // namespace
}  // namespace baton::interp::asgi
