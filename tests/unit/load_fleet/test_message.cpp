#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "loadgen/fleet/message.hpp"
#include "tests/unit/load_fleet/plans.hpp"

namespace loadgen::fleet {
namespace {

using namespace std::chrono_literals;

std::vector<Message> one_of_each() {
    result::Interval interval;
    interval.second = 3;
    interval.endpoints.resize(2);
    stats::Histogram histogram;
    histogram.record(5ms);
    interval.endpoints[1].response = histogram.cells();
    return {Greeting{1, "0123"},
            Hello{1, "name", "nonce", "proof"},
            Welcome{"proof"},
            Refusal{"why"},
            Job{full_plan()},
            ClockQuestion{-5s},
            ClockAnswer{-5s, 100h},
            Ready{-1s, 3us},
            Failed{true, "connection refused"},
            Start{12345s},
            Seen{interval},
            Done{1.5, 0.25, true},
            Stop{true},
            End{""},
            Alive{}};
}

std::string why_not(std::string_view line) {
    const auto read = read_message(line);
    return std::holds_alternative<Unreadable>(read) ? std::get<Unreadable>(read).why : "";
}

TEST(Message, EachComesBackAsItWas) {
    const std::vector<Message> all = one_of_each();
    ASSERT_EQ(all.size(), std::variant_size_v<Message>);
    for (const Message& sent : all) {
        const std::string line = line_of(sent);
        EXPECT_EQ(line.find('\n'), std::string::npos);
        const auto read = read_message(line);
        ASSERT_TRUE(std::holds_alternative<Message>(read)) << line << why_not(line);
        EXPECT_EQ(std::get<Message>(read).index(), sent.index());
        EXPECT_EQ(line_of(std::get<Message>(read)), line);
    }
}

TEST(Message, WhatIsNoneIsRefused) {
    for (const std::string line :
         {"", "null", "[]", "{}", "{\"type\":1}", "{\"type\":\"gossip\"}", "{\"type\":\"alive\",\"more\":1}",
          "{\"type\":\"alive\"} x", "{\"type\":\"stop\"}", "{\"type\":\"stop\",\"hurry\":1}",
          "{\"type\":\"start\",\"at\":1.5}", "{\"type\":\"start\",\"at\":9223372036854775807}",
          "{\"type\":\"ready\",\"ahead\":0,\"round_trip\":-1}", "{\"type\":\"seen\",\"interval\":{}}",
          "{\"type\":\"job\",\"plan\":{}}", "{\"type\":\"done\",\"wall\":-1,\"cpu\":0,\"stopped\":false}",
          "{\"type\":\"end\",\"why\":\"\\u001b[2J\"}"})
        EXPECT_NE(why_not(line), "") << line;
    EXPECT_NE(why_not(std::string(100'000, '[')), "");
    EXPECT_NE(why_not("{\"type\":\"end\",\"why\":\"" + std::string(1001, 'x') + "\"}"), "");
}

// Whatever is changed on the way, it is read or refused, and neither is the end of us.
TEST(Message, ChangedBytesDoNoHarm) {
    std::mt19937 random(7);
    std::size_t refused = 0;
    for (const Message& sent : one_of_each()) {
        const std::string line = line_of(sent);
        for (int i = 0; i < 300; ++i) {
            std::string changed = line;
            changed[random() % changed.size()] = static_cast<char>(random());
            if (i % 3 == 0) changed.erase(random() % changed.size(), random() % 20);
            refused += std::holds_alternative<Unreadable>(read_message(changed)) ? 1 : 0;
        }
    }
    EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace loadgen::fleet
