#include <thread>

#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::Connection;
using test::logged;
using test::make_application;

constexpr const char* kPrologue = R"py(
kept = []

def answer(start_response, value):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(value).encode()]

def application(environ, start_response):
    f = environ["wsgi.input"]
    return answer(start_response, use(f))
)py";

// What repr(use(wsgi.input)) is, `use` being given as the expression of a lambda of f.
std::string used(const std::string& expression, const std::string& body) {
    const auto application =
        make_application(std::string(kPrologue) + "\nuse = lambda f: " + expression + "\n");
    const std::string head =
        body.empty() ? "GET / HTTP/1.1" : "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(body.size());
    return Connection().serve(*application, head, body).body;
}

TEST(Input, Read) {
    EXPECT_EQ(used("f.read()", "abc"), "b'abc'");
    EXPECT_EQ(used("f.read(-1)", "abc"), "b'abc'");
    EXPECT_EQ(used("f.read(None)", "abc"), "b'abc'");
    EXPECT_EQ(used("[f.read(0), f.read(2), f.read(9), f.read(9)]", "abc"), "[b'', b'ab', b'c', b'']");
}

TEST(Input, Readline) {
    EXPECT_EQ(used("[f.readline(), f.readline(), f.readline()]", "a\nb"), "[b'a\\n', b'b', b'']");
    EXPECT_EQ(used("[f.readline(0), f.readline(2), f.readline(2), f.readline(9)]", "abc\nd"),
              "[b'', b'ab', b'c\\n', b'd']");
    EXPECT_EQ(used("[f.readline(-1), f.readline(None)]", "a\nb\n"), "[b'a\\n', b'b\\n']");
}

TEST(Input, ReadlinesAndIteration) {
    EXPECT_EQ(used("f.readlines()", "a\n\nb"), "[b'a\\n', b'\\n', b'b']");
    EXPECT_EQ(used("f.readlines(3)", "a\nb\nc\n"), "[b'a\\n', b'b\\n']");
    EXPECT_EQ(used("list(f)", "a\nb\n"), "[b'a\\n', b'b\\n']");
    EXPECT_EQ(used("[next(f), iter(f) is f, f.read(1), f.readline()]", "a\nbc\n"),
              "[b'a\\n', True, b'b', b'c\\n']");
}

TEST(Input, OfARequestWithoutABody) {
    EXPECT_EQ(used("[f.read(), f.read(5), f.readline(), f.readlines(), list(f)]", ""),
              "[b'', b'', b'', [], []]");
}

TEST(Input, WrongArgumentsAreTypeErrors) {
    EXPECT_EQ(used("f.read('x')", "abc"), "Internal Server Error");
    EXPECT_NE(logged().find("TypeError"), std::string::npos);
    EXPECT_EQ(used("f.readline(1, 2)", "abc"), "Internal Server Error");
    EXPECT_NE(logged().find("at most one argument"), std::string::npos);
}

constexpr const char* kKeeps = R"py(
kept = []

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if kept and environ["PATH_INFO"] == "/again":
        try:
            return [repr(kept[0].read()).encode()]
        except ValueError as error:
            return [str(error).encode()]
    kept.append(environ["wsgi.input"])
    return [b"kept"]
)py";

TEST(Input, IsCutOffWhenItsRequestEnds) {
    const auto application = make_application(kKeeps);
    Connection connection;
    connection.serve(*application, "POST / HTTP/1.1\r\nContent-Length: 3", "abc");
    EXPECT_EQ(connection.serve(*application, "GET /again HTTP/1.1").body,
              "wsgi.input was read after its request had ended");
}

// A body that comes through the pipe while the application reads it.
struct Streamed : ::testing::Test {
    Connection connection;
    dispatch::ExchangePtr exchange;

    void SetUp() override {
        test::runtime();
        exchange = connection.exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked");
        exchange->body.pipe = std::make_unique<http::BodyPipe>(1000);
    }
    // Feeds `body` by small parts from a thread, as the I/O thread does.
    std::thread feed(const std::string& body, bool complete) {
        return std::thread([this, body, complete] {
            std::string_view rest = body;
            while (!rest.empty()) {
                rest.remove_prefix(exchange->body.pipe->try_write(rest.substr(0, 700)));
                std::this_thread::yield();
            }
            exchange->body.pipe->close(complete);
        });
    }
    std::string used(const std::string& expression, const std::string& body, bool complete = true) {
        const auto application =
            make_application(std::string(kPrologue) + "\nuse = lambda f: " + expression + "\n");
        std::thread feeder = feed(body, complete);
        const std::string answer = connection.serve(*application, *exchange).body;
        feeder.join();
        return answer;
    }
};

TEST_F(Streamed, ReadsAllOfIt) {
    EXPECT_EQ(used("len(f.read())", std::string(100'000, 'x')), "100000");
}

TEST_F(Streamed, ReadsGiveWhatWasAskedForUntilTheEnd) {
    EXPECT_EQ(used("[len(f.read(3000)) for i in range(5)]", std::string(10'000, 'x')),
              "[3000, 3000, 3000, 1000, 0]");
}

TEST_F(Streamed, LinesAreLongerThanThePipe) {
    const std::string body = std::string(5000, 'a') + "\n" + std::string(2000, 'b');
    EXPECT_EQ(used("[len(line) for line in f]", body), "[5001, 2000]");
}

TEST_F(Streamed, ABrokenBodyIsAnOSError) {
    EXPECT_EQ(used("f.read()", "abc", false), "Internal Server Error");
    EXPECT_NE(logged().find("OSError: the request body ended before its time"), std::string::npos);
}

TEST_F(Streamed, WhatHasComeOfABrokenBodyCanBeRead) {
    EXPECT_EQ(used("f.read(3)", "abc", false), "b'abc'");
}

TEST_F(Streamed, AnUnreadBodyIsGivenUp) {
    const auto application = make_application(std::string(kPrologue) + "\nuse = lambda f: 1\n");
    EXPECT_EQ(connection.serve(*application, *exchange).body, "1");
    EXPECT_TRUE(exchange->body.pipe->abandoned());
}

TEST_F(Streamed, AThreadThatStillReadsIsEndedWithTheRequest) {
    const auto application = make_application(R"py(
import threading
outcome = []
threads = []

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/outcome":
        threads[0].join()
        return [outcome[0].encode()]
    entered = threading.Event()
    def read():
        entered.set()
        try:
            environ["wsgi.input"].read()
            outcome.append("read")
        except (OSError, ValueError) as error:  # in the read, or not yet there when the request ended
            outcome.append("refused")
    threads.append(threading.Thread(target=read))
    threads[0].start()
    entered.wait()
    return [b"left"]
)py");
    EXPECT_EQ(connection.serve(*application, *exchange).body, "left");
    EXPECT_EQ(connection.serve(*application, "GET /outcome HTTP/1.1").body, "refused");
}

}  // namespace
}  // namespace baton::interp
