#include "loadgen/plan/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace loadgen::plan {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST(Profile, ConstantRate) {
    const Profile profile({{0, 100}}, 10);
    EXPECT_DOUBLE_EQ(profile.due(0), 0);
    EXPECT_DOUBLE_EQ(profile.due(1), 0.01);
    EXPECT_DOUBLE_EQ(profile.due(999), 9.99);
    EXPECT_TRUE(std::isinf(profile.due(1000)));
    EXPECT_DOUBLE_EQ(profile.requests_by(2.5), 250);
    EXPECT_DOUBLE_EQ(profile.requests_by(99), 1000);
    EXPECT_DOUBLE_EQ(profile.requests_by(-1), 0);
}

TEST(Profile, RampUpAndDown) {
    const Profile up({{0, 0}, {10, 100}}, 10);
    EXPECT_DOUBLE_EQ(up.requests_by(10), 500);
    EXPECT_DOUBLE_EQ(up.due(0), 0);
    EXPECT_DOUBLE_EQ(up.due(125), 5);
    const Profile down({{0, 100}, {10, 0}}, 10);
    EXPECT_DOUBLE_EQ(down.requests_by(10), 500);
    EXPECT_DOUBLE_EQ(down.due(375), 5);
    EXPECT_NEAR(down.due(500 - 1e-9), 10, 1e-4);
    EXPECT_TRUE(std::isinf(down.due(500)));
}

TEST(Profile, NothingIsDueWhereTheRateIsZero) {
    const Profile profile({{0, 0}, {5, 0}, {5, 100}, {6, 100}, {6, 0}, {8, 0}, {8, 10}}, 10);
    EXPECT_DOUBLE_EQ(profile.due(0), 5);
    EXPECT_DOUBLE_EQ(profile.due(99), 5.99);
    EXPECT_DOUBLE_EQ(profile.due(100), 8) << "behind the gap, not ahead of it";
    EXPECT_DOUBLE_EQ(profile.requests_by(7), 100);
    EXPECT_TRUE(std::isinf(Profile({{0, 0}}, 10).due(0)));
    EXPECT_TRUE(std::isinf(Profile({}, 10).due(0)));
}

TEST(Profile, EndsInTheMiddleOfARamp) {
    const Profile profile({{0, 0}, {10, 100}}, 5);
    EXPECT_DOUBLE_EQ(profile.requests_by(5), 125);
    EXPECT_DOUBLE_EQ(profile.due(20), 2);
    EXPECT_TRUE(std::isinf(profile.due(125)));
}

// The inverse is exact everywhere, also where the textbook's formula cancels: hardly any slope, steep slopes,
// rates that come from or go to zero.
TEST(Profile, DueIsTheInverseOfRequestsBy) {
    const std::vector<std::vector<RatePoint>> shapes{
        {{0, 1e6}, {3600, 1e6 + 1e-6}}, {{0, 1e6 + 1e-6}, {3600, 1e6}},
        {{0, 0}, {3600, 1e-3}},         {{0, 1e-3}, {1800, 0}},
        {{0, 1e7}, {1, 1}, {2, 1e7}},   {{0, 5}, {10, 5}, {10, 500}, {20, 0.001}},
        {{0, 0}, {1e-6, 1e6}},          {{0, 1e6}, {3600, 0}, {7200, 3}}};
    for (const auto& shape : shapes) {
        const Profile profile(shape, 3600);
        const double total = profile.requests_by(3600);
        double previous = 0;
        for (double share = 0; share < 1; share += 1.0 / 1024) {
            const double due = profile.due(total * share);
            ASSERT_GE(due, previous);
            ASSERT_NEAR(profile.requests_by(due), total * share, total * 1e-12);
            previous = due;
        }
    }
}

TEST(Shape, RampsAreFromTheStartOfTheRun) {
    const Parsed<Ramp> ramp = parse_ramp("10s");
    ASSERT_TRUE(ramp);
    const auto points = *points_of({.rate = 100, .ramp = *ramp, .step = {}}, seconds(5), seconds(20));
    const Profile profile(points, 25);
    EXPECT_DOUBLE_EQ(profile.requests_by(10), 500);
    EXPECT_DOUBLE_EQ(profile.requests_by(25), 2000);
    EXPECT_EQ(parse_ramp("50:1m")->from, 50);
    EXPECT_EQ(parse_ramp("50:1m")->time, std::chrono::minutes(1));
    EXPECT_THAT(parse_ramp("x").why(), HasSubstr("is written [FROM:]TIME"));
    EXPECT_THAT(parse_ramp("-1:5s").why(), HasSubstr("must be requests per second"));
    EXPECT_FALSE(parse_ramp("1:2:3"));
}

double rate_between(const Profile& profile, double from, double to) {
    return (profile.requests_by(to) - profile.requests_by(from)) / (to - from);
}

TEST(Shape, StepsAreFromTheStartOfTheMeasuredTime) {
    const auto points =
        *points_of({.rate = 100, .ramp = {}, .step = *parse_step("50:5s:180")}, seconds(3), seconds(20));
    const Profile profile(points, 23);
    EXPECT_DOUBLE_EQ(rate_between(profile, 0, 8), 100);
    EXPECT_DOUBLE_EQ(rate_between(profile, 8, 13), 150);
    EXPECT_DOUBLE_EQ(rate_between(profile, 13, 23), 180);
}

TEST(Shape, StepsGoDownToZeroAtLeast) {
    const auto points = *points_of({.rate = 100, .ramp = {}, .step = *parse_step("-60:1s")}, {}, seconds(5));
    EXPECT_DOUBLE_EQ(Profile(points, 5).requests_by(5), 140);
}

TEST(Shape, SaysWhatIsWrongWithSteps) {
    EXPECT_THAT(parse_step("100").why(), HasSubstr("is written BY:EVERY[:LIMIT]"));
    EXPECT_THAT(parse_step("0:5s").why(), HasSubstr("must be from"));
    EXPECT_THAT(parse_step("100:0").why(), HasSubstr("must be from 1ms"));
    EXPECT_THAT(parse_step("100:5s:x").why(), HasSubstr("must be requests per second"));
    Shape shape{.rate = 100, .ramp = {}, .step = *parse_step("100:5s:50")};
    EXPECT_THAT(points_of(shape, {}, seconds(10)).why(), HasSubstr("leads away from its limit of 50.0/s"));
    shape.step = *parse_step("1:1ms");
    EXPECT_THAT(points_of(shape, {}, seconds(100)).why(), HasSubstr("more than 10000 steps"));
    shape.ramp = *parse_ramp("1s");
    EXPECT_THAT(points_of(shape, {}, seconds(1)).why(), HasSubstr("do not go together"));
}

TEST(Shape, TheOfferedRateIsOfTheMeasuredTime) {
    Load load;
    load.profile = {{0, 0}, {10, 100}};
    load.warm_up = seconds(10);
    load.duration = seconds(10);
    EXPECT_DOUBLE_EQ(offered_rate(load), 100);
    load.warm_up = seconds(0);
    EXPECT_DOUBLE_EQ(offered_rate(load), 50);
}

}  // namespace
}  // namespace loadgen::plan
