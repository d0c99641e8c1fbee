#include "interp/asgi/operation.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

using test::HttpRoom;

constexpr const char* kPost = "POST / HTTP/1.1\r\nContent-Length: 5";
constexpr const char* kHello = "{'type': 'http.request', 'body': b'hello', 'more_body': False}";

// The last bytes of the body come.
void deliver(HttpRoom& room, std::string_view bytes) {
    EXPECT_EQ(room.exchange->body.pipe->try_write(bytes), bytes.size());
    room.exchange->body.pipe->close();
    room.news();
}

TEST(Ready, IsAnAwaitableOfItsValue) {
    HttpRoom room(kPost, "hello");
    room.run(R"py(
async def ask():
    event = receive()
    seen.append(type(event).__name__)
    seen.append(await event)
    seen.append(await event)
    seen.append(await body_sent)
start()
body_sent = body(b"x", True)
loop.run_until_complete(ask())
)py");
    EXPECT_EQ(room.show("seen"), std::string("['Operation', ") + kHello + ", " + kHello + ", None]");
}

TEST(Ready, IsDrivenByHandLikeACoroutine) {
    test::LoopRoom room;
    for (const char* value : {"(1, 2)", "ValueError(3)", "None"}) {
        room.give("value", room.get(value));
        room.give("it", ready(room.loop(), room.get("value")));
        room.run(R"py(
def stop(call, *arguments):
    try:
        return "went on", call(*arguments)
    except StopIteration as end:
        return end.value is value
)py");
        EXPECT_EQ(room.show("stop(it.send, None), stop(next, it), stop(next, it.__await__())"),
                  "(True, True, True)")
            << value;
    }
    EXPECT_EQ(room.show("it.close()"), "None");
    EXPECT_EQ(room.show("type(it)()").find("TypeError"), 0U);
}

TEST(Ready, WhatIsWrongIsRaisedWhereItIsAwaited) {
    HttpRoom room("GET / HTTP/1.1");
    room.run(R"py(
async def application():
    wrong = send({"type": "http.response.start"})
    for i in range(2):
        try:
            await wrong
        except ValueError as error:
            seen.append(str(error))
loop.run_until_complete(application())
)py");
    EXPECT_EQ(room.show("len(seen), seen[0] == seen[1], seen[0]"),
              "(2, True, 'the status must be an int from 200 to 999, not None')");
}

TEST(Ready, ThrowRaisesWhatItIsGiven) {
    HttpRoom room(kPost, "", 100);
    room.give("done", ready(room.loop(), borrow(Py_None)));
    room.run("waiting = receive()");
    for (const char* it : {"done", "waiting"}) {
        const auto thrown = [&](const std::string& arguments) {
            return room.show(std::string(it) + ".throw(" + arguments + ")");
        };
        EXPECT_EQ(thrown("ValueError('a')"), "ValueError: a");
        EXPECT_EQ(thrown("ValueError, 'b'"), "ValueError: b");
        EXPECT_EQ(thrown("ValueError, ValueError('c'), None"), "ValueError: c");
        EXPECT_EQ(thrown("KeyError, None, None"), "KeyError: ");
        EXPECT_EQ(thrown(""), "TypeError: throw() needs an exception");
        EXPECT_EQ(thrown("42"), "TypeError: throw() needs an exception");
    }
}

TEST(Operation, WaitsForABodyAndGivesIt) {
    HttpRoom room(kPost, "", 100);
    room.run("task = loop.create_task(receive(), context=context)");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("task.done()"), "False");
    room.news();  // of something else
    room.turn();
    EXPECT_EQ(room.show("task.done()"), "False");
    deliver(room, "hello");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("task.result()"), kHello);
}

TEST(Operation, IsDrivenByHandLikeACoroutine) {
    HttpRoom room(kPost, "", 100);
    room.run("it = receive()\nfuture = it.send(None)");
    EXPECT_EQ(room.show("asyncio.isfuture(future), asyncio.iscoroutine(it)"), "(True, True)");
    deliver(room, "hello");
    EXPECT_EQ(room.show("future.done()"), "True");
    room.run(R"py(
for call in (lambda: it.send(None), lambda: next(it)):
    try:
        call()
    except StopIteration as end:
        seen.append(end.value)
)py");
    EXPECT_EQ(room.show("seen"), std::string("[") + kHello + ", " + kHello + "]");
    EXPECT_EQ(room.show("it.close()"), "None");
}

TEST(Operation, ACancelledReceiveLosesNothing) {
    HttpRoom room(kPost, "", 100);
    room.run("task = loop.create_task(receive(), context=context)");
    room.turn();
    room.run("task.cancel()");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("task.cancelled()"), "True");
    // Cancelled after the news had come, as well.
    room.run("task = loop.create_task(receive(), context=context)");
    room.turn();
    deliver(room, "hello");
    room.run("task.cancel()");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("task.cancelled()"), "True");
    EXPECT_EQ(room.show("loop.run_until_complete(receive())"), kHello);
}

TEST(Operation, OfTwoThatWaitOneHasTheEvent) {
    HttpRoom room(kPost, "", 100);
    room.run("tasks = [loop.create_task(receive(), context=context) for i in range(2)]");
    room.turn();
    deliver(room, "hello");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("[task.result() for task in tasks if task.done()]"), std::string("[") + kHello + "]");
    room.exchange->client_left();
    room.news();
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("[task.result()['type'] for task in tasks]"), "['http.request', 'http.disconnect']");
}

TEST(Operation, WhoStillWaitsAfterTheResponseHearsOfTheEnd) {
    HttpRoom room(kPost, "", 100);
    room.run("task = loop.create_task(receive(), context=context)");
    room.turn();
    room.step("start(); body(b'x')");
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("task.result()"), "{'type': 'http.disconnect'}");
}

TEST(Operation, ASendWaitsForRoomAndKeepsTheOrder) {
    HttpRoom room("GET / HTTP/1.1");
    room.run(R"py(
async def application():
    start()
    await body(b"head ", True)
    await body(b"x" * 300_000, True)
    seen.append("sent")
    await body(b" tail")
task = loop.create_task(application(), context=context)
)py");
    room.turn();
    EXPECT_EQ(room.show("seen"), "[]");
    EXPECT_FALSE(room.http().can_send());
    const std::string first = room.answer().body;
    EXPECT_EQ(first.size(), 5 + dispatch::Exchange::kPipeCapacity);
    room.news();
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("seen, task.result()"), "(['sent'], None)");
    // answer() shows what goes out with the head again.
    const std::string rest = room.answer().body.substr(5);
    EXPECT_EQ(first + rest, "head " + std::string(300'000, 'x') + " tail");
    EXPECT_TRUE(room.exchange->finished());
}

TEST(Operation, ASendThatWaitsForAClientThatGoesFails) {
    HttpRoom room("GET / HTTP/1.1");
    room.step("start(); waiting = body(b'x' * 600_000, True)");
    room.run("task = loop.create_task(waiting, context=context)");
    room.turn();
    EXPECT_EQ(room.show("task.done()"), "False");
    room.exchange->abandon();
    room.news();
    room.turn();
    room.turn();
    EXPECT_EQ(room.show("task.result()"), "ConnectionResetError: the client has gone");
}

TEST(Operation, OnlyTheLoopsThreadMayAsk) {
    HttpRoom room(kPost, "hello");
    room.run(R"py(
import threading
def elsewhere():
    for call in (receive, lambda: send({"type": "http.response.start"})):
        try:
            call()
        except RuntimeError as error:
            seen.append(str(error))
thread = threading.Thread(target=elsewhere)
thread.start()
thread.join()
)py");
    EXPECT_EQ(room.show("'\\n'.join(seen)"),
              "receive() was called on a thread that is not the event loop's\n"
              "send() was called on a thread that is not the event loop's");
}

TEST(Operation, APieceThatNobodyWaitsForGoesOut) {
    HttpRoom room("GET / HTTP/1.1");
    room.run("import sys\nlarge = b'x' * 600_000\ncount = sys.getrefcount(large)");
    room.step("start(); waiting = body(large, True)");
    EXPECT_EQ(room.show("sys.getrefcount(large) - count"), "1");
    room.run("del waiting");
    EXPECT_EQ(room.show("sys.getrefcount(large) - count"), "1");
    std::size_t sent = 0;
    for (int i = 0; i < 3; ++i) {
        sent += room.answer().body.size();
        room.news();
    }
    EXPECT_EQ(sent, 600'000U);
    EXPECT_EQ(room.show("sys.getrefcount(large) - count"), "0");
}

}  // namespace
}  // namespace baton::interp::asgi
