#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loadgen/result/verdict.hpp"
#include "tests/unit/load_result/make.hpp"

namespace loadgen::result {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Nothing to be said against it: 2000 requests in ten seconds, all of them answered after 50 ms.
Result fine(plan::Model model = plan::Model::open) {
    Result out;
    out.plan = plan_of({"/a", "/b"}, model);
    out.plan.load.duration = 10s;
    out.plan.load.connections = 8;
    out.endpoints.resize(2);
    out.endpoints[0].add(tally_of(1500, 50ms, 40ms));
    out.endpoints[1].add(tally_of(500, 50ms, 40ms));
    for (const Sum& endpoint : out.endpoints) out.all.add(endpoint);
    out.self.wall = 10;
    out.self.busiest = 0.9;
    out.self.late = times(2000, 20us);
    return out;
}

plan::Threshold threshold(const std::string& metric, plan::Bound bound, double value,
                          std::string endpoint = "") {
    return {
        .text = metric, .endpoint = std::move(endpoint), .metric = metric, .bound = bound, .value = value};
}

Kept judged(Result result, plan::Threshold threshold) {
    result.plan.thresholds = {std::move(threshold)};
    const Verdict verdict = judge(result);
    EXPECT_EQ(verdict.thresholds.size(), 1U);
    return verdict.thresholds.at(0);
}

TEST(Verdict, AGoodRunIsBelievedWithoutAWord) {
    const Verdict verdict = judge(fine());
    EXPECT_THAT(verdict.bottlenecks, IsEmpty());
    EXPECT_THAT(verdict.warnings, IsEmpty());
    EXPECT_THAT(verdict.thresholds, IsEmpty());
}

TEST(Verdict, BoundsAreWhatTheySay) {
    const double rate = 200;
    using plan::Bound;
    EXPECT_FALSE(judged(fine(), threshold("rate", Bound::below, rate)).kept);
    EXPECT_TRUE(judged(fine(), threshold("rate", Bound::below, rate + 0.1)).kept);
    EXPECT_TRUE(judged(fine(), threshold("rate", Bound::at_most, rate)).kept);
    EXPECT_FALSE(judged(fine(), threshold("rate", Bound::at_most, rate - 0.1)).kept);
    EXPECT_FALSE(judged(fine(), threshold("rate", Bound::above, rate)).kept);
    EXPECT_TRUE(judged(fine(), threshold("rate", Bound::above, rate - 0.1)).kept);
    EXPECT_TRUE(judged(fine(), threshold("rate", Bound::at_least, rate)).kept);
    EXPECT_FALSE(judged(fine(), threshold("rate", Bound::at_least, rate + 0.1)).kept);
    EXPECT_DOUBLE_EQ(judged(fine(), threshold("rate", Bound::below, 1)).actual.value(), rate);
}

TEST(Verdict, ThresholdsOfAnEndpointAreOfThatEndpoint) {
    Result result = fine();
    count_of(result.endpoints[1], Failure::reset) = 500;
    EXPECT_DOUBLE_EQ(judged(result, threshold("errors", plan::Bound::below, 0.1, "/b")).actual.value(), 0.5);
    EXPECT_FALSE(judged(result, threshold("errors", plan::Bound::below, 0.1, "/b")).kept);
    EXPECT_TRUE(judged(result, threshold("errors", plan::Bound::below, 0.1, "/a")).kept);
    EXPECT_TRUE(judged(result, threshold("errors", plan::Bound::below, 0.1)).kept);
    const Kept unknown = judged(result, threshold("errors", plan::Bound::below, 0.1, "/c"));
    EXPECT_FALSE(unknown.actual);
    EXPECT_FALSE(unknown.kept);
}

TEST(Verdict, APercentileOfTooFewSamplesIsNotKept) {
    EXPECT_TRUE(judged(fine(), threshold("p99", plan::Bound::below, 1)).kept);
    EXPECT_TRUE(judged(fine(), threshold("service-p99", plan::Bound::below, 0.041)).kept);
    EXPECT_FALSE(judged(fine(), threshold("service-p99", plan::Bound::below, 0.039)).kept);
    for (const plan::Threshold& each :
         {threshold("p99.9", plan::Bound::below, 1), threshold("p99", plan::Bound::below, 1, "/b"),
          threshold("p99.9", plan::Bound::above, 0)}) {
        const Kept kept = judged(fine(), each);
        EXPECT_FALSE(kept.actual);
        EXPECT_FALSE(kept.kept);
    }
}

TEST(Verdict, ARateThatWasNotDelivered) {
    Result result = fine();
    result.all.sent = 1980;
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
    result.all.sent = 1979;
    EXPECT_THAT(
        judge(result).bottlenecks,
        ElementsAre(AllOf(HasSubstr("the rate was not delivered: of 2000 requests that were due 1979"),
                          HasSubstr("every one of 8 connections was in use: raise --connections"),
                          Not(HasSubstr("the generator itself")))));
    result.self.missed = 5;
    EXPECT_THAT(judge(result).bottlenecks,
                ElementsAre(AllOf(HasSubstr("the generator itself came too late to 5 of the others"),
                                  HasSubstr("every one of 8 connections was in use"))));
    result.self.missed = 21;
    EXPECT_THAT(judge(result).bottlenecks,
                ElementsAre(AllOf(HasSubstr("the generator itself came too late to 21 of the others"),
                                  Not(HasSubstr("was in use")))));
    result.plan.load.model = plan::Model::closed;
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
}

TEST(Verdict, ASingleRequestIsNoRate) {
    Result result;
    result.plan = plan_of({"/"});
    result.all.due = 20;
    result.all.sent = 19;
    EXPECT_TRUE(judge(result).delivered);
    result.all.sent = 18;
    EXPECT_FALSE(judge(result).delivered);
    result.all.due = 1;
    result.all.sent = 0;
    EXPECT_FALSE(judge(result).delivered);
}

TEST(Verdict, ConnectionsThatTheTargetRefusesAreNotTheGeneratorsFault) {
    Result result = fine();
    count_of(result.all, Failure::refused) = 900;
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
    // They are among those that were sent; a second time they would hide what was not.
    result.all.sent = 1000;
    EXPECT_THAT(judge(result).bottlenecks, ElementsAre(HasSubstr("1000 were sent in time (50.0 %)")));
}

TEST(Verdict, ABusyGeneratorInBothModels) {
    for (const plan::Model model : {plan::Model::open, plan::Model::closed}) {
        Result result = fine(model);
        EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
        result.self.busiest = 0.91;
        EXPECT_THAT(judge(result).bottlenecks, ElementsAre(AllOf(HasSubstr("91 %"), HasSubstr("--threads"))));
    }
}

// In the closed model a generator that waits for the CPU asks less; in the open one short waits are in the
// lateness.
TEST(Verdict, AGeneratorThatOthersKeepFromRunning) {
    Result closed = fine(plan::Model::closed);
    closed.self.waited = 0.05;
    EXPECT_THAT(judge(closed).warnings, ElementsAre(HasSubstr("closed model")));
    closed.self.waited = 0.06;
    EXPECT_THAT(judge(closed).warnings,
                ElementsAre(HasSubstr("kept from running for 6 % of the time"), HasSubstr("closed model")));
    EXPECT_FALSE(judge(closed).own);
    closed.self.waited = 0.21;
    EXPECT_THAT(judge(closed).bottlenecks, ElementsAre(HasSubstr("kept from running for 21 % of the time")));
    EXPECT_TRUE(judge(closed).own);
    closed.self.waited = 0;
    closed.self.stalled = 0.5;
    EXPECT_TRUE(judge(closed).own);

    Result open = fine();
    open.self.waited = 0.5;
    EXPECT_THAT(judge(open).warnings, IsEmpty());
    open.self.stalled = 0.1;
    EXPECT_THAT(judge(open).warnings, ElementsAre(HasSubstr("kept from running for 10 % of the time")));
    open.self.stalled = 0.3;
    EXPECT_TRUE(judge(open).own);
}

TEST(Verdict, WhatThisMachineLacksIsNotTheTargetsFault) {
    Result result = fine();
    count_of(result.all, Failure::local) = 2;
    result.self.texts[Failure::local] = "Too many open files";
    const Verdict verdict = judge(result);
    EXPECT_TRUE(verdict.own);
    EXPECT_THAT(
        verdict.bottlenecks,
        ElementsAre(HasSubstr("for 2 requests this machine had no connection to give: Too many open files")));
}

TEST(Verdict, ErrorsThatNobodyAskedAboutAreSaid) {
    Result result = fine();
    count_of(result.all, Failure::reset) = 3;
    EXPECT_THAT(judge(result).warnings,
                ElementsAre(AllOf(HasSubstr("3 of 2003 requests failed"), HasSubstr("errors<1%"))));
    result.plan.thresholds = {threshold("p99", plan::Bound::below, 1)};
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("3 of 2003 requests failed")));
    result.plan.thresholds.push_back(threshold("errors", plan::Bound::below, 0.01, "/a"));
    EXPECT_THAT(judge(result).warnings, IsEmpty());
}

TEST(Verdict, ManyThatHadToBeSentAgainAreSaid) {
    Result result = fine();
    result.all.again = 2;
    EXPECT_THAT(judge(result).warnings, IsEmpty());
    result.all.again = 3;
    EXPECT_THAT(judge(result).warnings,
                ElementsAre(HasSubstr("3 of 2000 requests (0.1 %) had to be sent again")));
}

TEST(Verdict, ALateGeneratorIsWarnedOfAndThenNotBelieved) {
    Result result = fine();
    result.self.late = times(2000, 999us);
    EXPECT_THAT(judge(result).warnings, IsEmpty());
    result.self.late = times(2000, 1100us);
    EXPECT_THAT(judge(result).warnings, ElementsAre(AllOf(HasSubstr("own delay"), HasSubstr("1.1 ms"))));
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
    result.self.late = times(2000, 9ms);  // a part of the responses' 50 ms, but less than a fifth
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("own delay")));
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
    result.self.late = times(2000, 11ms);
    EXPECT_THAT(judge(result).warnings, IsEmpty());
    EXPECT_THAT(judge(result).bottlenecks,
                ElementsAre(AllOf(HasSubstr("late"), HasSubstr("11 ms"), HasSubstr("50 ms"))));
}

TEST(Verdict, LatenessBelowFiveMillisecondsIsNoBottleneck) {
    Result result = fine();
    result.all.response = times(2000, 6ms);
    result.self.late = times(2000, 4900us);
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
    result.self.late = times(2000, 5100us);
    EXPECT_THAT(judge(result).bottlenecks, ElementsAre(HasSubstr("5.1 ms")));
    result.self.late = times(999, 5100us);  // too few to say a p99
    EXPECT_THAT(judge(result).bottlenecks, IsEmpty());
    EXPECT_THAT(judge(result).warnings, IsEmpty());
}

TEST(Verdict, WaitingForConnections) {
    Result result = fine();
    result.self.blocked = times(20, 1ms);
    EXPECT_THAT(judge(result).warnings, IsEmpty());
    result.self.blocked = times(21, 1ms);
    EXPECT_THAT(judge(result).warnings,
                ElementsAre(AllOf(HasSubstr("21 of 2000 requests"), HasSubstr("8 connections"))));
    result.plan.load.connections = 1;
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("the one connection was in use")));
}

// The exit status tells them apart: thresholds count when the target is to blame.
TEST(Verdict, WhoseDoingItWas) {
    Result slow_target = fine();
    slow_target.all.sent = slow_target.all.due / 2;
    slow_target.self.blocked = times(1000, 1s);
    EXPECT_FALSE(judge(slow_target).own);
    EXPECT_FALSE(judge(slow_target).delivered);

    // That some had to wait for a connection as well does not make it the target's fault.
    Result slow_generator = slow_target;
    slow_generator.self.missed = 500;
    EXPECT_TRUE(judge(slow_generator).own);
    slow_generator.self.missed = 499;
    EXPECT_FALSE(judge(slow_generator).own);

    Result busy = fine();
    busy.self.busiest = 0.95;
    EXPECT_TRUE(judge(busy).own);
    EXPECT_TRUE(judge(busy).delivered);
}

TEST(Verdict, TheClosedModelIsLabelled) {
    const Verdict verdict = judge(fine(plan::Model::closed));
    EXPECT_THAT(verdict.warnings, ElementsAre(HasSubstr("a target that stalls also stops being asked")));
    EXPECT_THAT(verdict.bottlenecks, IsEmpty());
}

TEST(Verdict, TooFewSamples) {
    Result result = fine();
    result.all.response = times(1000, 50ms);
    EXPECT_THAT(judge(result).warnings, IsEmpty());
    result.all.response = times(999, 50ms);
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("only 999 requests have a time")));
    result.all.response = times(1, 50ms);
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("only 1 request has a time")));
    result.all.response = {};
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("not one answer was as expected")));
    result.all.answered = 0;
    EXPECT_THAT(judge(result).warnings, ElementsAre(HasSubstr("no request has a time")));
}

TEST(Verdict, ARunWithoutAnythingIsNoCrash) {
    const Verdict verdict = judge(Result());
    EXPECT_THAT(verdict.bottlenecks, IsEmpty());
}

}  // namespace
}  // namespace loadgen::result
