#include "interp/asgi/http.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

using test::HttpRoom;

constexpr const char* kGet = "GET / HTTP/1.1";
constexpr const char* kPost = "POST / HTTP/1.1\r\nContent-Length: 5";
constexpr const char* kDisconnect = "{'type': 'http.disconnect'}";

void expect_logged(const std::string& what) {
    const std::string text = interp::test::logged();
    EXPECT_NE(text.find(what), std::string::npos) << what << " is not in: " << text;
}

// What an attempt to receive gives: the event, or "waits".
std::string receive(HttpRoom& room) {
    Owned event;
    const Attempt attempt = room.http().receive(event);
    EXPECT_NE(attempt, Attempt::failed);
    EXPECT_EQ(room.http().can_receive() && attempt == Attempt::waits, false);
    if (attempt == Attempt::waits) return "waits";
    room.give("event", event);
    return room.show("event");
}

TEST(HttpReceive, ABodyThatIsThereIsOneEvent) {
    HttpRoom room(kPost, "hello");
    EXPECT_EQ(receive(room), "{'type': 'http.request', 'body': b'hello', 'more_body': False}");
    EXPECT_EQ(receive(room), "waits");
    room.exchange->client_left();
    EXPECT_TRUE(room.http().can_receive());
    EXPECT_EQ(receive(room), kDisconnect);
    EXPECT_EQ(receive(room), kDisconnect);
}

TEST(HttpReceive, ABodyThatComesInPiecesIsAskedForAndMadeRoomFor) {
    HttpRoom room(kPost, "", 4);
    http::BodyPipe& pipe = *room.exchange->body.pipe;
    EXPECT_EQ(receive(room), "waits");
    EXPECT_TRUE(room.exchange->body_wanted());
    EXPECT_EQ(pipe.try_write("hello"), 4U);
    EXPECT_EQ(receive(room), "{'type': 'http.request', 'body': b'hell', 'more_body': True}");
    EXPECT_EQ(pipe.try_write("o"), 1U);
    pipe.close();
    EXPECT_EQ(receive(room), "{'type': 'http.request', 'body': b'o', 'more_body': False}");
    EXPECT_EQ(receive(room), "waits");
}

TEST(HttpReceive, AnEndWithoutBytesIsAnEvent) {
    HttpRoom room(kPost, "", 4);
    room.exchange->body.pipe->close();
    EXPECT_EQ(receive(room), "{'type': 'http.request', 'body': b'', 'more_body': False}");
}

TEST(HttpReceive, ABodyThatBreaksOffIsADisconnect) {
    HttpRoom room(kPost, "", 8);
    room.exchange->body.pipe->try_write("hel");
    room.exchange->body.pipe->close(false);
    EXPECT_EQ(receive(room), "{'type': 'http.request', 'body': b'hel', 'more_body': True}");
    EXPECT_EQ(receive(room), kDisconnect);
}

TEST(HttpReceive, AfterTheResponseThereIsNobody) {
    HttpRoom room(kGet);
    room.step("start(); body(b'x')");
    EXPECT_EQ(receive(room), kDisconnect);
}

// --- the response

TEST(HttpSend, AWholeResponseGoesOutAtOnce) {
    HttpRoom room(kGet);
    room.step("start(201, [(b'X-A', b'1')])");
    EXPECT_FALSE(room.exchange->committed()) << "a failure could still become a 500";
    room.step("body(b'hello')");
    EXPECT_TRUE(room.exchange->finished());
    const auto answer = room.answer();
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.fields, "X-A: 1\r\n");
    EXPECT_EQ(answer.body, "hello");
    EXPECT_TRUE(answer.complete);
}

TEST(HttpSend, AStreamIsCommittedWithItsFirstPiece) {
    HttpRoom room(kGet);
    room.step("start(); body(b'a', True)");
    EXPECT_TRUE(room.exchange->committed());
    EXPECT_FALSE(room.exchange->finished());
    room.step("body(b'b', True); body(b'c')");
    EXPECT_TRUE(room.exchange->finished());
    EXPECT_EQ(room.answer().body, "abc");
}

TEST(HttpSend, ALargeWholeBodyHasALength) {
    HttpRoom room(kGet);
    room.step("start(); body(b'x' * 100_000)");
    const auto answer = room.answer();
    EXPECT_EQ(answer.fields, "Content-Length: 100000\r\n");
    EXPECT_EQ(answer.body.size(), 100'000U);
}

TEST(HttpSend, TheAnswerToHeadHasNoBody) {
    HttpRoom room("HEAD / HTTP/1.1");
    room.step("start(200, [(b'Content-Length', b'99')]); body(b'hello', True); body(b'x')");
    const auto answer = room.answer();
    EXPECT_EQ(answer.fields, "Content-Length: 99\r\n");
    EXPECT_EQ(answer.body, "");
    EXPECT_TRUE(answer.complete);
}

TEST(HttpSend, BodilessStatusesHaveNoBody) {
    HttpRoom room(kGet);
    room.step("start(204); body(b'hello')");
    EXPECT_EQ(room.answer().body, "");
}

TEST(HttpSend, MessagesOutOfOrderAreRefused) {
    const auto refused = [](const char* before, const char* message, const char* why) {
        HttpRoom room(kGet);
        room.step(before);
        EXPECT_EQ(room.ask(std::string("tell(") + message + ")"), std::string("RuntimeError: ") + why);
        expect_logged(why);
    };
    refused("", "{'type': 'http.response.body'}",
            "the application sent http.response.body before http.response.start");
    refused("start()", "{'type': 'http.response.start', 'status': 200}",
            "the application sent http.response.start a second time");
    refused("start(); body()", "{'type': 'http.response.body'}",
            "the application sent http.response.body after the end of its response");
    refused("start(trailers=True); body()", "{'type': 'http.response.body'}",
            "the application sent http.response.body where its trailers belong");
    refused("start()", "{'type': 'http.response.trailers'}",
            "the application sent http.response.trailers that it had not promised in its start");
    refused("start(); body(b'x', True)", "{'type': 'http.response.pathsend', 'path': '/x'}",
            "the application sent http.response.pathsend where it may not stand");
    refused("start(); body(b'x', True)", "{'type': 'http.response.early_hint', 'links': []}",
            "the application sent http.response.early_hint after its response had begun");
    refused("", "{'type': 'websocket.send'}",
            "the application sent a message of the type 'websocket.send', which http does not have");
}

TEST(HttpSend, AStartThatIsRefusedMayBeSentAgain) {
    HttpRoom room(kGet);
    EXPECT_EQ(room.ask("start(200, [(b'good', b''), (b'bad', 1)])"),
              "TypeError: a header's value must be bytes, not int");
    room.step("start(404); body(b'none')");
    EXPECT_EQ(room.answer().status, 404);
    EXPECT_EQ(room.answer().fields, "");
}

TEST(HttpSend, BodiesMustBeBytes) {
    HttpRoom room(kGet);
    room.step("start()");
    EXPECT_EQ(room.ask("now(body('text'))"), "TypeError: 'body' must be bytes, not str");
    EXPECT_EQ(room.ask("now(body(None))"), "TypeError: the body must be bytes, not None");
    room.step("body(memoryview(b'right'))");
    EXPECT_EQ(room.answer().body, "right");
}

TEST(HttpSend, TheDeclaredLengthIsKeptTo) {
    HttpRoom longer(kGet);
    longer.step("start(200, [(b'Content-Length', b'3')]); body(b'ab', True)");
    EXPECT_EQ(longer.ask("now(body(b'cd'))"),
              "RuntimeError: the body is longer than the Content-Length of 3 that the application declared");
    longer.step("body(b'c')");
    EXPECT_EQ(longer.answer().body, "abc");
}

TEST(HttpSend, TheDeclaredLengthMustBeReached) {
    HttpRoom room(kGet);
    room.step("start(200, [(b'Content-Length', b'3')])");
    EXPECT_EQ(room.ask("now(body(b'ab'))"),
              "RuntimeError: the body ended after 2 bytes, but the application had declared a Content-Length "
              "of 3");
    EXPECT_FALSE(room.exchange->committed()) << "it may still become a 500";
}

TEST(HttpSend, TrailersEndTheResponseThatPromisedThem) {
    HttpRoom room(kGet);
    room.step("start(trailers=True); body(b'x')");
    EXPECT_FALSE(room.exchange->finished());
    EXPECT_NE(room.ask("tell({'type': 'http.response.trailers', 'headers': [(b'X', b'a\\r\\nb')]})")
                  .find("ValueError"),
              std::string::npos);
    room.step(R"py(
tell({"type": "http.response.trailers", "headers": [(b"X-A", b"1")], "more_trailers": True})
tell({"type": "http.response.trailers", "headers": [(b"X-B", b"2")]})
)py");
    EXPECT_TRUE(room.exchange->finished());
    EXPECT_EQ(room.exchange->trailers, "X-A: 1\r\nX-B: 2\r\n");
}

TEST(HttpSend, PathsAreHandedOver) {
    HttpRoom room(kGet);
    room.step("start()");
    EXPECT_EQ(room.ask("tell({'type': 'http.response.pathsend', 'path': 'rel/ative'})"),
              "ValueError: the path of http.response.pathsend must be absolute, not 'rel/ative'");
    EXPECT_EQ(room.ask("tell({'type': 'http.response.pathsend', 'path': b'/x'})").find("TypeError"), 0U);
    EXPECT_EQ(room.ask("tell({'type': 'http.response.pathsend', 'path': '/a\\0b'})").find("ValueError"), 0U);
    room.step("tell({'type': 'http.response.pathsend', 'path': '/caf\\u00e9'})");
    EXPECT_EQ(room.exchange->path, "/caf\xC3\xA9");
    EXPECT_TRUE(room.exchange->finished());
}

TEST(HttpSend, EarlyHintsGoBeforeTheResponse) {
    HttpRoom room(kGet);
    room.step("tell({'type': 'http.response.early_hint', 'links': [b'</a>; rel=preload', b'</b>']})");
    EXPECT_EQ(room.exchange->take_hints(), "Link: </a>; rel=preload\r\nLink: </b>\r\n");
    for (const char* links : {"['</a>']", "[b'x\\r\\nX-Evil: 1']"}) {
        EXPECT_EQ(room.ask(std::string("tell({'type': 'http.response.early_hint', 'links': ") + links + "})")
                      .find("ValueError"),
                  0U)
            << links;
    }
    EXPECT_EQ(room.ask("tell({'type': 'http.response.early_hint'})").find("TypeError"), 0U);
    EXPECT_EQ(room.exchange->take_hints(), "");
    EXPECT_FALSE(room.exchange->committed());
}

TEST(HttpSend, ToAClientThatHasGoneIsAnError) {
    HttpRoom room(kGet);
    room.step("start()");
    room.exchange->abandon();
    EXPECT_TRUE(room.http().can_send());
    EXPECT_EQ(room.ask("now(body(b'x'))"), "ConnectionResetError: the client has gone");
}

TEST(HttpSend, AHalfClosedClientIsSentToUntilTheApplicationKnows) {
    HttpRoom room(kPost, "hello");
    room.exchange->client_left();
    room.step("start(); body(b'a', True)");
    EXPECT_EQ(receive(room), kDisconnect);
    EXPECT_EQ(room.ask("now(body(b'b'))"), "ConnectionResetError: the client has gone");
}

// --- the application's end

std::string raise(HttpRoom& room, const char* exception) {
    interp::test::logged();
    const Step step(room.loop(), &room.http(), {});
    const Owned made = room.get(exception);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.get())), made.get());
    room.http().raised();
    EXPECT_EQ(PyErr_Occurred(), nullptr);
    EXPECT_TRUE(room.http().ended());
    return interp::test::logged();
}

void finish(HttpRoom& room) {
    const Step step(room.loop(), &room.http(), {});
    room.http().returned();
}

TEST(HttpEnd, ReturningAfterTheResponseIsRight) {
    HttpRoom room(kGet);
    room.step("start(); body(b'x')");
    finish(room);
    EXPECT_EQ(interp::test::logged(), "");
    EXPECT_TRUE(room.answer().complete);
}

TEST(HttpEnd, NoResponseIsA500) {
    HttpRoom room(kGet);
    room.step("start(200, [(b'X-Secret', b'1')])");
    finish(room);
    expect_logged("request test-id GET /: the application returned before the end of its response");
    const auto answer = room.answer();
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, "Internal Server Error");
    EXPECT_EQ(answer.fields.find("X-Secret"), std::string::npos);
    EXPECT_TRUE(answer.complete);
}

TEST(HttpEnd, AnExceptionBeforeTheResponseIsA500) {
    HttpRoom room("HEAD / HTTP/1.1");
    const std::string log = raise(room, "ValueError('mine')");
    EXPECT_NE(log.find("the application raised an exception\nValueError: mine"), std::string::npos) << log;
    EXPECT_EQ(room.answer().status, 500);
    EXPECT_EQ(room.answer().body, "") << "to a HEAD";
}

TEST(HttpEnd, AnExceptionInTheMiddleCutsTheResponse) {
    HttpRoom room(kGet);
    room.step("start(); body(b'half', True)");
    EXPECT_NE(raise(room, "SystemExit(1)").find("wanted to end the process"), std::string::npos);
    const auto answer = room.answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "half");
    EXPECT_FALSE(answer.complete);
}

TEST(HttpEnd, TheErrorsOfThoseWhoseClientLeftAreQuiet) {
    for (const char* exception : {"ConnectionResetError('gone')", "asyncio.CancelledError()"}) {
        HttpRoom room(kPost, "hello");
        room.exchange->abandon();
        EXPECT_EQ(raise(room, exception), "") << exception;
    }
    HttpRoom room(kPost, "hello");
    room.exchange->abandon();
    EXPECT_NE(raise(room, "KeyError('bug')").find("KeyError: 'bug'"), std::string::npos);
}

TEST(HttpEnd, CancellingIsToldOnlyWhileAResponseIsOwed) {
    {
        HttpRoom owing(kGet);
        EXPECT_NE(raise(owing, "asyncio.CancelledError()").find("the application's task was cancelled"),
                  std::string::npos);
        EXPECT_EQ(owing.answer().status, 500);
    }
    HttpRoom answered(kGet);
    answered.step("start(); body(b'x')");
    EXPECT_EQ(raise(answered, "asyncio.CancelledError()"), "");
}

// Whoever asks for events after the response hears of a disconnect, which is nobody's leaving.
TEST(HttpEnd, TheErrorsOfBackgroundTasksAreLogged) {
    HttpRoom room(kGet);
    room.step("start(); body(b'x')");
    EXPECT_EQ(receive(room), kDisconnect);
    const std::string log = raise(room, "FileNotFoundError('report.csv')");
    EXPECT_NE(log.find("request test-id GET /: the application raised an exception"), std::string::npos)
        << log;
    EXPECT_NE(log.find("report.csv"), std::string::npos);
    EXPECT_TRUE(room.answer().complete);
}

}  // namespace
}  // namespace baton::interp::asgi
