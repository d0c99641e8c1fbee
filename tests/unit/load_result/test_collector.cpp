#include <gtest/gtest.h>
#include <malloc.h>

#include <limits>
#include <thread>

#include "loadgen/result/collector.hpp"
#include "tests/unit/load_result/make.hpp"

namespace loadgen::result {
namespace {

using namespace std::chrono_literals;

TEST(Collector, SumsByEndpointAndBySecond) {
    const plan::Plan plan = plan_of({"/a", "/b"});
    Collector collector(plan);
    Interval first = interval_of(0, 0, {tally_of(10, 3ms, 2ms), tally_of(5, 9ms, 8ms)});
    count_of(first.endpoints[1], Failure::timeout) = 2;
    first.in_flight = 4;
    first.opened = 3;
    first.cpu = 0.25;
    first.late = times(7, 20us).cells();
    Interval other = interval_of(0, 1, {tally_of(20, 3ms, 2ms), tally_of(0, 0ms, 0ms)});
    other.in_flight = 1;
    other.cpu = 0.5;
    other.blocked = times(2, 1ms).cells();
    other.connect = times(3, 4ms).cells();
    other.missed = 6;
    other.endpoints[0].again = 2;
    ASSERT_TRUE(collector.add(first));
    ASSERT_TRUE(collector.add(other));
    ASSERT_TRUE(collector.add(interval_of(2, 1, {tally_of(1, 4ms, 4ms), Tally{}})));

    const Result result = collector.result("2030-01-01T00:00:00Z", 3, 1.5);
    EXPECT_EQ(result.started, "2030-01-01T00:00:00Z");
    EXPECT_EQ(result.all.answered, 36U);
    EXPECT_EQ(result.all.response.count(), 36U);
    EXPECT_EQ(result.all.response.most(), 9ms);
    EXPECT_EQ(result.endpoints[0].answered, 31U);
    EXPECT_EQ(result.endpoints[1].answered, 5U);
    EXPECT_EQ(result.endpoints[1].errors(), 2U);
    ASSERT_EQ(result.seconds.size(), 3U);
    EXPECT_EQ(result.seconds[0].answered, 35U);
    EXPECT_EQ(result.seconds[0].errors, 2U);
    EXPECT_EQ(result.seconds[0].statuses.at(200), 35U);
    EXPECT_EQ(result.seconds[0].in_flight, 5U);
    EXPECT_EQ(result.seconds[0].response.total, 35U);
    EXPECT_EQ(result.seconds[0].service.most, 8ms);
    EXPECT_DOUBLE_EQ(result.seconds[0].cpu, 0.75);
    EXPECT_EQ(result.seconds[1].answered, 0U);
    EXPECT_EQ(result.seconds[2].answered, 1U);
    EXPECT_EQ(result.self.opened, 3U);
    EXPECT_EQ(result.self.late.count(), 7U);
    EXPECT_EQ(result.self.blocked.count(), 2U);
    EXPECT_EQ(result.self.connect.count(), 3U);
    EXPECT_EQ(result.self.missed, 6U);
    EXPECT_EQ(result.all.again, 2U);
    EXPECT_EQ(result.self.wall, 3);
    EXPECT_EQ(result.self.cpu, 1.5);
    EXPECT_EQ(result.plan.endpoints.size(), 2U);
    EXPECT_DOUBLE_EQ(result.rate(), 12);
}

TEST(Collector, TheBusiestWorkerIsOneWorkerOverTheMeasuredTime) {
    const plan::Plan plan = plan_of({"/"});
    Collector collector(plan);
    for (std::uint32_t second = 0; second <= 3; ++second) {
        for (std::uint32_t worker = 0; worker < 2; ++worker) {
            Interval interval = interval_of(second, worker, {Tally{}});
            interval.cpu = second == worker ? 0.9 : 0.3;  // worker 0: 0.9 0.3 0.3; worker 1: 0.3 0.9 0.3
            interval.waited = interval.cpu / 2;
            interval.stalled = interval.cpu / 3;
            if (second == 3) interval.cpu = 2;  // behind the measured time
            ASSERT_TRUE(collector.add(interval));
        }
    }
    const Self self = collector.result("", 3, 0).self;
    EXPECT_NEAR(self.busiest, 0.5, 1e-12);
    EXPECT_NEAR(self.waited, 0.25, 1e-12);
    EXPECT_NEAR(self.stalled, 0.5 / 3, 1e-12);
    EXPECT_NEAR(collector.progress().self.busiest, 0.3, 1e-12);
}

// They may come from another machine, and go to a terminal.
TEST(Collector, TheFirstWordsOfEachFailureStay) {
    const plan::Plan plan = plan_of({"/"});
    Collector collector(plan);
    Interval interval = interval_of(0, 0, {Tally{}});
    interval.texts = {{Failure::refused, "Connection\x1b[2Jrefused\xC2\x9B"}, {Failure::tls, ""}};
    ASSERT_TRUE(collector.add(interval));
    interval.texts = {{Failure::refused, "No route to host"}, {Failure::tls, std::string(200, 'x')}};
    ASSERT_TRUE(collector.add(interval));
    const auto texts = collector.result("", 3, 0).self.texts;
    EXPECT_EQ(texts.at(Failure::refused), "Connection?[2Jrefused??");
    EXPECT_EQ(texts.at(Failure::tls), std::string(100, 'x'));
}

TEST(Collector, AnswersBehindTheMeasuredTimeAreKnownAsSuch) {
    const plan::Plan plan = plan_of({"/"});
    Collector collector(plan);
    ASSERT_TRUE(collector.add(interval_of(2, 0, {tally_of(30, 1ms, 1ms)})));
    Interval behind = interval_of(3, 0, {tally_of(6, 2s, 2s)});
    behind.endpoints[0].answered = 8;
    count_of(behind.endpoints[0], Failure::unexpected) = 2;
    ASSERT_TRUE(collector.add(behind));
    const Result result = collector.result("", 3, 0);
    EXPECT_EQ(result.all.expected(), 36U);
    EXPECT_EQ(result.all.behind, 6U);
    EXPECT_DOUBLE_EQ(result.rate(), 10);
}

TEST(Collector, PartsOfSecondsAreSeconds) {
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = 1500ms;
    Collector collector(plan);
    EXPECT_TRUE(collector.add(interval_of(1, 0, {tally_of(1, 1ms, 1ms)})));
    EXPECT_TRUE(collector.add(interval_of(2, 0, {tally_of(1, 1ms, 1ms)})));
    EXPECT_FALSE(collector.add(interval_of(3, 0, {tally_of(1, 1ms, 1ms)})));
    EXPECT_EQ(collector.result("", 1.5, 0).all.behind, 1U);
}

// An hour's run that was interrupted after a second has no hour of nothing in its series.
TEST(Collector, TheSeriesEndsWhereTheRunWasCut) {
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = 3600s;
    Collector collector(plan);
    EXPECT_TRUE(collector.add(interval_of(0, 0, {tally_of(5, 1ms, 1ms)})));
    EXPECT_TRUE(collector.add(interval_of(3600, 0, {tally_of(2, 1ms, 1ms)})));
    const Result result = collector.result("", 0.5, 0);
    ASSERT_EQ(result.seconds.size(), 2U);
    EXPECT_EQ(result.seconds[1].answered, 2U);
    EXPECT_EQ(result.all.behind, 2U);
    EXPECT_DOUBLE_EQ(result.rate(), 10);
    EXPECT_EQ(collector.progress().seconds.size(), 2U);
    EXPECT_DOUBLE_EQ(collector.progress().self.wall, 1);
}

TEST(Collector, WhatDoesNotFitChangesNothing) {
    const plan::Plan plan = plan_of({"/a", "/b"});
    Collector collector(plan);
    const Interval good = interval_of(0, 0, {tally_of(10, 1ms, 1ms), tally_of(10, 1ms, 1ms)});
    const auto refused = [&](const char* what, auto&& change) {
        Interval interval = good;
        change(interval);
        EXPECT_FALSE(collector.add(interval)) << what;
    };
    refused("an endpoint less", [](Interval& interval) { interval.endpoints.pop_back(); });
    refused("an endpoint more", [](Interval& interval) { interval.endpoints.emplace_back(); });
    refused("a later second", [](Interval& interval) { interval.second = 4; });
    refused("the last second there is", [](Interval& interval) { interval.second = ~0U; });
    refused("too many workers", [](Interval& interval) { interval.worker = Collector::kMostWorkers; });
    refused("negative CPU", [](Interval& interval) { interval.cpu = -1; });
    refused("no CPU", [](Interval& interval) { interval.cpu = std::numeric_limits<double>::quiet_NaN(); });
    refused("a failure that is none", [](Interval& interval) { interval.endpoints[1].failures[0] = 1; });
    refused("more unexpected answers than answers",
            [](Interval& interval) { count_of(interval.endpoints[1], Failure::unexpected) = 11; });
    refused("late", [](Interval& interval) { interval.late.total = 1; });
    refused("blocked", [](Interval& interval) { interval.blocked.total = 1; });
    refused("connect", [](Interval& interval) { interval.connect.total = 1; });
    refused("waited", [](Interval& interval) { interval.waited = -1; });
    refused("stalled",
            [](Interval& interval) { interval.stalled = std::numeric_limits<double>::quiet_NaN(); });
    refused("response", [](Interval& interval) { interval.endpoints[1].response.total = 11; });
    refused("service", [](Interval& interval) { interval.endpoints[1].service.counts[0].first = 99999; });
    refused("first byte", [](Interval& interval) { interval.endpoints[1].first_byte.total = 1; });
    refused("failed", [](Interval& interval) { interval.endpoints[1].failed.total = 1; });
    EXPECT_EQ(collector.result("", 3, 0).all.due, 0U);
    EXPECT_TRUE(collector.result("", 3, 0).seconds.empty());
    EXPECT_TRUE(collector.add(good));
}

TEST(Collector, WatchersOfLongRunsGetTheEnd) {
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = 1000s;
    Collector collector(plan);
    EXPECT_TRUE(collector.progress().seconds.empty());
    for (std::uint32_t second = 0; second < 310; ++second)
        ASSERT_TRUE(collector.add(interval_of(second, 0, {tally_of(second == 309 ? 7 : 1, 1ms, 1ms)})));
    const Collector::Progress progress = collector.progress();
    EXPECT_EQ(progress.seconds.size(), Collector::kWatched);
    EXPECT_EQ(progress.first, 10U);
    EXPECT_EQ(progress.seconds.back().answered, 7U);
    EXPECT_EQ(progress.all.answered, 316U);
    EXPECT_EQ(progress.self.wall, 310);
    EXPECT_EQ(collector.result("", 310, 0).seconds.size(), 310U);
}

// One second at 1000 requests a second, whose times are 500 different ones.
Tally busy_second(std::uint32_t second) {
    stats::Histogram histogram;
    for (std::uint32_t i = 0; i < 1000; ++i)
        histogram.record(Nanoseconds(1ms) + std::chrono::microseconds((i * 97 + second * 13) % 500));
    Tally tally = tally_of(0, 0ms, 0ms);
    tally.due = tally.sent = tally.answered = 1000;
    tally.statuses[200] = 1000;
    tally.response = tally.service = histogram.cells();
    return tally;
}

// Six hours of 16 KB of cells a second were 350 MB, and a day, as the demonstration runs, four times as much.
// Now a day takes no more of cells than this, and 26 MB more of seconds.
TEST(Collector, HoursTakeALittleMemory) {
    constexpr std::uint32_t kHours = 6 * 3600;
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = std::chrono::seconds(kHours);
    std::vector<Tally> kinds;
    for (std::uint32_t i = 0; i < 50; ++i) kinds.push_back(busy_second(i * 7));
    const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    Collector collector(plan);
    for (std::uint32_t second = 0; second < kHours; ++second)
        ASSERT_TRUE(collector.add(interval_of(second, 0, {kinds[second % kinds.size()]})));
    const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;  // 0 under a sanitizer
    RecordProperty("bytes", std::to_string(after - before));
    EXPECT_LE(after - before, 100U << 20);
    const Result result = collector.result("", kHours, 0);
    ASSERT_EQ(result.seconds.size(), kHours);
    EXPECT_EQ(result.all.service.count(), std::uint64_t{kHours} * 1000);
    EXPECT_EQ(result.seconds[1].service.p99, kinds[1].service.at(0.99));
    EXPECT_EQ(result.seconds[kHours - 1].response.p50, kinds[(kHours - 1) % 50].response.at(0.5));
    std::uint32_t next = 0;
    stats::Cells sum;
    for (const Stretch& stretch : result.stretches) {
        EXPECT_EQ(stretch.first, next);
        next += stretch.length;
        sum.add(stretch.service);
    }
    EXPECT_EQ(next, kHours);
    EXPECT_EQ(sum.counts, result.all.service.cells().counts) << "nothing is lost";
    EXPECT_LE(result.stretches.size(), Collector::kMostStretches);
    EXPECT_GE(result.stretches.size(), 200U);
}

TEST(Collector, WideStretchesAreFoldedSooner) {
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = 400s;
    Collector collector(plan);
    stats::Histogram wide;
    for (std::size_t cell = 0; cell < 20'000; ++cell) wide.record(stats::Histogram::lowest_of(cell));
    Tally tally;
    tally.response = tally.service = wide.cells();
    for (std::uint32_t second = 0; second < 400; ++second)
        ASSERT_TRUE(collector.add(interval_of(second, 0, {tally})));
    const std::vector<Stretch> stretches = collector.result("", 400, 0).stretches;
    EXPECT_LE(stretches.size() * 40'000, Collector::kMostCells);
    EXPECT_EQ(stretches[0].length, 4U);
}

// Percentiles of a second that lack a part of it would be wrong.
TEST(Collector, AWorkerThatIsMinutesBehindIsCountedAndEndsThePercentilesOfItsSeconds) {
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = 1000s;
    Collector collector(plan);
    for (std::uint32_t second = 0; second < 400; ++second)
        ASSERT_TRUE(collector.add(interval_of(second, 0, {tally_of(100, 1ms, 1ms)})));
    EXPECT_TRUE(collector.result("", 400, 0).seconds[5].service.p50);
    ASSERT_TRUE(collector.add(interval_of(5, 1, {tally_of(50, 9ms, 9ms)})));
    ASSERT_TRUE(collector.add(interval_of(6, 1, {Tally{}})));
    const Result result = collector.result("", 400, 0);
    EXPECT_EQ(result.seconds[5].service.total, 150U);
    EXPECT_EQ(result.seconds[5].service.most, 9ms);
    EXPECT_FALSE(result.seconds[5].service.p50);
    EXPECT_TRUE(result.seconds[6].service.p50);
    EXPECT_EQ(result.stretches[5].service.total, 150U);
}

// Where the run ended in the middle of one.
TEST(Collector, StretchesEndWithTheRun) {
    plan::Plan plan = plan_of({"/"});
    plan.load.duration = 4000s;
    Collector collector(plan);
    for (std::uint32_t second = 0; second < 3701; ++second)
        ASSERT_TRUE(collector.add(interval_of(second, 0, {tally_of(1, 1ms, 1ms)})));
    ASSERT_TRUE(collector.add(interval_of(4000, 0, {tally_of(2, 1ms, 1ms)})));
    const std::vector<Stretch> stretches = collector.result("", 3700.5, 0).stretches;
    ASSERT_EQ(stretches.size(), 1852U);
    EXPECT_EQ(stretches[1849].length, 2U);
    EXPECT_EQ(stretches[1850].first, 3700U);
    EXPECT_EQ(stretches[1850].length, 1U);
    EXPECT_EQ(stretches[1851].first, 3701U);
    EXPECT_EQ(stretches[1851].service.total, 2U);
}

TEST(Collector, WorkersMayAllComeAtOnce) {
    const plan::Plan plan = plan_of({"/"});
    Collector collector(plan);
    {
        std::vector<std::jthread> workers;
        for (std::uint32_t worker = 0; worker < 4; ++worker) {
            workers.emplace_back([&, worker] {
                for (std::uint32_t i = 0; i < 60; ++i)
                    collector.add(interval_of(i % 4, worker, {tally_of(5, (worker + 1) * 1ms, 1ms)}));
            });
        }
        for (int i = 0; i < 10; ++i) EXPECT_EQ(collector.progress().all.answered % 5, 0U);
    }
    const Result result = collector.result("", 3, 0);
    EXPECT_EQ(result.all.answered, 1200U);
    EXPECT_EQ(result.all.response.at(0.25), stats::Histogram::highest_of(stats::Histogram::cell_of(1ms)));
    EXPECT_EQ(result.seconds[3].response.total, 300U);
}

}  // namespace
}  // namespace loadgen::result
