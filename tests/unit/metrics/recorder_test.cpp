#include "server/metrics/recorder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/metrics/shards.hpp"
#include "tests/unit/metrics/requests.hpp"

namespace baton::metrics {
namespace {

// Head at 1 ms, two of the given milliseconds in the queue and the rest running.
void time(dispatch::Exchange& exchange, Nanoseconds milliseconds) {
    constexpr Nanoseconds kMs = 1'000'000;
    exchange.timeline = {.head = kMs,
                         .queued = kMs,
                         .claimed = 3 * kMs,
                         .done = (1 + milliseconds) * kMs,
                         .sent = (1 + milliseconds) * kMs};
}

class RecorderTest : public testing::Test {
  protected:
    routing::RouteId record(Recorder& recorder, const char* method, const char* target, int status,
                            const char* name = "") {
        const dispatch::ExchangePtr made = exchange(method, target);
        made->route_name = name;
        time(*made, 5);
        return recorder.request(*made, phases(made->timeline, made->books()), status);
    }
    // Requests of a label, over all outcomes.
    std::uint64_t count(const RequestTotals& totals, std::string_view label) const {
        std::uint64_t all = 0;
        for (const auto& [id, route] : totals.routes) {
            if (routes.label(id) != label) continue;
            for (const auto& [outcome, durations] : route.durations) all += durations.count();
        }
        return all;
    }

    routing::RouteTable routes;
    Shards shards{routes};
};

TEST_F(RecorderTest, ARequestIsCountedByMethodRouteAndStatus) {
    Recorder& recorder = shards.add();
    EXPECT_EQ(routes.label(record(recorder, "GET", "/users/1?x=2", 200)), "/users/{id}");
    record(recorder, "GET", "/users/2", 200);
    record(recorder, "GET", "/users/2", 503);
    record(recorder, "POST", "/users/2", 200);
    const RequestTotals totals = shards.totals();
    ASSERT_EQ(totals.routes.size(), 1U);
    const auto& [id, route] = *totals.routes.begin();
    EXPECT_EQ(routes.label(id), "/users/{id}");
    EXPECT_EQ(route.durations.at({method_index("GET"), 200}).count(), 2U);
    EXPECT_EQ(route.durations.at({method_index("GET"), 503}).count(), 1U);
    EXPECT_EQ(route.durations.at({method_index("POST"), 200}).count(), 1U);
    EXPECT_EQ(route.durations.size(), 3U);
    EXPECT_EQ(totals.requests, 4U);
}

TEST_F(RecorderTest, PhasesOfARouteAddUpToItsDurations) {
    Recorder& recorder = shards.add();
    for (int i = 0; i < 50; ++i) record(recorder, i % 2 == 0 ? "GET" : "PUT", "/a", 200 + i % 5);
    const RequestTotals totals = shards.totals();
    const RouteTotals& route = totals.routes.begin()->second;
    Nanoseconds durations = 0;
    for (const auto& [outcome, duration] : route.durations) durations += duration.sum;
    Nanoseconds parts = 0;
    for (const PhaseCount& phase : route.phases) {
        parts += phase.sum;
        EXPECT_EQ(phase.count(), 50U);
    }
    EXPECT_EQ(durations, 50 * 5'000'000);
    EXPECT_EQ(parts, durations);
}

TEST_F(RecorderTest, TheApplicationsNameWins) {
    Recorder& recorder = shards.add();
    record(recorder, "GET", "/anything", 200, "user detail");
    record(recorder, "GET", "/something", 404, "user detail");
    const RequestTotals totals = shards.totals();
    EXPECT_EQ(count(totals, "user detail"), 2U);
    EXPECT_EQ(totals.routes.size(), 1U);
}

TEST_F(RecorderTest, ScannersDoNotEatTheTable) {
    Recorder& recorder = shards.add();
    for (int i = 0; i < 500; ++i) record(recorder, "GET", ("/scan" + std::to_string(i)).c_str(), 404);
    record(recorder, "GET", "/real", 200);
    record(recorder, "GET", "/real", 404);
    const RequestTotals totals = shards.totals();
    EXPECT_EQ(count(totals, "_OTHER"), 500U);
    EXPECT_EQ(count(totals, "/real"), 2U);
    EXPECT_EQ(routes.size(), 2U);
}

TEST_F(RecorderTest, MethodsAndStatusesAreBounded) {
    Recorder& recorder = shards.add();
    for (int i = 0; i < 20; ++i) record(recorder, ("M" + std::to_string(i)).c_str(), "/a", 200);
    for (int status = 100; status < 1'000; ++status)
        record(recorder, "GET", "/a", status == 404 ? 200 : status);
    const RequestTotals totals = shards.totals();
    const RouteTotals& route = totals.routes.begin()->second;
    EXPECT_EQ(route.durations.at({0, 200}).count(), 20U);
    EXPECT_GT(route.durations.at({method_index("GET"), 0}).count(), 800U);
    EXPECT_EQ(route.durations.at({method_index("GET"), 418}).count(), 1U);
    EXPECT_LT(route.durations.size(), 70U);
    EXPECT_EQ(totals.requests, 920U);
}

TEST_F(RecorderTest, GaugesFollowWhatHappens) {
    Recorder& recorder = shards.add();
    recorder.request_started();
    recorder.request_started();
    recorder.request_ended();
    for (int i = 0; i < 3; ++i) recorder.connection_opened();
    recorder.connection_idle();
    recorder.connection_idle();
    recorder.connection_active();
    recorder.connection_closed(true);
    recorder.received(10);
    recorder.sent(20);
    recorder.sent(5);
    recorder.rejected(Rejection::body_timeout);
    const RequestTotals totals = shards.totals();
    EXPECT_EQ(totals.active_requests, 1);
    EXPECT_EQ(totals.connections_active, 2);
    EXPECT_EQ(totals.connections_idle, 0);
    EXPECT_EQ(totals.connections_opened, 3U);
    EXPECT_EQ(totals.received, 10U);
    EXPECT_EQ(totals.sent, 25U);
    EXPECT_EQ(totals.rejected[static_cast<std::size_t>(Rejection::body_timeout)], 1U);
}

TEST_F(RecorderTest, AWebSocketCountsAsItsHandshake) {
    constexpr Nanoseconds kMs = 1'000'000;
    Recorder& recorder = shards.add();
    recorder.request_started();
    const dispatch::ExchangePtr made = exchange("GET", "/chat/7");
    made->timeline = {.head = kMs, .queued = kMs, .claimed = 2 * kMs};
    made->note_books({.gil_hold = kMs, .cpu = kMs / 2}, 4 * kMs);
    EXPECT_EQ(routes.label(recorder.websocket_opened(*made, 5 * kMs)), "/chat/{id}");
    RequestTotals totals = shards.totals();
    EXPECT_EQ(totals.websockets, 1);
    EXPECT_EQ(totals.active_requests, 0);
    EXPECT_EQ(totals.requests, 1U);
    const RouteTotals& route = totals.routes.begin()->second;
    EXPECT_EQ(route.durations.at({method_index("GET"), 101}).sum, 4 * kMs);
    EXPECT_EQ(route.phases[static_cast<std::size_t>(Phase::gil_hold)].sum, kMs);
    EXPECT_EQ(route.phases[static_cast<std::size_t>(Phase::send)].sum, kMs);
    EXPECT_EQ(route.cpu.sum, kMs / 2);

    for (int i = 0; i < 3; ++i) recorder.websocket_message_in();
    recorder.websocket_message_out();
    recorder.websocket_closed();
    totals = shards.totals();
    EXPECT_EQ(totals.websockets, 0);
    EXPECT_EQ(totals.websocket_messages_in, 3U);
    EXPECT_EQ(totals.websocket_messages_out, 1U);
    EXPECT_EQ(totals.active_requests, 0);
    EXPECT_EQ(totals.requests, 1U);
}

TEST_F(RecorderTest, ARouteRemembersThatALoopServedIt) {
    const dispatch::Mount by_loop{.prefix = "", .by_loop = true};
    const dispatch::Mount by_threads{};
    Recorder& one = shards.add();
    Recorder& two = shards.add();
    const auto serve = [](Recorder& recorder, const char* target, const dispatch::Mount* mount) {
        const dispatch::ExchangePtr made = exchange("GET", target);
        made->mount = mount;
        time(*made, 5);
        recorder.request(*made, phases(made->timeline, made->books()), 200);
    };
    serve(one, "/both", &by_loop);
    serve(two, "/both", &by_threads);  // another thread's shard
    serve(one, "/threads", &by_threads);
    serve(one, "/only", nullptr);
    const RequestTotals totals = shards.totals();
    ASSERT_EQ(totals.routes.size(), 3U);
    for (const auto& [id, route] : totals.routes)
        EXPECT_EQ(route.by_loop, routes.label(id) == "/both") << routes.label(id);
}

TEST_F(RecorderTest, ReadWhileFourThreadsWrite) {
    constexpr std::uint64_t kEach = 3'000;
    std::atomic<bool> writing{true};
    std::thread reader([&] {
        std::uint64_t before = 0;
        while (writing.load()) {
            const RequestTotals totals = shards.totals();
            EXPECT_GE(totals.requests, before);
            before = totals.requests;
            for (const auto& [id, route] : totals.routes) EXPECT_FALSE(routes.label(id).empty());
        }
    });
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t) {
        writers.emplace_back([&] {
            Recorder& recorder = shards.add();
            for (std::uint64_t i = 0; i < kEach; ++i) {
                const dispatch::ExchangePtr made = exchange("GET", "/page" + std::to_string(i % 20));
                time(*made, 4);
                recorder.request(*made, phases(made->timeline, made->books()), i % 2 == 0 ? 200 : 500);
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    writing = false;
    reader.join();
    const RequestTotals totals = shards.totals();
    EXPECT_EQ(totals.requests, 4 * kEach);
    EXPECT_EQ(totals.routes.size(), 20U);
    std::uint64_t counted = 0;
    for (std::size_t n = 0; n < 20; ++n) counted += count(totals, "/page" + std::to_string(n));
    EXPECT_EQ(counted, 4 * kEach);
    EXPECT_EQ(shards.requests(), 4 * kEach);
}

}  // namespace
}  // namespace baton::metrics
