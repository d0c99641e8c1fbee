#include <gtest/gtest.h>

#include <set>

#include "loadgen/fleet/clock_offset.hpp"
#include "loadgen/fleet/share.hpp"
#include "loadgen/fleet/token.hpp"
#include "loadgen/plan/schedule.hpp"
#include "tests/unit/load_fleet/plans.hpp"

namespace loadgen::fleet {
namespace {

using namespace std::chrono_literals;

TEST(Share, ConnectionsAreSharedOutAndNoneIsLost) {
    plan::Plan plan = small_plan();
    plan.load.connections = 11;
    std::size_t sum = 0;
    for (std::size_t part = 0; part < 4; ++part) {
        const plan::Load share = share_of(plan, part, 4).load;
        EXPECT_GE(share.connections, 2U);
        EXPECT_EQ(share.part, part);
        EXPECT_EQ(share.parts, 4U);
        sum += share.connections;
    }
    EXPECT_EQ(sum, 11U);
}

TEST(Share, EveryNumberOfTheScheduleIsInOnePart) {
    plan::Plan plan = small_plan();
    plan.load.model = plan::Model::open;
    plan.load.arrival = plan::Arrival::poisson;
    plan.load.profile = {{0, 100}};
    plan.load.connections = 10;
    std::set<std::pair<std::uint64_t, Nanoseconds>> whole, parts;
    plan::Schedule schedule(plan.load);
    for (auto due = schedule.next(); due; due = schedule.next()) whole.emplace(due->number, due->at);
    std::size_t taken = 0;
    for (std::size_t part = 0; part < 3; ++part) {
        plan::Schedule its(share_of(plan, part, 3).load);
        for (auto due = its.next(); due; due = its.next(), ++taken) parts.emplace(due->number, due->at);
    }
    EXPECT_EQ(whole, parts);
    EXPECT_EQ(taken, whole.size());
    EXPECT_GT(taken, 500U);
}

TEST(Share, ThresholdsStayWithTheCoordinator) {
    plan::Plan plan = small_plan();
    plan.thresholds.push_back({.text = "p99<1s", .endpoint = "", .metric = "p99"});
    EXPECT_TRUE(share_of(plan, 0, 2).thresholds.empty());
}

TEST(Share, AFleetThatCannotWorkIsRefused) {
    plan::Plan plan = small_plan();
    plan.load.connections = 4;
    EXPECT_FALSE(check_fleet(plan, 4));
    EXPECT_TRUE(check_fleet(plan, 5));
    plan.load.threads = 1024;
    EXPECT_FALSE(check_fleet(plan, 4));
    plan.load.connections = 5;
    EXPECT_TRUE(check_fleet(plan, 5));
    plan.load.threads = 1;
    plan.endpoints[0].body = std::string(6'000'000, 'x');
    EXPECT_FALSE(check_fleet(plan, 4));
    plan.endpoints[0].body = std::string(7'000'000, 'x');
    EXPECT_TRUE(check_fleet(plan, 4));
    plan.endpoints[0].body.clear();
    plan.trust.ca_file = "ca.pem";
    EXPECT_TRUE(check_fleet(plan, 4));
}

TEST(ClockOffset, TheSoonestAnswerIsBelieved) {
    ClockOffset clock;
    // Theirs is 1000 s ahead; the way there takes 1 ms, the way back 5, 3, 1 and 9.
    Nanoseconds asked = 50s;
    for (const Nanoseconds back : {5ms, 3ms, 1ms, 9ms}) {
        clock.add(asked, asked + 1ms + 1000s, asked + 1ms + back);
        asked += 20ms;
    }
    EXPECT_EQ(clock.rounds(), 4);
    EXPECT_EQ(clock.ahead(), 1000s);
    EXPECT_EQ(clock.round_trip(), 2ms);
    EXPECT_EQ(clock.ours(1100s), 100s);
}

TEST(ClockOffset, TheirsMayBeBehind) {
    ClockOffset clock;
    clock.add(100s, 40s + 1ms, 100s + 2ms);
    EXPECT_EQ(clock.ahead(), -60s);
    EXPECT_EQ(clock.ours(41s), 101s);
}

TEST(Token, AProofHangsOnAllThatGoesIntoIt) {
    const std::string one = make_nonce(), two = make_nonce();
    EXPECT_EQ(one.size(), kNonceSize);
    EXPECT_NE(one, two);
    const std::string proof = proof_of("token", Side::agent, one, two);
    EXPECT_EQ(proof.size(), kProofSize);
    EXPECT_EQ(proof, proof_of("token", Side::agent, one, two));
    EXPECT_NE(proof, proof_of("tokem", Side::agent, one, two));
    EXPECT_NE(proof, proof_of("", Side::agent, one, two));
    EXPECT_NE(proof, proof_of("token", Side::coordinator, one, two));
    EXPECT_NE(proof, proof_of("token", Side::agent, two, one));
    EXPECT_NE(proof, proof_of("token", Side::agent, one, one));
}

TEST(Token, IsHmacSha256) {
    // printf 'baton-load agent a b' | openssl dgst -sha256 -hmac key
    EXPECT_EQ(proof_of("key", Side::agent, "a", "b"),
              "1e92bb3e94eaae4b98e8e01a21d051bb67b55ce2f939688010ddcd46f69ff67a");
}

TEST(Token, SameIsEqual) {
    EXPECT_TRUE(same("abc", "abc"));
    EXPECT_TRUE(same("", ""));
    EXPECT_FALSE(same("abc", "abd"));
    EXPECT_FALSE(same("abc", "ab"));
    EXPECT_FALSE(same("", "a"));
}

}  // namespace
}  // namespace loadgen::fleet
