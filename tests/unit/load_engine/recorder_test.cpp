#include "loadgen/engine/recorder.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace loadgen::engine {
namespace {

using namespace std::chrono_literals;
using result::Failure;

class RecorderTest : public testing::Test {
  protected:
    RecorderTest() {
        plan_.endpoints.resize(2);
        plan_.load.model = plan::Model::open;
        plan_.load.duration = 2s;
    }

    Job job(Nanoseconds due, std::uint32_t endpoint = 0) const {
        return {.endpoint = endpoint, .due = start_ + due, .handed = start_ + due};
    }
    Ended after(const Job& job, Nanoseconds span, Failure failure = Failure::none, int status = 200) const {
        Ended ended;
        ended.failure = failure;
        ended.status = status;
        ended.at = job.due + span;
        return ended;
    }

    plan::Plan plan_;
    std::vector<result::Interval> seen_;
    Recorder::Sink sink_ = [this](result::Interval&& interval) { seen_.push_back(std::move(interval)); };
    Moment start_ = Clock::now();
};

TEST_F(RecorderTest, WhatIsDueBeforeTheMeasuredTimeIsNotRecorded) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job early = job(-1ms);
    recorder.due(early);
    recorder.handed(early, false);
    recorder.ended(early, after(early, 5ms));
    recorder.finish(0);
    ASSERT_EQ(seen_.size(), 1U);
    EXPECT_EQ(seen_[0].endpoints[0].due, 0U);
    EXPECT_EQ(seen_[0].endpoints[0].sent, 0U);
    EXPECT_EQ(seen_[0].endpoints[0].response.total, 0U);
}

TEST_F(RecorderTest, ASecondIsHandedOverWhenItIsOver) {
    Recorder recorder(plan_, 7, sink_);
    recorder.begin(start_);
    const Job first = job(1ms, 1);
    recorder.due(first);
    recorder.turn(start_ + 999ms, 3);
    EXPECT_TRUE(seen_.empty());
    recorder.ended(first, after(first, 10ms));
    recorder.turn(start_ + 1s, 3);
    ASSERT_EQ(seen_.size(), 1U);
    EXPECT_EQ(seen_[0].second, 0U);
    EXPECT_EQ(seen_[0].worker, 7U);
    EXPECT_EQ(seen_[0].in_flight, 3U);
    EXPECT_EQ(seen_[0].endpoints[1].answered, 1U);
    EXPECT_EQ(seen_[0].endpoints[1].statuses.at(200), 1U);
    recorder.finish(0);
    EXPECT_EQ(seen_[1].second, 1U);
    EXPECT_EQ(seen_[1].endpoints[1].answered, 0U);
}

TEST_F(RecorderTest, WhatEndsBehindTheMeasuredTimeCountsThere) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job last = job(1999ms);
    recorder.due(last);
    recorder.turn(start_ + 9s, 0);
    recorder.ended(last, after(last, 7s));
    recorder.finish(0);
    ASSERT_EQ(seen_.size(), 2U);
    EXPECT_EQ(seen_[1].second, 2U);
    EXPECT_EQ(seen_[1].endpoints[0].answered, 1U);
}

TEST_F(RecorderTest, ALastSecondThatIsNotAWholeOneEndsWithTheMeasuredTime) {
    plan_.load.duration = 1500ms;
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    recorder.turn(start_ + 1s, 0);
    recorder.turn(start_ + 1499ms, 0);
    EXPECT_EQ(seen_.size(), 1U);
    recorder.turn(start_ + 1500ms, 0);
    const Job late = job(1400ms);
    recorder.ended(late, after(late, 200ms));
    recorder.finish(0);
    ASSERT_EQ(seen_.size(), 3U);
    EXPECT_EQ(seen_[1].second, 1U);
    EXPECT_EQ(seen_[2].second, 2U);
    EXPECT_EQ(seen_[2].endpoints[0].answered, 1U);
}

TEST_F(RecorderTest, WhatEndsAfterAnInterruptCountsBehind) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(100ms);
    recorder.due(one);
    recorder.cut(start_ + 300ms, 1);
    recorder.ended(one, after(one, 400ms));
    Job late = job(200ms);
    late.handed = start_ + 301ms;
    recorder.handed(late, true);
    recorder.finish(0);
    ASSERT_EQ(seen_.size(), 2U);
    EXPECT_EQ(seen_[0].second, 0U);
    EXPECT_EQ(seen_[0].endpoints[0].due, 1U);
    EXPECT_EQ(seen_[1].second, 2U);
    EXPECT_EQ(seen_[1].endpoints[0].answered, 1U);
    EXPECT_EQ(seen_[1].endpoints[0].sent, 0U);
}

TEST_F(RecorderTest, TooLateIsNotDelivered) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    Job late = job(1s);
    recorder.due(late);
    late.handed = start_ + 2s;
    recorder.handed(late, true);
    recorder.finish(0);
    EXPECT_EQ(seen_[0].endpoints[0].due, 1U);
    EXPECT_EQ(seen_[0].endpoints[0].sent, 0U);
    EXPECT_EQ(seen_[0].blocked.total, 1U);
    EXPECT_EQ(seen_[0].late.total, 0U);
}

TEST_F(RecorderTest, ResponseCountsFromDueAndServiceFromSent) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    Job waited = job(0ms);
    waited.handed = start_ + 300ms;
    recorder.handed(waited, true);
    recorder.ended(waited, after(waited, 400ms));
    recorder.finish(0);
    EXPECT_EQ(seen_[0].endpoints[0].response.most, 400ms);
    EXPECT_EQ(seen_[0].endpoints[0].service.most, 100ms);
}

// A tail that was given up is at least as long as it had been.
TEST_F(RecorderTest, WhatWasGivenUpIsInTheLatencies) {
    for (const Failure failure : {Failure::timeout, Failure::unanswered, Failure::unsent}) {
        seen_.clear();
        Recorder recorder(plan_, 0, sink_);
        recorder.begin(start_);
        const Job one = job(0ms);
        recorder.ended(one, after(one, 500ms, failure, 0));
        recorder.finish(0);
        EXPECT_EQ(seen_[0].endpoints[0].response.total, 1U);
        EXPECT_EQ(seen_[0].endpoints[0].service.total, failure == Failure::unsent ? 0U : 1U);
        EXPECT_EQ(seen_[0].endpoints[0].answered, 0U);
        EXPECT_EQ(seen_[0].endpoints[0].failures[static_cast<std::size_t>(failure)], 1U);
    }
}

// Errors are often quick; they must not make the rest look so.
TEST_F(RecorderTest, WhatWasNotExpectedHasLatenciesOfItsOwn) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(0ms);
    recorder.ended(one, after(one, 1ms, Failure::unexpected, 500));
    recorder.ended(one, after(one, 1ms, Failure::refused, 0));
    recorder.finish(0);
    EXPECT_EQ(seen_[0].endpoints[0].response.total, 0U);
    EXPECT_EQ(seen_[0].endpoints[0].failed.total, 1U);
    EXPECT_EQ(seen_[0].endpoints[0].answered, 1U);
}

TEST_F(RecorderTest, WhatComesTooLateIsAnErrorAndInTheTail) {
    plan_.endpoints[0].expect.within = 10ms;
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(0ms);
    recorder.ended(one, after(one, 10ms));
    recorder.ended(one, after(one, 11ms));
    recorder.finish(0);
    const result::Tally& tally = seen_[0].endpoints[0];
    EXPECT_EQ(tally.answered, 2U);
    EXPECT_EQ(tally.failures[static_cast<std::size_t>(Failure::unexpected)], 1U);
    EXPECT_EQ(tally.response.total, 2U);
    EXPECT_EQ(tally.response.most, 11ms);
    EXPECT_EQ(tally.failed.total, 0U);
}

TEST_F(RecorderTest, StatusesThatDoNotExistAreNotCountedByNumber) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(0ms);
    recorder.ended(one, after(one, 1ms, Failure::unexpected, 1000));
    recorder.finish(0);
    EXPECT_TRUE(seen_[0].endpoints[0].statuses.empty());
}

}  // namespace
}  // namespace loadgen::engine
