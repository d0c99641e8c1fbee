#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "loadgen/result/hdr_log.hpp"
#include "loadgen/result/metric.hpp"
#include "loadgen/result/result.hpp"
#include "tests/unit/load_result/make.hpp"

namespace loadgen::result {
namespace {

using namespace std::chrono_literals;

TEST(Failures, HaveNamesThereAndBack) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kFailures; ++i) {
        const auto failure = static_cast<Failure>(i);
        EXPECT_EQ(failure_of(name_of(failure)), failure);
        names.insert(name_of(failure));
    }
    EXPECT_EQ(names.size(), kFailures);
    EXPECT_EQ(name_of(Failure::unexpected), "unexpected");
    EXPECT_EQ(failure_of("Refused"), Failure::none);
    EXPECT_EQ(failure_of(""), Failure::none);
    EXPECT_EQ(name_of(static_cast<Failure>(200)), "none");
}

TEST(Sum, CountsWhatEndedOnce) {
    Tally tally = tally_of(90, 3ms, 2ms);
    tally.answered = 100;  // ten of them unexpected
    count_of(tally, Failure::unexpected) = 10;
    count_of(tally, Failure::timeout) = 20;
    count_of(tally, Failure::refused) = 5;
    Sum sum;
    EXPECT_EQ(sum.error_share(), 0);
    sum.add(tally);
    EXPECT_EQ(sum.expected(), 90U);
    EXPECT_EQ(sum.errors(), 35U);
    EXPECT_EQ(sum.ended(), 125U);
    EXPECT_DOUBLE_EQ(sum.error_share(), 35.0 / 125);
    Sum twice;
    twice.add(sum);
    twice.add(tally);
    EXPECT_EQ(twice.ended(), 250U);
    EXPECT_EQ(twice.statuses.at(200), 180U);
    EXPECT_EQ(twice.response.count(), 180U);
}

TEST(Sum, WhatCameBehindTheMeasuredTimeIsNoRate) {
    Sum sum;
    sum.add(tally_of(100, 1ms, 1ms));
    EXPECT_DOUBLE_EQ(sum.rate(10), 10);
    sum.behind = 40;
    EXPECT_DOUBLE_EQ(sum.rate(10), 6);
    EXPECT_EQ(sum.rate(0), 0);
    Sum more;
    more.behind = 2;
    sum.add(more);
    EXPECT_EQ(sum.behind, 42U);
}

TEST(Result, RateAndOffered) {
    Result result;
    EXPECT_EQ(result.rate(), 0);
    EXPECT_EQ(result.offered(), 0);
    result.all.add(tally_of(100, 1ms, 1ms));
    result.all.due = 120;
    result.self.wall = 4;
    EXPECT_DOUBLE_EQ(result.rate(), 25);
    EXPECT_DOUBLE_EQ(result.offered(), 30);
}

TEST(Percentile, TakesTenSamplesBeyond) {
    for (const auto& [fraction, samples] : std::initializer_list<std::pair<double, std::size_t>>{
             {0.5, 20}, {0.75, 40}, {0.9, 100}, {0.95, 200}, {0.99, 1000}, {0.999, 10000}, {0.01, 1000}}) {
        EXPECT_FALSE(percentile(times(samples - 1, 1ms), fraction)) << fraction;
        ASSERT_TRUE(percentile(times(samples, 1ms), fraction)) << fraction;
        EXPECT_EQ(*percentile(times(samples, 1ms), fraction), 1ms);
    }
    EXPECT_FALSE(percentile(times(100000, 1ms), 1));
    EXPECT_FALSE(percentile(stats::Histogram(), 0.5));
}

TEST(Metric, Fractions) {
    EXPECT_DOUBLE_EQ(fraction_of("p50").value(), 0.5);
    EXPECT_DOUBLE_EQ(fraction_of("p99.9").value(), 0.999);
    for (const char* name : {"", "p", "50", "p0", "p100", "p-1", "p5x", "p1e1", "pnan", "P50", "mean", "p 5"})
        EXPECT_FALSE(fraction_of(name)) << name;
}

TEST(Metric, NamesOfBothHistograms) {
    Sum sum;
    sum.add(tally_of(1000, 50ms, 10ms));
    sum.response.record(70ms);
    const auto of = [&](std::string_view name) { return metric(sum, name, plan::Model::open, 10); };
    EXPECT_NEAR(of("p99").value(), 0.050, 0.00005);
    EXPECT_NEAR(of("service-p99").value(), 0.010, 0.00001);
    EXPECT_DOUBLE_EQ(of("max").value(), 0.070);
    EXPECT_DOUBLE_EQ(of("service-max").value(), 0.010);
    EXPECT_NEAR(of("mean").value(), 0.05002, 0.00001);
    EXPECT_NEAR(of("service-mean").value(), 0.010, 1e-9);
    EXPECT_DOUBLE_EQ(of("rate").value(), 100);
    EXPECT_DOUBLE_EQ(of("errors").value(), 0);
    EXPECT_FALSE(of("p99.9"));  // 1001 samples are too few
    EXPECT_FALSE(of("nonsense"));
    EXPECT_FALSE(of("service-rate"));
    EXPECT_NEAR(metric(sum, "p99", plan::Model::closed, 10).value(), 0.010, 0.00001);
}

TEST(Metric, NothingHappenedIsNoNumber) {
    const Sum sum;
    for (const char* name : {"p50", "mean", "max", "errors", "service-mean"})
        EXPECT_FALSE(metric(sum, name, plan::Model::open, 10)) << name;
    EXPECT_EQ(metric(sum, "rate", plan::Model::open, 10), 0);
}

TEST(HdrLogOfARun, HasEndpointsAndSeconds) {
    Result result;
    result.plan = plan_of({"/a", "/b"});
    result.started = "2023-11-14T22:13:20Z";
    result.endpoints.resize(2);
    result.endpoints[1].add(tally_of(3, 4ms, 2ms));
    result.seconds.resize(2);
    result.stretches = {{0, 1, {}, {}}, {1, 1, times(3, 4ms).cells(), {}}, {2, 4, {}, times(2, 7ms).cells()}};
    result.self.wall = 1.5;
    std::ostringstream out;
    write_hdr_log(out, result);
    const std::string text = out.str();
    for (const char* part :
         {"BaseTime: 1700000000.000 ", "\nTag=/a/response,0.000,1.500,0.000,HISTF",
          "\nTag=/b/response,0.000,1.500,4.000,HISTF", "\nTag=/b/service,0.000,1.500,2.000,",
          "\nTag=response,0.000,1.000,0.000,", "\nTag=response,1.000,1.000,4.000,",
          "\nTag=service,1.000,1.000,0.000,", "\nTag=service,2.000,4.000,7.000,"})
        EXPECT_NE(text.find(part), std::string::npos) << part << text;
    result.plan.load.model = plan::Model::closed;
    std::ostringstream closed;
    write_hdr_log(closed, result);
    EXPECT_EQ(closed.str().find("response"), std::string::npos);
    EXPECT_NE(closed.str().find("Tag=/b/service"), std::string::npos);
}

// The warm-up is not in the log, so its first second is not the run's.
TEST(HdrLogOfARun, BeginsWithTheMeasuredTime) {
    Result result;
    result.plan = plan_of({"/"});
    result.plan.load.warm_up = 2500ms;
    result.endpoints.resize(1);
    const auto head = [&](const char* started) {
        result.started = started;
        std::ostringstream out;
        write_hdr_log(out, result);
        return out.str();
    };
    EXPECT_NE(head("2023-11-14T22:13:20Z").find("BaseTime: 1700000002.500 "), std::string::npos);
    EXPECT_NE(head("2023-11-14T22:13:20.125Z").find("StartTime: 1700000002.625 "), std::string::npos);
    EXPECT_NE(head("whenever").find("BaseTime: 0.000 "), std::string::npos);
}

TEST(Brief, SaysWhatTheCellsSay) {
    stats::Histogram histogram;
    for (int i = 1; i <= 1000; ++i) histogram.record(i * 1ms);
    const Brief brief = brief_of(histogram.cells());
    EXPECT_EQ(brief.total, 1000U);
    EXPECT_EQ(brief.p50, histogram.at(0.50));
    EXPECT_EQ(brief.p90, histogram.at(0.90));
    EXPECT_EQ(brief.p99, histogram.at(0.99));
    EXPECT_EQ(brief.most, 1000ms);
    const Brief few = brief_of(times(100, 1ms).cells());
    EXPECT_TRUE(few.p90);
    EXPECT_FALSE(few.p99);
    EXPECT_FALSE(brief_of({}).p50);
}

}  // namespace
}  // namespace loadgen::result
