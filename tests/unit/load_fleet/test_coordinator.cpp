#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <random>
#include <set>

#include "tests/unit/load_fleet/plans.hpp"
#include "tests/unit/load_fleet/wire.hpp"

namespace loadgen::fleet {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAgents = 4;
constexpr std::uint32_t kThreads = 2;
constexpr std::uint32_t kSeconds = 5;

// What worker `worker` of agent `part` saw in this second: the same whenever it is asked for.
result::Interval synthetic(std::size_t part, std::uint32_t worker, std::uint32_t second) {
    std::mt19937_64 random(part * 1000 + worker * 100 + second);
    result::Interval interval;
    interval.second = second;
    interval.worker = worker;
    interval.endpoints.resize(2);
    for (result::Tally& tally : interval.endpoints) {
        stats::Histogram response, service, failed;
        for (int i = 0; i < 500; ++i) {
            response.record(Nanoseconds(static_cast<Nanoseconds::rep>(random() >> (28 + i % 16))));
            service.record(Nanoseconds(static_cast<Nanoseconds::rep>(random() >> (30 + i % 16))));
        }
        failed.record(Nanoseconds(static_cast<Nanoseconds::rep>(random() >> 40)));
        tally.due = tally.sent = tally.answered = 501;
        tally.failures[static_cast<std::size_t>(result::Failure::unexpected)] = 1;
        tally.statuses = {{200, 500}, {500, 1}};
        tally.bytes_in = random() >> 30;
        tally.bytes_out = random() >> 30;
        tally.response = response.cells();
        tally.service = service.cells();
        tally.failed = failed.cells();
    }
    stats::Histogram late;
    late.record(Nanoseconds(static_cast<Nanoseconds::rep>(random() >> 44)));
    interval.late = late.cells();
    interval.opened = random() % 10;
    interval.in_flight = random() % 10;
    interval.cpu = 0.5;
    return interval;
}

plan::Plan plan_of_four() {
    plan::Plan plan = small_plan();
    plan.endpoints.push_back(plan.endpoints.front());
    plan.load.duration = std::chrono::seconds(kSeconds);
    plan.load.threads = kThreads;
    plan.load.connections = 8;
    return plan;
}

void expect_same(const stats::Cells& left, const stats::Cells& right) {
    EXPECT_EQ(left.counts, right.counts);
    EXPECT_EQ(left.least, right.least);
    EXPECT_EQ(left.most, right.most);
    EXPECT_EQ(left.total, right.total);
    EXPECT_NEAR(left.sum, right.sum, 1e-6);
}

void expect_same(const result::Sum& left, const result::Sum& right) {
    EXPECT_EQ(left.due, right.due);
    EXPECT_EQ(left.sent, right.sent);
    EXPECT_EQ(left.answered, right.answered);
    EXPECT_EQ(left.failures, right.failures);
    EXPECT_EQ(left.statuses, right.statuses);
    EXPECT_EQ(left.bytes_in, right.bytes_in);
    EXPECT_EQ(left.bytes_out, right.bytes_out);
    expect_same(left.response.cells(), right.response.cells());
    expect_same(left.service.cells(), right.service.cells());
    expect_same(left.failed.cells(), right.failed.cells());
}

TEST(Coordinator, FourAgentsComeToWhatOneRunComesTo) {
    const plan::Plan plan = plan_of_four();
    Coordinated fleet(plan, kAgents);
    std::list<PlayedAgent> agents;
    for (std::size_t i = 0; i < kAgents; ++i) agents.emplace_back(fleet.address()).join("twin");
    for (PlayedAgent& agent : agents) agent.get_ready();
    for (PlayedAgent& agent : agents) agent.take<Start>();
    // One machine that had all their threads.
    result::Collector alone(plan);
    for (std::uint32_t second = 0; second < kSeconds; ++second) {
        std::size_t part = 0;
        for (PlayedAgent& agent : agents) {
            for (std::uint32_t worker = 0; worker < kThreads; ++worker) {
                result::Interval interval = synthetic(part, worker, second);
                agent.send(Seen{interval});
                interval.worker = static_cast<std::uint32_t>(part) * kThreads + worker;
                ASSERT_TRUE(alone.add(interval));
            }
            ++part;
        }
    }
    for (PlayedAgent& agent : agents) agent.send(Done{5, 0.25, false});
    for (PlayedAgent& agent : agents) EXPECT_EQ(agent.take<End>().why, "");
    const Finished finished = fleet.finished();
    EXPECT_EQ(finished.lost, "");
    EXPECT_EQ(finished.wall, 5);
    EXPECT_EQ(finished.cpu, 1);
    EXPECT_FALSE(finished.stopped);

    const result::Result merged = fleet.collector.result("", 5, 1);
    const result::Result single = alone.result("", 5, 1);
    expect_same(merged.all, single.all);
    for (std::size_t i = 0; i < 2; ++i) expect_same(merged.endpoints[i], single.endpoints[i]);
    ASSERT_EQ(merged.seconds.size(), single.seconds.size());
    ASSERT_EQ(merged.stretches.size(), single.seconds.size());
    ASSERT_EQ(single.stretches.size(), single.seconds.size());
    for (std::size_t i = 0; i < single.seconds.size(); ++i) {
        expect_same(merged.stretches[i].response, single.stretches[i].response);
        EXPECT_EQ(merged.seconds[i].response.p90, single.seconds[i].response.p90);
        EXPECT_EQ(merged.seconds[i].in_flight, single.seconds[i].in_flight);
        EXPECT_EQ(merged.seconds[i].due, single.seconds[i].due);
    }
    expect_same(merged.self.late.cells(), single.self.late.cells());
    EXPECT_EQ(merged.self.opened, single.self.opened);
    // The busiest is a thread of one agent, and not the sum of threads of several.
    EXPECT_NEAR(merged.self.busiest, 0.5, 1e-9);
    EXPECT_EQ(merged.self.busiest, single.self.busiest);

    ASSERT_EQ(finished.agents.size(), kAgents);
    std::set<std::string> names;
    for (const report::Agent& agent : finished.agents) {
        EXPECT_EQ(agent.due, kSeconds * kThreads * 2 * 501);
        EXPECT_EQ(agent.round_trip, 7us);
        names.insert(agent.name);
    }
    EXPECT_EQ(names, (std::set<std::string>{"twin", "twin-2", "twin-3", "twin-4"}));
}

TEST(Coordinator, EachAgentGetsItsPart) {
    Coordinated fleet(plan_of_four(), 3);
    std::list<PlayedAgent> agents;
    for (std::size_t i = 0; i < 3; ++i) agents.emplace_back(fleet.address()).join("a");
    std::set<std::size_t> parts;
    std::size_t connections = 0;
    for (PlayedAgent& agent : agents) {
        const plan::Plan plan = agent.get_ready();
        EXPECT_EQ(plan.load.parts, 3U);
        parts.insert(plan.load.part);
        connections += plan.load.connections;
    }
    EXPECT_EQ(parts, (std::set<std::size_t>{0, 1, 2}));
    EXPECT_EQ(connections, 8U);
    const Nanoseconds start = agents.front().take<Start>().at;
    EXPECT_EQ((++agents.begin())->take<Start>().at, start);
    EXPECT_EQ(agents.back().take<Start>().at, start);
    for (PlayedAgent& agent : agents) agent.send(Done{});
    for (PlayedAgent& agent : agents) agent.take<End>();
    EXPECT_EQ(fleet.finished().lost, "");
}

TEST(Coordinator, TellsItsTime) {
    Coordinated fleet(small_plan(), 1);
    PlayedAgent agent(fleet.address());
    agent.join("a");
    agent.take<Job>();
    const Nanoseconds before = Clock::now().time_since_epoch();
    agent.send(ClockQuestion{-77s});
    const auto answer = agent.take<ClockAnswer>();
    EXPECT_EQ(answer.asked, -77s);
    EXPECT_GE(answer.now, before);
    EXPECT_LE(answer.now, Clock::now().time_since_epoch());
    agent.send(Failed{true, "nobody is there"});
    agent.take<End>();
    const auto outcome = fleet.outcome();
    ASSERT_TRUE(std::holds_alternative<NotBegun>(outcome));
    EXPECT_EQ(std::get<NotBegun>(outcome).how, NotBegun::How::unreachable);
    EXPECT_NE(std::get<NotBegun>(outcome).why.find("nobody is there"), std::string::npos);
}

TEST(Coordinator, ALostAgentEndsTheOthers) {
    Coordinated fleet(small_plan(), 2);
    PlayedAgent one(fleet.address()), two(fleet.address());
    one.join("one");
    two.join("two");
    one.get_ready();
    two.get_ready();
    one.take<Start>();
    two.take<Start>();
    two.hang_up();
    EXPECT_TRUE(one.take<Stop>().hurry);
    one.send(Done{2.5, 0.5, true});
    EXPECT_NE(one.take<End>().why.find("agent two"), std::string::npos);
    const Finished finished = fleet.finished();
    EXPECT_NE(finished.lost.find("agent two"), std::string::npos);
    EXPECT_EQ(finished.wall, 2.5);
    EXPECT_EQ(finished.agents.size(), 2U);
}

// What an agent may not say in the middle of a run, each of which fails the run.
class BadAgent : public testing::TestWithParam<std::pair<const char*, std::string>> {};

TEST_P(BadAgent, FailsTheRun) {
    Coordinated fleet(small_plan(), 1);
    PlayedAgent agent(fleet.address());
    agent.join("bad");
    agent.get_ready();
    agent.take<Start>();
    agent.send_raw(GetParam().second + '\n');
    while (!std::holds_alternative<End>(agent.next())) {
    }
    const std::string lost = fleet.finished().lost;
    EXPECT_NE(lost.find(GetParam().first), std::string::npos) << lost;
    EXPECT_EQ(fleet.collector.result("", 1, 0).all.due, 0U);
}

std::string seen(const std::function<void(result::Interval&)>& change) {
    result::Interval interval;
    interval.endpoints.resize(1);
    interval.endpoints[0].due = 1;
    change(interval);
    return line_of(Seen{interval});
}

INSTANTIATE_TEST_SUITE_P(
    All, BadAgent,
    testing::Values(std::pair{"not JSON", std::string("garbage")},
                    std::pair{"not an agent's", line_of(Stop{})},
                    std::pair{"hello again", line_of(Hello{1, "x", "", ""})},
                    std::pair{"out of turn", line_of(Ready{})},
                    std::pair{"before the others", line_of(Done{0.1, 0, true})},
                    std::pair{"thread", seen([](result::Interval& i) { i.worker = 1; })},
                    std::pair{"does not fit", seen([](result::Interval& i) { i.endpoints.resize(2); })},
                    std::pair{"does not fit", seen([](result::Interval& i) { i.second = 11; })},
                    std::pair{"more than", std::string(kLongestLine + 1, 'x')}));

TEST(Coordinator, StrangersAreTurnedAwayAndTheRestGoesOn) {
    Coordinated fleet(small_plan(), 1, "token");
    PlayedAgent wrong(fleet.address());
    const auto greeting = wrong.take<Greeting>();
    const std::string nonce = make_nonce();
    wrong.send(Hello{kProtocol, "w", nonce, proof_of("tokem", Side::agent, greeting.nonce, nonce)});
    EXPECT_NE(wrong.take<Refusal>().why.find("token"), std::string::npos);
    // A proof that was overheard is worth nothing to the next.
    PlayedAgent again(fleet.address());
    again.take<Greeting>();
    again.send(Hello{kProtocol, "w", nonce, proof_of("token", Side::agent, greeting.nonce, nonce)});
    EXPECT_NE(again.take<Refusal>().why.find("token"), std::string::npos);
    PlayedAgent old(fleet.address());
    old.take<Greeting>();
    old.send(Hello{kProtocol + 1, "o", "", ""});
    EXPECT_NE(old.take<Refusal>().why.find("version"), std::string::npos);
    PlayedAgent right(fleet.address());
    right.join("right", "token");
    right.get_ready();
    right.take<Start>();
    right.send(Done{1, 1, false});
    right.take<End>();
    for (PlayedAgent* stranger : {&wrong, &again, &old}) stranger->hang_up();
    EXPECT_EQ(fleet.finished().agents.size(), 1U);
    EXPECT_NE(fleet.said.find("turned away"), std::string::npos);
}

TEST(Coordinator, CanBeInterruptedBeforeTheStart) {
    Coordinated fleet(small_plan(), 2);
    PlayedAgent agent(fleet.address());
    agent.join("a");
    fleet.coordinator.stop();
    EXPECT_NE(agent.take<End>().why.find("interrupted"), std::string::npos);
    const auto outcome = fleet.outcome();
    ASSERT_TRUE(std::holds_alternative<NotBegun>(outcome));
    EXPECT_EQ(std::get<NotBegun>(outcome).how, NotBegun::How::interrupted);
}

TEST(Coordinator, AnInterruptStopsTheAgentsAndIsNoLoss) {
    Coordinated fleet(small_plan(), 1);
    PlayedAgent agent(fleet.address());
    agent.join("a");
    agent.get_ready();
    agent.take<Start>();
    fleet.coordinator.stop();
    EXPECT_FALSE(agent.take<Stop>().hurry);
    fleet.coordinator.stop();
    EXPECT_TRUE(agent.take<Stop>().hurry);
    agent.send(Done{0.5, 0, true});
    EXPECT_EQ(agent.take<End>().why, "");
    const Finished finished = fleet.finished();
    EXPECT_TRUE(finished.stopped);
    EXPECT_EQ(finished.lost, "");
}

TEST(Coordinator, GivesUpWhenTooFewCome) {
    Coordinated fleet(small_plan(), 2, "", 50ms);
    const auto outcome = fleet.outcome();
    ASSERT_TRUE(std::holds_alternative<NotBegun>(outcome));
    EXPECT_EQ(std::get<NotBegun>(outcome).how, NotBegun::How::nobody);
}

}  // namespace
}  // namespace loadgen::fleet
