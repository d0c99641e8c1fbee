// Answers that take their time: on the wire, and when the client goes.
#include "server/admin/stream.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/admin/listener.hpp"
#include "server/admin/query.hpp"
#include "server/admin/trace_page.hpp"
#include "tests/unit/admin/client.hpp"

namespace baton::admin {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

bool becomes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
    return condition();
}

class StreamTest : public testing::Test {
  protected:
    explicit StreamTest() {
        asio::co_spawn(io_, listener_.serve(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~StreamTest() override {
        io_.stop();
        thread_.join();
        traces.stop();
        hurried.stop();
    }

    Reply answer(std::string_view target) {
        if (target == "/page") return plain(200, "page\n");
        if (target.starts_with("/trace")) return traces.answer(target);
        if (target.starts_with("/hurried")) return hurried.answer(target);
        if (target == "/fails") return Stream{kText, {}, [](Sink& sink) { return fails(sink); }};
        return Stream{kText, {{"X-More", "yes"}}, [this](Sink& sink) { return count(sink); }};
    }
    asio::awaitable<void> count(Sink& sink) {
        ++begun;
        for (int i = 0; i < limit; ++i) {
            const bool there = co_await sink.write(std::to_string(i) + "\n");
            if (!there) break;
            const bool still = co_await sink.wait(1ms);
            if (!still) break;
        }
        ++ended;
    }
    static asio::awaitable<void> fails(Sink& sink) {
        co_await sink.write("half");
        throw std::runtime_error("no more");
    }

    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    std::atomic<int> limit{3};
    std::atomic<int> recording{0};
    std::atomic<int> abandoned{0};
    std::atomic<int> reading{0};
    std::atomic<int> read{0};
    std::binary_semaphore may_read{1};
    std::atomic<bool> fails_to_read{false};
    std::atomic<std::size_t> slices{0};
    trace::Source source{.start =
                             [this] {
                                 if (recording.exchange(1) == 1) return trace::Source::Start::busy;
                                 return trace::Source::Start::begun;
                             },
                         .stop =
                             [this] {
                                 recording = 0;
                                 ++reading;
                                 may_read.acquire();
                                 may_read.release();
                                 ++read;
                                 if (fails_to_read) throw std::bad_alloc();
                                 trace::Recording result;
                                 result.begin = 1'000'000'000;
                                 result.end = 3'500'000'000;
                                 result.dropped = 7;
                                 result.interpreters = {"main"};
                                 result.routes = {"_OTHER"};
                                 result.requests.emplace_back();
                                 const auto slice = [](std::size_t number) {
                                     const auto at = static_cast<std::int64_t>(number);
                                     return trace::Slice{at, at + 1, 0, trace::Doing::holding, false};
                                 };
                                 result.tracks.push_back({0, 1, "thread", trace::Slices(slices, slice)});
                                 return result;
                             },
                         .abandon =
                             [this] {
                                 recording = 0;
                                 ++abandoned;
                             }};

    metrics::ThreadClocks clocks;
    TracePage traces{source, clocks};
    TracePage hurried{source, clocks, 300ms};

    asio::io_context io_{1};
    Listener listener_{io_, {"127.0.0.1", 0}, {[this](const Asked& asked) { return answer(asked.target); }}};
    std::thread thread_;
};

TEST_F(StreamTest, PiecesAndTheEndOfTheConnection) {
    Client client(listener_.port());
    const Client::Response response = client.get("/count");
    EXPECT_EQ(response.result_int(), 200U);
    EXPECT_EQ(response.body(), "0\n1\n2\n");
    EXPECT_EQ(response["X-More"], "yes");
    EXPECT_EQ(response[http::field::cache_control], "no-store");
    EXPECT_TRUE(response.chunked());
    EXPECT_FALSE(response.keep_alive());
    EXPECT_TRUE(client.closed());
}

TEST_F(StreamTest, WithoutChunksForOldClients) {
    Client client(listener_.port());
    client.send("GET /count HTTP/1.0\r\n\r\n");
    const Client::Response response = client.receive();
    EXPECT_FALSE(response.chunked());
    EXPECT_EQ(response.body(), "0\n1\n2\n");
}

TEST_F(StreamTest, OnlyTheHeadForHead) {
    Client client(listener_.port());
    client.send("HEAD /count HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.receive(true).result_int(), 200U);
    EXPECT_EQ(begun, 0);
}

TEST_F(StreamTest, PagesComeMeanwhileAndItEndsWithTheClient) {
    limit = 1'000'000;
    {
        Client watcher(listener_.port());
        watcher.send("GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n");
        ASSERT_TRUE(becomes_true([this] { return begun == 1; }));
        EXPECT_EQ(Client(listener_.port()).get("/page").body(), "page\n");
        EXPECT_EQ(ended, 0);
    }
    EXPECT_TRUE(becomes_true([this] { return ended == 1; }));
}

TEST_F(StreamTest, AStreamKeepsItsPlaceInACrowd) {
    limit = 1'000'000;
    Client watcher(listener_.port());
    watcher.send("GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(becomes_true([this] { return begun == 1; }));
    std::vector<std::unique_ptr<Client>> idle;
    for (int i = 0; i < 70; ++i) idle.push_back(std::make_unique<Client>(listener_.port()));
    EXPECT_EQ(Client(listener_.port()).get("/page").body(), "page\n");
    EXPECT_TRUE(idle.front()->closed());
    EXPECT_EQ(ended, 0);
}

TEST_F(StreamTest, AFailureInTheMiddleIsSeenByTheClient) {
    Client client(listener_.port());
    client.send("GET /fails HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THROW(client.receive(), boost::system::system_error);
}

TEST_F(StreamTest, ATraceIsAFile) {
    const Client::Response response = Client(listener_.port()).get("/trace?seconds=0.01");
    EXPECT_EQ(response.result_int(), 200U);
    EXPECT_EQ(response[http::field::content_type], "application/octet-stream");
    const std::string disposition(response[http::field::content_disposition]);
    EXPECT_TRUE(disposition.starts_with("attachment; filename=\"baton-gil-")) << disposition;
    EXPECT_TRUE(disposition.ends_with(".pftrace\"")) << disposition;
    EXPECT_FALSE(response.body().empty());
    const Client::Response json = Client(listener_.port()).get("/trace?seconds=1e-2&format=json");
    EXPECT_EQ(json[http::field::content_type], "application/json");
    EXPECT_EQ(json.body().front(), '{');
    EXPECT_EQ(recording, 0);
    EXPECT_EQ(abandoned, 0);
}

TEST_F(StreamTest, BehindATraceComesWhatItBecame) {
    Client client(listener_.port());
    client.send("GET /trace?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const Client::Response response = client.receive();
    EXPECT_EQ(response[http::field::trailer], "Baton-Trace");
    EXPECT_EQ(response["Baton-Trace"], "seconds=2.500000; dropped=7") << "trailers are among the fields";
    // Who does not know chunks gets none.
    Client old(listener_.port());
    old.send("GET /trace?seconds=0.01 HTTP/1.0\r\n\r\n");
    const Client::Response plain = old.receive();
    EXPECT_EQ(plain.count(http::field::trailer), 0U);
    EXPECT_TRUE(plain.body() == response.body());
}

TEST_F(StreamTest, WhatATraceCannotBe) {
    for (const char* query :
         {"seconds=0", "seconds=61", "seconds=", "seconds=nan", "seconds=5s", "seconds=-1"}) {
        const Client::Response response = Client(listener_.port()).get(std::string("/trace?") + query);
        EXPECT_EQ(response.result_int(), 400U) << query;
        EXPECT_EQ(response.body(), "seconds must be a number from 0.01 to 60\n");
    }
    EXPECT_EQ(Client(listener_.port()).get("/trace?format=svg").body(), "format must be perfetto or json\n");
    EXPECT_EQ(Client(listener_.port()).get("/trace?second=1").result_int(), 400U);
    EXPECT_EQ(recording, 0);
    source.start = [] { return trace::Source::Start(trace::Source::Start::impossible, "it is Monday"); };
    const Client::Response refused = Client(listener_.port()).get("/trace");
    EXPECT_EQ(refused.result_int(), 503U);
    EXPECT_EQ(refused.body(), "there is no recording: it is Monday\n");
    source = {};
    EXPECT_EQ(Client(listener_.port()).get("/trace").result_int(), 503U);
}

TEST_F(StreamTest, OneTraceAtATimeAndItEndsWithItsClient) {
    {
        Client client(listener_.port());
        client.send("GET /trace?seconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        ASSERT_TRUE(becomes_true([this] { return recording == 1; }));
        EXPECT_EQ(Client(listener_.port()).get("/trace").result_int(), 409U);
        EXPECT_EQ(abandoned, 0);
    }
    EXPECT_TRUE(becomes_true([this] { return abandoned == 1 && recording == 0; }));
}

TEST_F(StreamTest, WhoHasClosedHisSideGetsHisTrace) {
    for (const char* version : {"1.0", "1.1"}) {
        for (const char* format : {"json", "perfetto"}) {
            Client client(listener_.port());
            client.send(std::string("GET /trace?seconds=0.2&format=") + format + " HTTP/" + version +
                        "\r\nHost: localhost\r\n\r\n");
            client.close_own_side();
            const std::string body = client.receive().body();
            EXPECT_TRUE(body.starts_with(
                format == std::string_view("json") ? " {" : std::string_view("\x0A\x00\x0A", 3)))
                << version << ' ' << format;
        }
    }
    EXPECT_EQ(abandoned, 0);
    Client counted(listener_.port());
    counted.send("GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n");
    counted.close_own_side();
    EXPECT_EQ(counted.receive().body(), "0\n1\n2\n");
}

// It has read the head, so that nothing is left unread, by which a kernel would tell of its end.
TEST_F(StreamTest, WhoHasGoneAfterTheHeadEndsHisTrace) {
    for (const char* version : {"1.0", "1.1"}) {
        const int before = abandoned;
        {
            Client client(listener_.port());
            client.send(std::string("GET /trace?seconds=60 HTTP/") + version + "\r\nHost: localhost\r\n\r\n");
            ASSERT_TRUE(client.sip());
        }
        EXPECT_TRUE(becomes_true([&] { return abandoned == before + 1 && recording == 0; })) << version;
    }
}

// Whoever reads a recording waits for as long as this is there, also when a test fails.
class Standstill {
  public:
    explicit Standstill(std::binary_semaphore& may_read) : may_read_(may_read) { may_read_.acquire(); }
    ~Standstill() { end(); }
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;
    void end() {
        if (!std::exchange(ended_, true)) may_read_.release();
    }

  private:
    std::binary_semaphore& may_read_;
    bool ended_ = false;
};

TEST_F(StreamTest, PagesComeWhileARecordingIsRead) {
    Standstill standstill(may_read);
    Client client(listener_.port());
    client.send("GET /trace?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(becomes_true([this] { return reading == 1; }));
    Client other(listener_.port());
    other.send("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(other.readable());
    EXPECT_EQ(other.receive().body(), "page\n");
    Client third(listener_.port());
    third.send("GET /trace HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(third.receive(true).result_int(), 409U);
    standstill.end();
    EXPECT_EQ(client.receive().result_int(), 200U);
    EXPECT_GT(clocks.by_role()[static_cast<std::size_t>(metrics::Role::admin)], 0);
}

TEST_F(StreamTest, ItEndsWhileARecordingIsRead) {
    Standstill standstill(may_read);
    Client client(listener_.port());
    client.send("GET /trace?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(becomes_true([this] { return reading == 1; }));
    io_.stop();  // as Admin::stop() does it
    std::thread later([&] {
        std::this_thread::sleep_for(50ms);
        standstill.end();
    });
    traces.stop();
    EXPECT_EQ(read, 1) << "it has been waited for";
    later.join();
}

TEST_F(StreamTest, TheNextTraceBeginsWhenTheOneBeforeIsHandedOut) {
    slices = 2'000'000;  // much more than sockets hold
    {
        Client slow(listener_.port());
        slow.send("GET /trace?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        ASSERT_TRUE(becomes_true([this] { return reading == 1; }));
        EXPECT_EQ(Client(listener_.port()).get("/trace").result_int(), 409U);
        EXPECT_EQ(recording, 0);
    }
    slices = 100;
    const auto next = [this] { return Client(listener_.port()).get("/trace?seconds=0.01").result_int(); };
    EXPECT_TRUE(becomes_true([&] { return next() == 200U; }));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(next(), 200U) << "at once";
}

TEST_F(StreamTest, AClientThatTakesForeverDoesNotKeepOthersFromTheirs) {
    slices = 2'000'000;
    Client slow(listener_.port());
    slow.send("GET /hurried?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(slow.sip());  // more than the head
    slices = 100;
    const auto next = [this] { return Client(listener_.port()).get("/hurried?seconds=0.01").result_int(); };
    EXPECT_TRUE(becomes_true([&] {
        slow.sip();
        return next() == 200U;
    }));
}

TEST_F(StreamTest, AnotherTraceAfterOneThatCouldNotBeRead) {
    fails_to_read = true;
    Client client(listener_.port());
    client.send("GET /trace?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THROW(client.receive(), boost::system::system_error);
    fails_to_read = false;
    const auto next = [this] { return Client(listener_.port()).get("/trace?seconds=0.01").result_int(); };
    EXPECT_TRUE(becomes_true([&] { return next() == 200U; }));
}

TEST(QueryTest, Parameters) {
    const Query query("/trace?seconds=2&format=js%6Fn&&a&seconds=3&b=%");
    EXPECT_EQ(query.get("seconds"), "2");
    EXPECT_EQ(query.get("format"), "json");
    EXPECT_EQ(query.get("a"), "");
    EXPECT_EQ(query.get("b"), "%");
    EXPECT_EQ(query.get("c"), std::nullopt);
    EXPECT_TRUE(Query("/trace").all().empty());
    EXPECT_TRUE(Query("/trace?").all().empty());
}

}  // namespace
}  // namespace baton::admin
