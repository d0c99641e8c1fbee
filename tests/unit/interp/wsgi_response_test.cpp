#include <fmt/format.h>

#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::Connection;
using test::get;
using test::logged;
using Answer = Connection::Answer;

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// An application whose body is `body`, with start_response called as usual before it.
std::string simple(const std::string& body, const std::string& fields = "") {
    return fmt::format(
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain'){}])\n{}\n",
        fields.empty() ? "" : ", " + fields, body);
}

void expect_500(const Answer& answer) {
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, "Internal Server Error");
    EXPECT_TRUE(has(answer.fields, "Content-Type: text/plain"));
    EXPECT_TRUE(has(answer.fields, "Content-Length: 21\r\n"));
    EXPECT_TRUE(answer.complete);
}

TEST(Response, AListHasALength) {
    const Answer answer = get(simple("    return [b'Hello, ', b'World!']"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.reason, "OK");
    EXPECT_EQ(answer.fields, "Content-Type: text/plain\r\nContent-Length: 13\r\n");
    EXPECT_EQ(answer.body, "Hello, World!");
    EXPECT_TRUE(answer.complete);
}

TEST(Response, AListGoesOutInOnePiece) {
    // One look of the I/O thread sees head, body and end.
    const auto application = test::make_application(simple("    return (b'a', b'', b'b')"));
    Connection connection;
    const dispatch::ExchangePtr exchange = connection.exchange("GET / HTTP/1.1");
    exchange->claim(dispatch::now());
    {
        const Attach attached(test::runtime().main_thread());
        application->serve(*exchange);
    }
    EXPECT_EQ(exchange->events(), 0U);
    EXPECT_EQ(exchange->start, "ab");
    exchange->done({}, dispatch::now());
    using dispatch::Exchange;
    EXPECT_EQ(exchange->events(), Exchange::kCommitted | Exchange::kFinished | Exchange::kDone);
    EXPECT_EQ(connection.answer(*exchange).body, "ab");
}

TEST(Response, ADeclaredLengthIsNotDoubled) {
    const Answer answer = get(simple("    return [b'abc']", "('content-length', '3')"));
    EXPECT_EQ(answer.fields, "Content-Type: text/plain\r\ncontent-length: 3\r\n");
}

TEST(Response, AnEmptyListHasLengthZero) {
    EXPECT_TRUE(has(get(simple("    return []")).fields, "Content-Length: 0\r\n"));
}

TEST(Response, AGeneratorHasNone) {
    const Answer answer = get(simple("    return (x for x in [b'', b'one', b'', b'two'])"));
    EXPECT_EQ(answer.body, "onetwo");
    EXPECT_FALSE(has(answer.fields, "Content-Length"));
}

TEST(Response, AnIterableOfLengthOneHas) {
    const Answer answer = get(R"py(
class Body:
    def __iter__(self):
        yield b"four"
    def __len__(self):
        return 1
def application(environ, start_response):
    start_response("200 OK", [])
    return Body()
)py");
    EXPECT_TRUE(has(answer.fields, "Content-Length: 4\r\n"));
}

TEST(Response, AnEmptyGeneratorHasLengthZero) {
    EXPECT_TRUE(has(get(simple("    return iter(())")).fields, "Content-Length: 0\r\n"));
}

TEST(Response, LargeBlocksArriveWhole) {
    // More than is copied with the GIL held, less than the pipe takes without a reader.
    for (const char* form : {"[big]", "[b'a', big]", "iter([b'a', big])", "iter([big])"}) {
        const Answer answer =
            get(simple(fmt::format("    big = bytes(range(256)) * 400\n    return {}", form)));
        EXPECT_GE(answer.body.size(), 102'400U) << form;
        EXPECT_EQ(answer.body.substr(answer.body.size() - 256),
                  answer.body.substr(answer.body.size() - 512, 256));
        EXPECT_TRUE(answer.complete);
    }
}

TEST(Response, HeadSendsNoBody) {
    const Answer list = get(simple("    return [b'abc']"), "HEAD / HTTP/1.1");
    EXPECT_EQ(list.body, "");
    EXPECT_TRUE(has(list.fields, "Content-Length: 3\r\n"));
    const Answer nothing = get(simple("    return []"), "HEAD / HTTP/1.1");
    EXPECT_FALSE(has(nothing.fields, "Content-Length"));
    const Answer declared = get(simple("    return iter([])", "('Content-Length', '99')"), "HEAD / HTTP/1.1");
    EXPECT_TRUE(has(declared.fields, "Content-Length: 99\r\n"));
    EXPECT_TRUE(declared.complete);
    const Answer written =
        get("def application(e, s):\n    s('200 OK', [])(b'abc')\n    return [b'd']\n", "HEAD / HTTP/1.1");
    EXPECT_EQ(written.body, "");
}

TEST(Response, BodilessStatusesSendNone) {
    for (const char* status : {"204 No Content", "304 Not Modified"}) {
        for (const char* body : {"[b'abc']", "iter([b'abc'])", "[]"}) {
            const Answer answer =
                get(fmt::format("def application(e, s):\n    s('{}', [])\n    return {}\n", status, body));
            EXPECT_EQ(answer.body, "");
            EXPECT_FALSE(has(answer.fields, "Content-Length")) << status;
            EXPECT_TRUE(answer.complete);
        }
    }
}

TEST(Response, WriteSendsAtOnceAndBeforeTheBody) {
    const Answer answer = get(R"py(
def application(environ, start_response):
    write = start_response("200 OK", [])
    write(b"")
    write(b"one ")
    write(b"two ")
    return [b"three"]
)py");
    EXPECT_EQ(answer.body, "one two three");
    EXPECT_FALSE(has(answer.fields, "Content-Length"));
}

TEST(Response, StartResponseByName) {
    const Answer answer =
        get("def application(e, s):\n    s('200 OK', [], exc_info=None)\n    return [b'x']\n");
    EXPECT_EQ(answer.body, "x");
}

TEST(Response, ATooLongBodyIsCut) {
    for (const char* body :
         {"[b'abc', b'def']", "iter([b'abc', b'def', b'ghi'])", "(b'abcdef' for i in range(9))"}) {
        const Answer answer = get(simple(fmt::format("    return {}", body), "('Content-Length', '4')"));
        EXPECT_EQ(answer.body, "abcd") << body;
        EXPECT_TRUE(answer.complete);
        EXPECT_TRUE(has(logged(), "longer than the Content-Length of 4"));
    }
}

TEST(Response, ATooShortBodyIsIncomplete) {
    for (const char* body : {"[b'abc']", "iter([b'abc'])", "[]"}) {
        const Answer answer = get(simple(fmt::format("    return {}", body), "('Content-Length', '4')"));
        EXPECT_FALSE(answer.complete) << body;
        EXPECT_TRUE(has(logged(), "had declared a Content-Length of 4"));
    }
}

TEST(Response, MisuseIsA500AndALineInTheLog) {
    const std::pair<const char*, const char*> cases[] = {
        {"    return [b'x']", "start_response() was not called"},
        {"    return iter([b'x'])", "start_response() was not called"},
        {"    return iter([])", "start_response() was not called"},
        {"    s('200 OK', [])\n    s('200 OK', [])\n    return []", "AssertionError"},
        {"    s('OK', [])\n    return []", "not a status line: 'OK'"},
        {"    s(b'200 OK', [])\n    return []", "must be a str, not bytes"},
        {"    s('200 OK\\r\\nX: y', [])\n    return []", "not a status line"},
        {"    s('100 Continue', [])\n    return []", "not a status line"},
        {"    s('200 OK', None)\n    return []", "list of tuples, not NoneType"},
        {"    s('200 OK', (('A', 'b'),))\n    return []", "list of tuples, not tuple"},
        {"    s('200 OK', [('A',)])\n    return []", "tuple (name, value)"},
        {"    s('200 OK', [['A', 'b']])\n    return []", "tuple (name, value), not list"},
        {"    s('200 OK', [('A', 1)])\n    return []", "a header's value must be a str, not int"},
        {"    s('200 OK', [('A', '\\u20ac')])\n    return []", "beyond Latin-1"},
        {"    s('200 OK', [('A', 'b\\r\\nC: d')])\n    return []", "control character"},
        {"    s('200 OK', [('A', 'b\\0')])\n    return []", "control character"},
        {"    s('200 OK', [('A b', 'c')])\n    return []", "not a token"},
        {"    s('200 OK', [('Transfer-Encoding', 'chunked')])\n    return []", "the server's to choose"},
        {"    s('200 OK', [('Content-Length', '-1')])\n    return []", "decimal number"},
        {"    s('200 OK', [])\n    return b'text'", "returned bytes"},
        {"    s('200 OK', [])\n    return 'text'", "must consist of bytes, not str"},
        {"    s('200 OK', [])\n    return ['text']", "must consist of bytes, not str"},
        {"    s('200 OK', [])\n    return None", "'NoneType' object is not iterable"},
        {"    s('200 OK', [])('text')\n    return []", "write() takes bytes, not str"},
        {"    s('200 OK')\n    return []", "TypeError"},
        {"    s('200 OK', [], wrong=1)\n    return []", "TypeError"},
    };
    for (const auto& [body, line] : cases) {
        logged();
        expect_500(get(fmt::format("def application(e, s):\n{}\n", body)));
        const std::string text = logged();
        EXPECT_TRUE(has(text, line)) << body << "\n" << text;
        EXPECT_TRUE(has(text, "test-id GET /")) << text;
    }
}

TEST(Response, ExceptionsAreA500WithATracebackInTheLog) {
    for (const char* raised :
         {"LookupError('secret')", "SystemExit(7)", "KeyboardInterrupt", "BaseException('x')"}) {
        logged();
        expect_500(
            get(fmt::format("def application(e, s):\n    raise {}\n", raised), "GET /path?q HTTP/1.1"));
        const std::string text = logged();
        EXPECT_TRUE(has(text, "Traceback (most recent call last)")) << raised;
        EXPECT_TRUE(has(text, "line 2, in application"));
        EXPECT_TRUE(has(text, "request test-id GET /path?q"));
    }
    expect_500(get(simple("    raise LookupError", "('X-Secret', 'x')")));
    const Answer head = get("def application(e, s):\n    raise LookupError\n", "HEAD / HTTP/1.1");
    EXPECT_EQ(head.status, 500);
    EXPECT_EQ(head.body, "");
}

TEST(Response, AFailureAfterTheHeadBreaksOff) {
    const Answer answer = get(simple("    yield b'one'\n    raise LookupError('too late')"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "one");
    EXPECT_FALSE(answer.complete);
    EXPECT_TRUE(has(logged(), "too late"));
}

TEST(Response, ExcInfoReplacesTheHeadWhileItCan) {
    const Answer answer = get(R"py(
import sys
def application(environ, start_response):
    start_response("200 OK", [("X-First", "1")])
    try:
        1 / 0
    except ZeroDivisionError:
        start_response("503 Busy", [("X-Second", "2")], sys.exc_info())
    return [b"replaced"]
)py");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.fields, "X-Second: 2\r\nContent-Length: 8\r\n");
}

TEST(Response, ExcInfoIsRaisedWhenItIsTooLate) {
    const Answer answer = get(R"py(
import sys
def application(environ, start_response):
    start_response("200 OK", [])
    yield b"sent"
    try:
        raise LookupError("the reason")
    except LookupError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"never"
)py");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "sent");
    EXPECT_FALSE(answer.complete);
    EXPECT_TRUE(has(logged(), "LookupError: the reason"));
}

// Bodies that count how often they are closed.
constexpr const char* kClosing = R"py(
closed = []

class Body:
    def __init__(self, name, blocks):
        self.name, self.blocks = name, iter(blocks)
    def __iter__(self):
        return self
    def __next__(self):
        block = next(self.blocks)
        if block is None:
            raise LookupError("in the body")
        return block
    def close(self):
        closed.append(self.name)
        if self.name == "broken":
            raise LookupError("in close()")

BLOCKS = {
    "/fine": [b"a", b"b"], "/early": [None], "/late": [b"a", None], "/text": ["a"], "/empty": [], "/broken": [b"a"],
}

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/closed":
        start_response("200 OK", [])
        return [",".join(closed).encode()]
    if path != "/unstarted":
        start_response("200 OK", [])
    return Body(path[1:], BLOCKS.get(path, [b"a"]))
)py";

TEST(Response, BodiesAreClosedOnceWhateverHappens) {
    const auto application = test::make_application(kClosing);
    Connection connection;
    for (const char* path : {"/fine", "/early", "/late", "/text", "/empty", "/unstarted", "/broken"}) {
        connection.serve(*application, fmt::format("GET {} HTTP/1.1", path));
    }
    connection.serve(*application, "HEAD /head HTTP/1.1");
    EXPECT_EQ(connection.serve(*application, "GET /closed HTTP/1.1").body,
              "fine,early,late,text,empty,unstarted,broken,head");
    EXPECT_TRUE(has(logged(), "LookupError: in close()"));
}

TEST(Response, AFailingCloseDoesNotHarmTheResponse) {
    const auto application = test::make_application(kClosing);
    Connection connection;
    const Answer answer = connection.serve(*application, "GET /broken HTTP/1.1");
    EXPECT_EQ(answer.body, "a");
    EXPECT_TRUE(answer.complete);
}

TEST(Response, AClientThatHasGoneEndsTheIteration) {
    const auto application = test::make_application(R"py(
asked = 0
def forever(environ):
    global asked
    while True:
        asked += 1
        yield b"block"
def application(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/asked":
        return [str(asked).encode()]
    return forever(environ)
)py");
    logged();
    Connection connection;
    const dispatch::ExchangePtr exchange = connection.exchange("GET / HTTP/1.1");
    exchange->abandon();
    connection.serve(*application, *exchange);
    EXPECT_EQ(connection.serve(*application, "GET /asked HTTP/1.1").body, "1");
    EXPECT_EQ(logged(), "");
}

TEST(Response, KeptCallablesRaiseAfterTheirRequest) {
    const auto application = test::make_application(R"py(
kept = []
def application(environ, start_response):
    for callable, arguments in kept:
        try:
            callable(*arguments)
        except RuntimeError as error:
            kept.clear()
            start_response("200 OK", [])
            return [str(error).encode()]
    if environ["PATH_INFO"] == "/write":
        kept.append((start_response("200 OK", []), (b"late",)))
    else:
        kept.append((start_response, ("200 OK", [])))
        start_response("200 OK", [])
    return [b"kept"]
)py");
    Connection connection;
    for (const char* path : {"/start", "/write"}) {
        EXPECT_EQ(connection.serve(*application, fmt::format("GET {} HTTP/1.1", path)).body, "kept");
        EXPECT_TRUE(
            has(connection.serve(*application, "GET / HTTP/1.1").body, "after its request had ended"));
    }
}

TEST(Response, NothingLeaks) {
    const auto application = test::make_application(R"py(
import gc, sys
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/count":
        gc.collect()
        start_response("200 OK", [])
        return [str(sys.getallocatedblocks()).encode()]
    if path == "/raise":
        raise LookupError
    start_response("200 OK", [("A", "b")])
    return (x for x in [b"a", b"b"]) if path == "/generator" else [b"a"]
)py");
    Connection connection;
    const auto rounds = [&](int count) {
        for (int i = 0; i < count; ++i) {
            connection.serve(*application, "GET / HTTP/1.1\r\nX-A: 1\r\nX-A: 2\r\nCookie: c");
            connection.serve(*application, "GET /generator HTTP/1.1");
            connection.serve(*application, "GET /raise HTTP/1.1");
            connection.serve(*application, "POST / HTTP/1.1\r\nContent-Length: 1", "x");
        }
        logged();
        return std::stol(connection.serve(*application, "GET /count HTTP/1.1").body);
    };
    rounds(50);
    const long before = rounds(50);
    // One object per request that stays would be thousands of blocks. The interpreter's own come and go,
    // about a hundred however many requests there are.
    EXPECT_LT(rounds(2000) - before, 400);
}

// wsgiref's validator is picky on purpose: it checks what the server gives and does, too.
TEST(Response, TheValidatorIsContent) {
    const auto application = test::make_application(R"py(
from wsgiref.validate import validator

def plain(environ, start_response):
    body = environ["wsgi.input"].read(10)
    environ["wsgi.errors"].write("")
    if environ["PATH_INFO"] == "/late":
        start_response("204 No Content", [])
        return []
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/write":
        write(b"written ")
    if environ["PATH_INFO"] == "/generator":
        return (part for part in [b"a", b"b"])
    return [b"got ", body]

application = validator(plain)
)py");
    logged();
    Connection connection;
    EXPECT_EQ(connection.serve(*application, "GET /?q HTTP/1.1").body, "got ");
    EXPECT_EQ(connection.serve(*application, "GET /write HTTP/1.1").body, "written got ");
    EXPECT_EQ(connection.serve(*application, "GET /generator HTTP/1.1").body, "ab");
    EXPECT_EQ(connection.serve(*application, "GET /late HTTP/1.1").status, 204);
    EXPECT_EQ(
        connection.serve(*application, "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Type: a/b", "abc")
            .body,
        "got abc");
    EXPECT_EQ(connection.serve(*application, "HEAD / HTTP/1.1").body, "");
    EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace baton::interp
