// More connections than there is room for.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/admin/listener.hpp"
#include "tests/unit/admin/client.hpp"

namespace baton::admin {
namespace {

namespace asio = boost::asio;

class Running {
  public:
    explicit Running(Service service) : listener_(io_, {"127.0.0.1", 0}, std::move(service)) {
        asio::co_spawn(io_, listener_.serve(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Running() {
        io_.stop();
        thread_.join();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    std::uint16_t port() const { return listener_.port(); }

  private:
    asio::io_context io_{1};
    Listener listener_;
    std::thread thread_;
};

class CrowdTest : public testing::Test {
  protected:
    Running server{{[](const Asked&) { return Reply(plain(200, "ok\n")); }}};
};

std::vector<std::unique_ptr<Client>> clients(std::size_t number, std::uint16_t port) {
    std::vector<std::unique_ptr<Client>> all;
    while (all.size() < number) all.push_back(std::make_unique<Client>(port));
    return all;
}

TEST_F(CrowdTest, ConnectionsAreBoundedAndComeBack) {
    const auto all = clients(64, server.port());  // of which some have sent half a request, others nothing
    for (std::size_t i = 0; i < 64; i += 2) all[i]->send("GET /li");
    for (int i = 0; i < 3; ++i) {
        Client next(server.port());
        EXPECT_EQ(next.get("/livez").result_int(), 200U);
        EXPECT_TRUE(next.closed());
        // Its place was that of the first; the next one has its own.
        EXPECT_TRUE(all[0]->closed());
    }
    for (std::size_t i = 2; i < 64; i += 2) {
        all[i]->send("vez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_EQ(all[i]->receive().body(), "ok\n") << i;
    }
    EXPECT_EQ(all[1]->get("/livez").result_int(), 200U);
}

TEST_F(CrowdTest, TheOneThatHasBeenIdleTheLongestMakesRoom) {
    Client busy(server.port());
    Client idle(server.port());
    EXPECT_TRUE(busy.get("/livez").keep_alive());
    EXPECT_TRUE(idle.get("/livez").keep_alive());
    EXPECT_TRUE(busy.get("/livez").keep_alive());
    const auto others = clients(63, server.port());
    EXPECT_TRUE(idle.closed());
    EXPECT_EQ(busy.get("/livez").result_int(), 200U);
}

TEST_F(CrowdTest, InACrowdConnectionsEndWithTheirAnswer) {
    const auto all = clients(33, server.port());
    for (std::size_t i = 0; i < 32; ++i)
        EXPECT_TRUE(Client(server.port()).get("/livez").result_int() == 200U);
    EXPECT_FALSE(all[0]->get("/livez").keep_alive());
    EXPECT_TRUE(all[0]->closed());
    // What was sent in the belief that it would stay is not answered, and does no harm.
    const auto more = clients(33, server.port());
    more[0]->send(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_FALSE(more[0]->receive().keep_alive());
}

// The time for an answer is not what is left of the time for the request.
TEST(SlowReaderTest, AnAnswerHasTimeOfItsOwn) {
    const std::string page(32 << 20, 'x');  // more than sockets hold
    const Running server(
        {.answer = [&](const Asked&) { return Reply(plain(200, page)); }, .idle = std::chrono::seconds(2)});
    Client slow(server.port());
    slow.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(slow.readable());
    std::this_thread::sleep_for(std::chrono::seconds(3));
    EXPECT_TRUE(slow.receive().body() == page);
}

}  // namespace
}  // namespace baton::admin
