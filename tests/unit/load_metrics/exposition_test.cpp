#include "loadgen/metrics/exposition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/load_result/make.hpp"

namespace loadgen::metrics {
namespace {

using result::Failure;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class LoadExposition : public testing::Test {
  protected:
    LoadExposition() : plan_(result::plan_of({"/a", "/b"})), collector_(plan_) {}

    void second(std::uint32_t number, std::uint64_t of_a, Nanoseconds response, Nanoseconds service) {
        auto interval =
            result::interval_of(number, 0, {result::tally_of(of_a, response, service), result::Tally{}});
        interval.in_flight = number + 1;
        interval.cpu = 0.25;
        ASSERT_TRUE(collector_.add(interval));
    }
    std::string text(Stage stage = Stage::running) const {
        return to_text(plan_, collector_.progress(), stage);
    }

    plan::Plan plan_;
    result::Collector collector_;
};

TEST_F(LoadExposition, SaysZeroBeforeTheFirstRequest) {
    const std::string before = text(Stage::waiting);
    EXPECT_THAT(before, HasSubstr("baton_load_requests_total{endpoint=\"/a\"} 0\n"));
    EXPECT_THAT(before, HasSubstr("baton_load_errors_total{endpoint=\"/b\",failure=\"timeout\"} 0\n"));
    EXPECT_THAT(before, HasSubstr("baton_load_running 0\n"));
    EXPECT_THAT(before, HasSubstr("baton_load_response_seconds_count{endpoint=\"/a\"} 0\n"));
}

TEST_F(LoadExposition, CountsByEndpoint) {
    second(0, 30, 20ms, 2ms);
    const std::string one = text();
    EXPECT_THAT(one, HasSubstr("baton_load_due_total{endpoint=\"/a\"} 30\n"));
    EXPECT_THAT(one, HasSubstr("baton_load_requests_total{endpoint=\"/a\"} 30\n"));
    EXPECT_THAT(one, HasSubstr("baton_load_requests_total{endpoint=\"/b\"} 0\n"));
    EXPECT_THAT(
        one, HasSubstr("baton_load_responses_total{endpoint=\"/a\",http_response_status_code=\"200\"} 30\n"));
}

TEST_F(LoadExposition, KeepsResponseAndServiceApart) {
    second(0, 30, 20ms, 2ms);
    const std::string one = text();
    EXPECT_THAT(one, HasSubstr("baton_load_response_seconds_bucket{endpoint=\"/a\",le=\"0.01\"} 0\n"));
    EXPECT_THAT(one, HasSubstr("baton_load_response_seconds_bucket{endpoint=\"/a\",le=\"0.025\"} 30\n"));
    EXPECT_THAT(one, HasSubstr("baton_load_service_seconds_bucket{endpoint=\"/a\",le=\"0.001\"} 0\n"));
    EXPECT_THAT(one, HasSubstr("baton_load_service_seconds_bucket{endpoint=\"/a\",le=\"0.0025\"} 30\n"));
    EXPECT_THAT(one, HasSubstr("baton_load_response_seconds_bucket{endpoint=\"/a\",le=\"+Inf\"} 30\n"));
}

TEST_F(LoadExposition, WhatIsLongerThanAllBoundsIsInTheLastBucketOnly) {
    second(0, 1, 40s, 40s);
    EXPECT_THAT(text(), HasSubstr("baton_load_response_seconds_bucket{endpoint=\"/a\",le=\"30\"} 0\n"));
    EXPECT_THAT(text(), HasSubstr("baton_load_response_seconds_bucket{endpoint=\"/a\",le=\"+Inf\"} 1\n"));
    EXPECT_THAT(text(), HasSubstr("baton_load_response_seconds_sum{endpoint=\"/a\"} 40\n"));
}

TEST_F(LoadExposition, CountsErrorsAsRequestsToo) {
    result::Tally failed;
    failed.due = 2;
    result::count_of(failed, Failure::refused) = 2;
    ASSERT_TRUE(collector_.add(result::interval_of(0, 0, {result::Tally{}, failed})));
    EXPECT_THAT(text(), HasSubstr("baton_load_errors_total{endpoint=\"/b\",failure=\"refused\"} 2\n"));
    EXPECT_THAT(text(), HasSubstr("baton_load_requests_total{endpoint=\"/b\"} 2\n"));
}

TEST_F(LoadExposition, CountsWhatWasSentAgainAndTheConnections) {
    result::Interval interval = result::interval_of(0, 0, {result::Tally{}, result::Tally{}});
    interval.endpoints[1].again = 3;
    interval.connect = result::times(4, 2ms).cells();
    ASSERT_TRUE(collector_.add(interval));
    EXPECT_THAT(text(), HasSubstr("baton_load_sent_again_total{endpoint=\"/b\"} 3\n"));
    EXPECT_THAT(text(), HasSubstr("baton_load_connect_seconds_count 4\n"));
}

TEST_F(LoadExposition, GaugesAreOfTheLastCompleteSecond) {
    second(0, 30, 20ms, 2ms);
    second(1, 5, 20ms, 2ms);
    EXPECT_THAT(text(), HasSubstr("baton_load_in_flight 1\n"));
    EXPECT_THAT(text(), HasSubstr("baton_load_offered_rate 30\n"));
    EXPECT_THAT(text(), HasSubstr("baton_load_cpu_seconds_total 0.5\n"));
}

TEST_F(LoadExposition, NothingIsOfferedWhenItIsOver) {
    second(0, 30, 20ms, 2ms);
    second(1, 5, 20ms, 2ms);
    const std::string after = text(Stage::over);
    EXPECT_THAT(after, HasSubstr("baton_load_in_flight 0\n"));
    EXPECT_THAT(after, HasSubstr("baton_load_offered_rate 0\n"));
    EXPECT_THAT(after, HasSubstr("baton_load_running 0\n"));
    EXPECT_THAT(after, HasSubstr("baton_load_requests_total{endpoint=\"/a\"} 35\n"));
}

TEST_F(LoadExposition, NamesTheModel) {
    EXPECT_THAT(text(), HasSubstr("baton_load_info{model=\"open\"} 1\n"));
    plan_.load.model = plan::Model::closed;
    EXPECT_THAT(text(), HasSubstr("baton_load_info{model=\"closed\"} 1\n"));
    EXPECT_THAT(text(), Not(HasSubstr("model=\"open\"")));
}

}  // namespace
}  // namespace loadgen::metrics
