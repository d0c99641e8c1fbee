// Fetching metrics from servers that answer well, badly, and not at all.
#include "loadgen/books/scrape.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <variant>

namespace loadgen::books {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// Answers one client with a text, and keeps what it asked.
class OneAnswer {
  public:
    explicit OneAnswer(std::string answer)
        : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          thread_([this, answer = std::move(answer)] { serve(answer); }) {}

    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    std::string asked() {
        thread_.join();
        return asked_;
    }

  private:
    void serve(const std::string& answer) {
        boost::system::error_code error;
        tcp::socket client = acceptor_.accept();
        asio::streambuf buffer;
        asio::read_until(client, buffer, "\r\n\r\n", error);
        std::istream stream(&buffer);
        asked_.assign(std::istreambuf_iterator<char>(stream), {});
        asio::write(client, asio::buffer(answer), error);
        client.shutdown(tcp::socket::shutdown_send, error);
        char byte = 0;
        while (!error) client.read_some(asio::buffer(&byte, 1), error);
    }

    asio::io_context context_;
    tcp::acceptor acceptor_;
    std::string asked_;
    std::jthread thread_;
};

std::string trouble_with(const std::string& url, Nanoseconds limit = 10s) {
    auto outcome = scrape(url, limit);
    const auto* trouble = std::get_if<Trouble>(&outcome);
    return trouble ? trouble->why : "none";
}

TEST(Scrape, AsksForMetricsAndReadsThem) {
    OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n");
    auto outcome = scrape(server.url());
    ASSERT_TRUE(std::holds_alternative<Scrape>(outcome)) << std::get<Trouble>(outcome).why;
    EXPECT_DOUBLE_EQ(std::get<Scrape>(outcome).metrics.total("up").value(), 1);
    EXPECT_EQ(server.asked().substr(0, 23), "GET /metrics HTTP/1.1\r\n");
}

TEST(Scrape, TakesAPathOfTheUsers) {
    OneAnswer server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n0\r\n\r\n");
    EXPECT_EQ(trouble_with(server.url() + "/custom/numbers?all=1"), "none");
    EXPECT_EQ(server.asked().substr(0, 36), "GET /custom/numbers?all=1 HTTP/1.1\r\n");
}

TEST(Scrape, SaysWhatTheServerAnsweredInstead) {
    OneAnswer missing("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(trouble_with(missing.url()), missing.url() + "/metrics answered 404");
    OneAnswer nonsense("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    EXPECT_NE(trouble_with(nonsense.url()).find("cannot read the answer"), std::string::npos);
    OneAnswer page("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html>\n");
    EXPECT_EQ(trouble_with(page.url()), page.url() + ": not the Prometheus text format: line 1: no name");
    OneAnswer half("HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\nup 1\n");
    EXPECT_NE(trouble_with(half.url()).find("cannot read the answer"), std::string::npos);
    OneAnswer large("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    EXPECT_NE(trouble_with(large.url()).find("more than 32 MiB"), std::string::npos);
}

TEST(Scrape, GivesUpOnTheSilent) {
    asio::io_context context;
    tcp::acceptor never_accepts(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::string url = "http://127.0.0.1:" + std::to_string(never_accepts.local_endpoint().port());
    EXPECT_EQ(trouble_with(url, 1s), url + "/metrics: cannot read the answer: no answer in time");
}

TEST(Scrape, SaysThatNobodyIsThere) {
    asio::io_context context;
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::string url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    acceptor.close();
    EXPECT_EQ(trouble_with(url), url + "/metrics: cannot connect: Connection refused");
}

TEST(AdminAddress, IsTakenApart) {
    const auto plain = std::get<AdminAddress>(admin_address("http://127.0.0.1:9180/"));
    EXPECT_EQ(plain.host, "127.0.0.1");
    EXPECT_EQ(plain.port, "9180");
    EXPECT_EQ(plain.path, "/metrics");
    const auto six = std::get<AdminAddress>(admin_address("http://[::1]:9180/a#b"));
    EXPECT_EQ(six.host, "::1");
    EXPECT_EQ(six.authority, "[::1]:9180");
    EXPECT_EQ(six.path, "/a");
    const auto bare = std::get<AdminAddress>(admin_address("localhost"));
    EXPECT_EQ(bare.port, "80");
    EXPECT_EQ(std::get<AdminAddress>(admin_address("http://[::1]")).host, "::1");
    EXPECT_EQ(std::get<AdminAddress>(admin_address("http://h?a=b")).path, "/metrics?a=b");
}

TEST(AdminAddress, RefusesWhatItIsNot) {
    for (const char* url :
         {"", "http://", "https://127.0.0.1:9180", "http://:9180", "http://h:port",
          "http://h:", "http://h:123456", "http://a b", "http://h/\r\nX: y", "http://me:secret@h"})
        EXPECT_TRUE(std::holds_alternative<Trouble>(admin_address(url))) << url;
    EXPECT_EQ(std::get<Trouble>(admin_address("http://me:secret@h")).why.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace loadgen::books
