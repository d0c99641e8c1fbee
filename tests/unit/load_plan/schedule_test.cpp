#include "loadgen/plan/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <vector>

namespace loadgen::plan {
namespace {

using std::chrono::seconds;

Load load_of(Arrival arrival, std::vector<RatePoint> profile, int length) {
    Load load;
    load.model = Model::open;
    load.arrival = arrival;
    load.profile = std::move(profile);
    load.duration = seconds(length);
    return load;
}

std::vector<Schedule::Due> all_of(Schedule schedule) {
    std::vector<Schedule::Due> all;
    while (const auto due = schedule.next()) all.push_back(*due);
    EXPECT_FALSE(schedule.next()) << "it stays at its end";
    return all;
}

TEST(Schedule, UniformRequestsAreEvenlySpaced) {
    const auto all = all_of(Schedule(load_of(Arrival::uniform, {{0, 1000}}, 3)));
    ASSERT_EQ(all.size(), 3000U);
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(all[i].number, i);
        ASSERT_EQ(all[i].at, std::chrono::milliseconds(i));
    }
}

TEST(Schedule, IncludesTheWarmUp) {
    Load load = load_of(Arrival::uniform, {{0, 10}}, 1);
    load.warm_up = seconds(2);
    EXPECT_EQ(all_of(Schedule(load)).size(), 30U);
}

TEST(Schedule, PartsTogetherAreTheWhole) {
    for (const Arrival arrival : {Arrival::uniform, Arrival::poisson}) {
        Load load = load_of(arrival, {{0, 10}, {5, 2000}, {7, 0}}, 9);
        const auto whole = all_of(Schedule(load));
        ASSERT_GT(whole.size(), 5000U);
        std::map<std::uint64_t, Nanoseconds> united;
        load.parts = 3;
        for (load.part = 0; load.part < load.parts; ++load.part) {
            for (const Schedule::Due& due : all_of(Schedule(load))) {
                ASSERT_EQ(due.number % 3, load.part);
                ASSERT_TRUE(united.emplace(due.number, due.at).second);
            }
        }
        ASSERT_EQ(united.size(), whole.size());
        for (const Schedule::Due& due : whole) ASSERT_EQ(united.at(due.number), due.at);
    }
}

TEST(Schedule, PartsOfPartsTogetherAreThePart) {
    Load load = load_of(Arrival::poisson, {{0, 500}}, 2);
    load.part = 1;
    load.parts = 3;
    std::size_t count = 0;
    for (std::size_t worker = 0; worker < 2; ++worker) {
        for (const Schedule::Due& due : all_of(Schedule(load, 1 + 3 * worker, 6))) {
            EXPECT_EQ(due.number % 3, 1U);
            ++count;
        }
    }
    EXPECT_EQ(count, all_of(Schedule(load)).size());
}

TEST(Schedule, PoissonGapsHaveTheMeanAndTheVarianceOfExponentials) {
    const auto all = all_of(Schedule(load_of(Arrival::poisson, {{0, 1000}}, 200)));
    // 200 000 are expected; five standard deviations are 2236. The seed is fixed, so this cannot fail by
    // chance.
    EXPECT_NEAR(static_cast<double>(all.size()), 200'000, 2236);
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
        ASSERT_GE(all[i].at, all[i - 1].at);
        const double gap = seconds_of(all[i].at - all[i - 1].at) * 1000;
        sum += gap;
        squares += gap * gap;
    }
    const double count = static_cast<double>(all.size() - 1);
    const double mean = sum / count;
    EXPECT_NEAR(mean, 1, 0.01);
    EXPECT_NEAR(squares / count - mean * mean, 1, 0.03);
}

TEST(Schedule, PoissonFollowsTheProfile) {
    const auto all = all_of(Schedule(load_of(Arrival::poisson, {{0, 0}, {20, 10'000}}, 20)));
    EXPECT_NEAR(static_cast<double>(all.size()), 100'000, 1600);
    const auto half =
        std::count_if(all.begin(), all.end(), [](const auto& due) { return due.at < seconds(10); });
    EXPECT_NEAR(static_cast<double>(half), 25'000, 800);
}

TEST(Schedule, RampsDeliverTheIntegral) {
    EXPECT_EQ(all_of(Schedule(load_of(Arrival::uniform, {{0, 0}, {10, 1000}}, 10))).size(), 5000U);
    EXPECT_EQ(all_of(Schedule(load_of(Arrival::uniform, {{0, 100}, {5, 100}, {5, 200}}, 10))).size(), 1500U);
}

TEST(Schedule, DiffersByItsSeedAlone) {
    Load load = load_of(Arrival::poisson, {{0, 100}}, 1);
    const auto one = all_of(Schedule(load));
    const auto same = all_of(Schedule(load));
    load.seed = 2;
    const auto other = all_of(Schedule(load));
    ASSERT_EQ(one.size(), same.size());
    EXPECT_EQ(one[5].at, same[5].at);
    EXPECT_NE(one[5].at, other[5].at);
}

TEST(Schedule, WhatIsPassedOverIsAsManyAsThereWouldHaveBeen) {
    for (const std::size_t part : {0U, 2U}) {
        Load load = load_of(Arrival::uniform, {{0, 10}, {5, 2000}, {7, 0}}, 9);
        load.parts = 3;
        load.part = part;
        const auto all = all_of(Schedule(load));
        Schedule schedule(load);
        std::uint64_t passed = 0;
        for (int i = 0; i < 10; ++i, ++passed) ASSERT_EQ(schedule.next()->number, all[passed].number);
        for (const int milliseconds : {4000, 4001, 4001, 6500}) {
            passed += schedule.pass(std::chrono::milliseconds(milliseconds));
            const auto next = schedule.next();
            ASSERT_TRUE(next);
            EXPECT_EQ(next->number, all[passed].number);
            EXPECT_EQ(next->at, all[passed].at);
            ++passed;
        }
        passed += schedule.pass(seconds(100));
        EXPECT_EQ(passed, all.size());
        EXPECT_FALSE(schedule.next());
    }
}

TEST(Schedule, APoissonScheduleIsPassedOverByItsProfile) {
    Load load = load_of(Arrival::poisson, {{0, 1000}}, 1000);
    load.parts = 2;
    Schedule schedule(load);
    for (int i = 0; i < 100; ++i) schedule.next();
    EXPECT_NEAR(static_cast<double>(schedule.pass(seconds(500))), 249'900, 50);
    const auto next = schedule.next();
    ASSERT_TRUE(next);
    EXPECT_NEAR(seconds_of(next->at), 500, 0.1);
    EXPECT_EQ(next->number % 2, 0U);
    schedule.pass(seconds(1000));
    EXPECT_FALSE(schedule.next());
}

// What another machine, another compiler and another standard library have to come to as well.
TEST(Schedule, PoissonTimesAreTheSameEverywhere) {
    const auto all = all_of(Schedule(load_of(Arrival::poisson, {{0, 1000}}, 1)));
    ASSERT_GT(all.size(), 900U);
    EXPECT_EQ(all[0].at.count(), 868142);
    EXPECT_EQ(all[1].at.count(), 3168249);
    EXPECT_EQ(all[900].at.count(), 867293239);
}

}  // namespace
}  // namespace loadgen::plan
