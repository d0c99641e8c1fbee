#include "server/client/fetch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace baton::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr std::uint64_t kLimit = 1000;

// Answers one connection with the given bytes, and keeps what it was asked.
class Canned {
  public:
    explicit Canned(std::string answer, bool silent = false)
        : answer_(std::move(answer)), silent_(silent), thread_([this] { serve(); }) {}
    ~Canned() {
        over_.set_value();
        thread_.join();
    }
    Canned(const Canned&) = delete;
    Canned& operator=(const Canned&) = delete;

    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    std::string asked;

  private:
    void serve() {
        tcp::socket socket = acceptor_.accept();
        boost::system::error_code ignored;  // the client may have had enough
        const std::size_t size = asio::read_until(socket, buffer_, "\r\n\r\n", ignored);
        asked.assign(asio::buffers_begin(buffer_.data()),
                     asio::buffers_begin(buffer_.data()) + static_cast<std::ptrdiff_t>(size));
        if (!silent_) asio::write(socket, asio::buffer(answer_), ignored);
        if (silent_) over_.get_future().wait();
    }

    const std::string answer_;
    const bool silent_;
    asio::io_context io_;
    tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
    asio::streambuf buffer_;
    std::promise<void> over_;
    std::thread thread_;
};

std::string trouble(const std::variant<Body, Trouble>& result) {
    return std::holds_alternative<Trouble>(result) ? std::get<Trouble>(result).line : "no trouble";
}

TEST(FetchTest, TheBodyOfAPage) {
    Canned server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    const auto result = fetch(server.url() + "/", "/trace?seconds=1", kLimit, 10s);
    ASSERT_TRUE(std::holds_alternative<Body>(result)) << trouble(result);
    EXPECT_EQ(std::get<Body>(result).bytes, "hello");
    EXPECT_TRUE(server.asked.starts_with("GET /trace?seconds=1 HTTP/1.1\r\n")) << server.asked;
    EXPECT_NE(server.asked.find("Host: " + server.url().substr(7) + "\r\n"), std::string::npos);
}

TEST(FetchTest, ABodyThatEndsWithTheConnectionOrComesInChunks) {
    {
        Canned server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        EXPECT_EQ(std::get<Body>(fetch(server.url(), "/", kLimit, 10s)).bytes, "abc");
    }
    Canned server("HTTP/1.1 200 OK\r\n\r\nabc", false);
    EXPECT_EQ(trouble(fetch(server.url(), "/", kLimit, 10s)), "no trouble");
}

TEST(FetchTest, AFieldOfTheTrailer) {
    const auto field_of = [](const std::string& answer) {
        Canned server("HTTP/1.1 200 OK\r\n" + answer);
        Field field{"X-End"};
        const auto take = [](std::string_view) -> std::optional<Trouble> { return std::nullopt; };
        EXPECT_FALSE(fetch_into(take, server.url(), "/", kLimit, 10s, &field));
        return field.value;
    };
    EXPECT_EQ(
        field_of("Transfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n3\r\nabc\r\n0\r\nX-End: a; b\r\n\r\n"),
        "a; b");
    EXPECT_EQ(field_of("X-End: early\r\nContent-Length: 3\r\n\r\nabc"), "early");
    EXPECT_EQ(field_of("Content-Length: 3\r\n\r\nabc"), "");
}

TEST(FetchTest, ARefusalIsOneLine) {
    Canned server("HTTP/1.1 409 Conflict\r\nContent-Length: 11\r\n\r\nbu\x1bsy\nmore\n");
    EXPECT_EQ(trouble(fetch(server.url(), "/trace", kLimit, 10s)),
              server.url().substr(7) + " answers 409: bu?sy");
}

TEST(FetchTest, NotMoreThanTheLimit) {
    Canned server("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
    EXPECT_EQ(trouble(fetch(server.url(), "/", kLimit, 10s)),
              server.url().substr(7) + ": the answer is too large");
}

TEST(FetchTest, NotLongerThanTheTimeout) {
    Canned server("", true);
    EXPECT_EQ(trouble(fetch(server.url(), "/", kLimit, 50ms)), server.url().substr(7) + ": it took too long");
}

TEST(FetchTest, AnAnswerThatIsCutShort) {
    Canned server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    EXPECT_EQ(trouble(fetch(server.url(), "/", kLimit, 10s)),
              server.url().substr(7) + ": the connection ended too early");
}

TEST(FetchTest, ALongBodyComesInPieces) {
    std::string body;
    while (body.size() < 1'000'000) body += std::to_string(body.size()) + ' ';
    Canned server("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    std::string taken;
    const auto take = [&](std::string_view piece) -> std::optional<Trouble> {
        EXPECT_LE(piece.size(), 64U * 1024);
        taken.append(piece);
        return std::nullopt;
    };
    const auto problem = fetch_into(take, server.url(), "/", body.size(), 10s);
    EXPECT_FALSE(problem) << problem->line;
    EXPECT_TRUE(taken == body);
}

TEST(FetchTest, WhoeverCannotTakeAPieceSaysWhy) {
    Canned server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    const auto take = [](std::string_view) { return std::optional(Trouble{"no room"}); };
    const auto problem = fetch_into(take, server.url(), "/", kLimit, 10s);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->line, "no room");
}

TEST(FetchTest, NothingOfARefusalIsTaken) {
    Canned server("HTTP/1.1 503 No\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'x'));
    const auto take = [](std::string_view) { return std::optional(Trouble{"taken"}); };
    const auto problem = fetch_into(take, server.url(), "/", kLimit, 10s);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->line, server.url().substr(7) + " answers 503: " + std::string(200, 'x'));
}

TEST(FetchTest, NobodyThere) {
    asio::io_context io;
    tcp::acceptor taken(io, {asio::ip::address_v4::loopback(), 0});
    const std::string address = "127.0.0.1:" + std::to_string(taken.local_endpoint().port());
    taken.close();
    EXPECT_EQ(trouble(fetch(address, "/", kLimit, 10s)), address + ": Connection refused");
}

TEST(AdminAddressTest, Spellings) {
    for (const char* url : {"http://[::1]:9180/", "[::1]:9180", "http://[::1]:9180"}) {
        const auto address = admin_address(url);
        ASSERT_TRUE(address) << url;
        EXPECT_EQ(address->host, "::1");
        EXPECT_EQ(address->port, 9180);
    }
    EXPECT_TRUE(admin_address(kDefaultUrl));
    for (const char* url : {"", "http://", "https://127.0.0.1:9180", "http://127.0.0.1", "127.0.0.1:0",
                            "http://127.0.0.1:9180/metrics", "http://user@127.0.0.1:9180"})
        EXPECT_FALSE(admin_address(url)) << url;
}

}  // namespace
}  // namespace baton::client
