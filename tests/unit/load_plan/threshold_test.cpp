#include "loadgen/plan/threshold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace loadgen::plan {
namespace {

using testing::HasSubstr;

Threshold threshold_of(std::string_view text) {
    const Parsed<Threshold> threshold = parse_threshold(text);
    EXPECT_TRUE(threshold) << (threshold ? "" : threshold.why());
    return threshold ? *threshold : Threshold{};
}

TEST(Threshold, OfTimes) {
    const Threshold threshold = threshold_of("p99<50ms");
    EXPECT_EQ(threshold.text, "p99<50ms");
    EXPECT_EQ(threshold.endpoint, "");
    EXPECT_EQ(threshold.metric, "p99");
    EXPECT_EQ(threshold.bound, Bound::below);
    EXPECT_DOUBLE_EQ(threshold.value, 0.05);
    EXPECT_EQ(threshold_of("service-p99.9 <= 20ms").metric, "service-p99.9");
    EXPECT_EQ(threshold_of("service-p99.9 <= 20ms").bound, Bound::at_most);
    EXPECT_DOUBLE_EQ(threshold_of("mean<=3ms").value, 0.003);
    EXPECT_DOUBLE_EQ(threshold_of("max<1s").value, 1);
    EXPECT_EQ(threshold_of("service-mean>1us").bound, Bound::above);
}

TEST(Threshold, OfErrorsAndRates) {
    EXPECT_DOUBLE_EQ(threshold_of("errors<0.1%").value, 0.001);
    EXPECT_DOUBLE_EQ(threshold_of("errors<=0").value, 0);
    EXPECT_DOUBLE_EQ(threshold_of("rate>=990").value, 990);
    EXPECT_FALSE(threshold_of("rate>=990").of_offered);
    EXPECT_EQ(threshold_of("rate>=990").bound, Bound::at_least);
    EXPECT_DOUBLE_EQ(threshold_of("rate>1.5k/s").value, 1500);
    EXPECT_TRUE(threshold_of("rate>=99%").of_offered);
}

TEST(Threshold, OfEndpointsWhateverTheirNames) {
    EXPECT_EQ(threshold_of("/io:p99<20ms").endpoint, "/io");
    EXPECT_EQ(threshold_of("/a:b<c>=d:p99<20ms").endpoint, "/a:b<c>=d");
    EXPECT_EQ(threshold_of("/a:b<c>=d:p99<20ms").metric, "p99");
    EXPECT_EQ(threshold_of("a b : errors < 1%").endpoint, "a b");
    EXPECT_EQ(threshold_of("x<y:rate>=1").bound, Bound::at_least);
}

TEST(Threshold, SaysWhatIsWrong) {
    const auto why = [](std::string_view text) { return parse_threshold(text).why(); };
    EXPECT_EQ(why("p99"), "the threshold \"p99\" has no bound; write for example p99<50ms");
    EXPECT_THAT(why(""), HasSubstr("has no bound"));
    EXPECT_THAT(why("p99=50ms"), HasSubstr("has no bound"));
    EXPECT_THAT(why("p99<50"), HasSubstr("needs a duration with its unit, such as p99<50ms"));
    EXPECT_THAT(why("p99<"), HasSubstr("needs a duration"));
    EXPECT_THAT(why("p99<1%"), HasSubstr("needs a duration"));
    EXPECT_THAT(why("errors<5ms"), HasSubstr("needs a percentage"));
    EXPECT_THAT(why("errors<0.1"), HasSubstr("needs a percentage"));
    EXPECT_THAT(why("errors<101%"), HasSubstr("needs a percentage"));
    EXPECT_THAT(why("errors<0%"), HasSubstr("write errors<=0%"));
    EXPECT_THAT(why("rate>=5ms"), HasSubstr("needs requests per second or a percentage"));
    EXPECT_THAT(why("p100<1s"), HasSubstr("has the metric \"p100\""));
    EXPECT_THAT(why("p0<1s"), HasSubstr("has the metric"));
    EXPECT_THAT(why("pinf<1s"), HasSubstr("has the metric"));
    EXPECT_THAT(why("median<1s"), HasSubstr("there are p50"));
    EXPECT_THAT(why("service-errors<1%"), HasSubstr("has the metric"));
    EXPECT_THAT(why("<1s"), HasSubstr("has the metric \"\""));
    EXPECT_THAT(why(":p99<1s"), HasSubstr("no endpoint ahead of its colon"));
}

Plan plan_with(std::string_view threshold) {
    Plan plan;
    plan.endpoints.resize(2);
    plan.endpoints[0].name = "/a";
    plan.endpoints[0].weight = 3;
    plan.endpoints[1].name = "/b";
    plan.load.model = Model::open;
    plan.load.profile = {{0, 1000}};
    plan.load.duration = std::chrono::seconds(10);
    plan.thresholds = {threshold_of(threshold)};
    return plan;
}

TEST(Threshold, UnknownEndpointsAreNamedWithTheKnown) {
    Plan plan = plan_with("/c:p99<1s");
    EXPECT_EQ(check_thresholds(plan)->why,
              "the threshold \"/c:p99<1s\" is of \"/c\", and there is no such endpoint; there are: /a, /b");
    plan = plan_with("/b:p99<1s");
    EXPECT_FALSE(check_thresholds(plan));
}

TEST(Threshold, SharesOfTheOfferedRateBecomeRates) {
    Plan plan = plan_with("rate>=99%");
    EXPECT_FALSE(check_thresholds(plan));
    EXPECT_DOUBLE_EQ(plan.thresholds[0].value, 990);
    EXPECT_FALSE(plan.thresholds[0].of_offered);
    EXPECT_FALSE(check_thresholds(plan));
    EXPECT_DOUBLE_EQ(plan.thresholds[0].value, 990) << "converted once only";
    plan = plan_with("/a:rate>=50%");
    EXPECT_FALSE(check_thresholds(plan));
    EXPECT_DOUBLE_EQ(plan.thresholds[0].value, 375);
}

TEST(Threshold, NothingIsOfferedInTheClosedModel) {
    Plan plan = plan_with("rate>=99%");
    plan.load.model = Model::closed;
    EXPECT_THAT(check_thresholds(plan)->why, HasSubstr("none is offered without --rate"));
    plan = plan_with("rate>=99");
    plan.load.model = Model::closed;
    EXPECT_FALSE(check_thresholds(plan));
}

}  // namespace
}  // namespace loadgen::plan
