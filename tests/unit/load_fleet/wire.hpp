// An agent that a test plays itself, line by line, and a coordinator to talk to.
//
// Threads: the test's, beside the coordinator's own. Lifetime: one test. Cannot: make any load.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <string>
#include <utility>

#include "loadgen/fleet/coordinator.hpp"
#include "loadgen/fleet/message.hpp"
#include "loadgen/fleet/token.hpp"
#include "loadgen/result/collector.hpp"

namespace loadgen::fleet {

class PlayedAgent {
  public:
    explicit PlayedAgent(const boost::asio::ip::tcp::endpoint& coordinator) : socket_(io_) {
        socket_.connect(coordinator);
    }

    void send_raw(const std::string& bytes) {
        boost::system::error_code ignored;
        boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    }
    void send(const Message& message) { send_raw(line_of(message) + '\n'); }

    // The next that is not Alive; End when the connection is closed.
    Message next() {
        for (;;) {
            boost::system::error_code error;
            const std::size_t size =
                boost::asio::read_until(socket_, boost::asio::dynamic_buffer(text_), '\n', error);
            if (error) {
                hang_up();
                return End{"closed"};
            }
            auto read = read_message(std::string_view(text_).substr(0, size - 1));
            text_.erase(0, size);
            if (const auto* unreadable = std::get_if<Unreadable>(&read)) {
                ADD_FAILURE() << unreadable->why;
                return End{unreadable->why};
            }
            if (std::holds_alternative<End>(std::get<Message>(read))) hang_up();
            if (!std::holds_alternative<Alive>(std::get<Message>(read)))
                return std::get<Message>(std::move(read));
        }
    }
    template <typename Expected>
    Expected take() {
        Message message = next();
        if (auto* expected = std::get_if<Expected>(&message)) return std::move(*expected);
        ADD_FAILURE() << "another message: " << line_of(message);
        return {};
    }

    void join(const std::string& name, const std::string& token = "") {
        const auto greeting = take<Greeting>();
        const std::string nonce = make_nonce();
        send(Hello{kProtocol, name, nonce, proof_of(token, Side::agent, greeting.nonce, nonce)});
        EXPECT_EQ(take<Welcome>().proof, proof_of(token, Side::coordinator, greeting.nonce, nonce));
    }
    plan::Plan get_ready() {
        plan::Plan plan = take<Job>().plan;
        send(Ready{std::chrono::seconds(part_of_clock_++), std::chrono::microseconds(7)});
        return plan;
    }
    void hang_up() { socket_.close(); }

  private:
    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_;
    std::string text_;
    int part_of_clock_ = 1;
};

class Coordinated {
  public:
    Coordinated(const plan::Plan& plan, std::size_t agents, const std::string& token = "",
                Nanoseconds wait = std::chrono::minutes(1))
        : plan_(plan),
          collector(plan_),
          coordinator(plan_, {{boost::asio::ip::address_v4::loopback(), 0}, agents, token, wait},
                      {[this](const std::string& line) { said += line + '\n'; }, [](Moment) {},
                       [this](const result::Interval& interval) { return collector.add(interval); }}),
          outcome_(std::async(std::launch::async, [this] { return coordinator.run(); })) {}

    boost::asio::ip::tcp::endpoint address() { return coordinator.address(); }
    std::variant<Finished, NotBegun> outcome() { return outcome_.get(); }
    Finished finished() {
        auto got = outcome_.get();
        if (auto* not_begun = std::get_if<NotBegun>(&got)) {
            ADD_FAILURE() << not_begun->why;
            return {};
        }
        return std::get<Finished>(std::move(got));
    }

  private:
    const plan::Plan plan_;

  public:
    std::string said;  // to be read when it has ended
    result::Collector collector;
    Coordinator coordinator;

  private:
    std::future<std::variant<Finished, NotBegun>> outcome_;
};

}  // namespace loadgen::fleet
