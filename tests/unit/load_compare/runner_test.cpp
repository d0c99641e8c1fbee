// Rounds with servers of a few lines, and a load that only pretends.
#include "loadgen/compare/runner.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "loadgen/compare/order.hpp"
#include "loadgen/compare/process_tree.hpp"

namespace loadgen::compare {
namespace {

using namespace std::chrono_literals;

const std::string kServer = "exec /usr/bin/python3 -m http.server --bind 127.0.0.1 {port}";

bool connects(const Addresses& addresses) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect({boost::asio::ip::address_v4::loopback(), addresses.port}, error);
    return !error;
}

// A load that only connects.
struct Pretended {
    std::vector<std::string> calls;
    std::function<void()> during = [] {};

    Load load() {
        return {connects, connects, [this](const Addresses&) { calls.emplace_back("warm-up"); },
                [this](const Addresses&) {
                    calls.emplace_back("measure");
                    during();
                    Measured measured;
                    measured.answered = 100;
                    return measured;
                }};
    }
};

struct Told {
    std::vector<std::string> names;
    Progress progress() {
        return [this](std::size_t round, const Contender& contender, const Round&) {
            names.push_back(contender.name + std::to_string(round));
        };
    }
};

TEST(Runner, EveryServerHasItsTurnInEveryRound) {
    const Settings settings{{{"A", kServer, ""}, {"B", kServer, ""}}, 2, 1, 30s, 30s};
    Pretended pretended;
    Told told;
    const std::atomic<bool> ended = false;
    const Load load = pretended.load();
    const auto outcome = Runner(settings, load, told.progress(), ended).run();
    ASSERT_TRUE(std::holds_alternative<Rounds>(outcome)) << std::get<NotServed>(outcome).output;
    const Rounds& rounds = std::get<Rounds>(outcome);
    ASSERT_EQ(rounds.size(), 2U);
    EXPECT_EQ(rounds[0].size(), 2U);
    EXPECT_EQ(rounds[1].size(), 2U);
    EXPECT_EQ(rounds[1][1].measured.answered, 100U);
    EXPECT_EQ(rounds[0][0].no_books, "");
    EXPECT_FALSE(rounds[0][0].killed);
    EXPECT_EQ(std::set<std::string>(told.names.begin(), told.names.end()),
              (std::set<std::string>{"A1", "B1", "A2", "B2"}));
    EXPECT_EQ(pretended.calls[0], "warm-up");
    EXPECT_EQ(pretended.calls[1], "measure");
    EXPECT_TRUE(descendants_of(::getpid()).empty());
}

std::string trouble_with(const Settings& settings, Pretended& pretended, std::string* output = nullptr) {
    Told told;
    const std::atomic<bool> ended = false;
    const Load load = pretended.load();
    const auto outcome = Runner(settings, load, told.progress(), ended).run();
    EXPECT_TRUE(descendants_of(::getpid()).empty());
    const auto* failed = std::get_if<NotServed>(&outcome);
    if (failed && output) *output = failed->output;
    return failed ? failed->why : "none";
}

TEST(Runner, AServerThatEndsAtOnceIsShownWithItsLastWords) {
    Pretended pretended;
    std::string output;
    EXPECT_EQ(
        trouble_with({{{"A", "echo no such module >&2; exit 3", ""}}, 1, 1, 30s, 30s}, pretended, &output),
        "A (echo no such module >&2; exit 3): ended before it answered: exit status 3");
    EXPECT_EQ(output, "no such module\n");
    EXPECT_TRUE(pretended.calls.empty());
}

TEST(Runner, AServerThatNeverAnswersIsGivenUp) {
    Pretended pretended;
    EXPECT_EQ(trouble_with({{{"A", "sleep 600", ""}}, 1, 1, 100ms, 30s}, pretended),
              "A (sleep 600): no answer within 0.1 s");
}

TEST(Runner, AServerThatDiesWhileItIsMeasuredIsAFailure) {
    Pretended pretended;
    pretended.during = [] {
        for (const Process& each : descendants_of(::getpid())) ::kill(each.pid, SIGKILL);
        while (!descendants_of(::getpid()).front().ended) ::usleep(1000);
    };
    EXPECT_EQ(trouble_with({{{"A", kServer, ""}}, 1, 1, 30s, 30s}, pretended),
              "A (" + kServer + "): ended while it was measured: signal 9 (Killed)");
}

TEST(Runner, WhoListensThereAlreadyIsNotMeasured) {
    Pretended pretended;
    Load load = pretended.load();
    load.reachable = [](const Addresses&) { return true; };
    const Settings settings{{{"A", kServer, ""}}, 1, 1, 30s, 30s};
    Told told;
    const std::atomic<bool> ended = false;
    const auto outcome = Runner(settings, load, told.progress(), ended).run();
    EXPECT_EQ(std::get<NotServed>(outcome).why,
              "A (" + kServer + "): somebody listens at the URL before it is started");
}

TEST(Runner, BooksThatAreNotThereAreNoFailure) {
    Pretended pretended;
    Told told;
    const std::atomic<bool> ended = false;
    const Load load = pretended.load();
    const Settings settings{{{"A", kServer, "http://127.0.0.1:{admin}"}}, 1, 1, 30s, 30s};
    const auto outcome = Runner(settings, load, told.progress(), ended).run();
    const Round& round = std::get<Rounds>(outcome)[0][0];
    EXPECT_FALSE(round.books.has_value());
    EXPECT_NE(round.no_books.find("Connection refused"), std::string::npos);
}

TEST(Runner, AnInterruptedRoundIsLeftOut) {
    std::atomic<bool> ended = false;
    Pretended pretended;
    pretended.during = [&] { ended = pretended.calls.size() >= 6; };  // in the third server's turn
    Told told;
    const Load load = pretended.load();
    const Settings settings{{{"A", kServer, ""}, {"B", kServer, ""}}, 9, 1, 30s, 30s};
    const auto outcome = Runner(settings, load, told.progress(), ended).run();
    EXPECT_EQ(std::get<Rounds>(outcome)[0].size(), 1U);
    EXPECT_EQ(std::get<Rounds>(outcome)[1].size(), 1U);
    EXPECT_TRUE(descendants_of(::getpid()).empty());
}

TEST(Addresses, TakeThePlaceOfTheirNames) {
    EXPECT_EQ(filled("a {port} b {admin} c {port} {other} {port", {80, 81}), "a 80 b 81 c 80 {other} {port");
    const Addresses free = free_addresses();
    EXPECT_NE(free.port, free.admin);
    EXPECT_NE(free.port, 0);
    EXPECT_FALSE(connects(free));
}

TEST(BalancedOrder, EveryServerIsInEveryPlaceEquallyOften) {
    for (const std::size_t servers : {1U, 2U, 3U, 5U}) {
        std::vector<std::vector<int>> places(servers, std::vector<int>(servers));
        for (const auto& round : balanced_order(servers, servers * 4, 42)) {
            EXPECT_EQ(std::set<std::size_t>(round.begin(), round.end()).size(), servers);
            for (std::size_t place = 0; place < servers; ++place) ++places[round[place]][place];
        }
        for (const auto& of_one : places) {
            for (const int times : of_one) EXPECT_EQ(times, 4);
        }
    }
}

TEST(BalancedOrder, IsTheSeedsAndOfAnyLength) {
    EXPECT_EQ(balanced_order(3, 7, 5), balanced_order(3, 7, 5));
    EXPECT_EQ(balanced_order(3, 7, 5).size(), 7U);
    std::set<std::vector<std::vector<std::size_t>>> orders;
    for (std::uint64_t seed = 0; seed < 20; ++seed) orders.insert(balanced_order(2, 6, seed));
    EXPECT_GT(orders.size(), 3U);
}

}  // namespace
}  // namespace loadgen::compare
