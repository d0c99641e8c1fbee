#include "loadgen/engine/recorder.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
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
        return {.endpoint = endpoint, .due = start_ + due, .taken = start_ + due, .handed = start_ + due};
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
    recorder.taken(early);
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
    recorder.taken(first);
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
    recorder.taken(last);
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
    recorder.taken(one);
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
    recorder.taken(late);
    late.handed = start_ + 2s;
    recorder.handed(late, true);
    recorder.finish(0);
    EXPECT_EQ(seen_[0].endpoints[0].due, 1U);
    EXPECT_EQ(seen_[0].endpoints[0].sent, 0U);
    EXPECT_EQ(seen_[0].blocked.total, 1U);
    EXPECT_EQ(seen_[0].blocked.most, 1s);
    EXPECT_EQ(seen_[0].late.most, 0s);
    EXPECT_EQ(seen_[0].missed, 0U) << "it was taken up when it was due: the connections were the target's";
}

// Whether a connection is free then or not.
TEST_F(RecorderTest, WhatIsTakenUpLateIsTheGeneratorsOwnDelay) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    for (const bool waited : {false, true}) {
        Job slow = job(100ms);
        slow.taken = start_ + 900ms;
        recorder.taken(slow);
        slow.handed = slow.taken + (waited ? 50ms : 0ms);
        recorder.handed(slow, waited);
    }
    recorder.finish(0);
    EXPECT_EQ(seen_[0].late.total, 2U);
    EXPECT_EQ(seen_[0].late.least, 800ms);
    EXPECT_EQ(seen_[0].blocked.total, 1U);
    EXPECT_EQ(seen_[0].blocked.most, 50ms);
}

TEST_F(RecorderTest, WhoseFaultItWasIsWhereMoreOfTheTimeWasLost) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    Job own = job(1s);
    own.taken = start_ + 1900ms;
    own.handed = start_ + 2100ms;
    recorder.handed(own, true);
    Job targets = job(1s);
    targets.taken = start_ + 1100ms;
    targets.handed = start_ + 2100ms;
    recorder.handed(targets, true);
    Job never = job(1s);
    never.taken = start_ + 3s;
    recorder.taken(never);
    recorder.ended(never, after(never, 2s, Failure::unsent, 0));
    recorder.finish(0);
    EXPECT_EQ(seen_[0].missed, 2U);
    EXPECT_EQ(seen_[0].late.most, 2s);
    EXPECT_EQ(seen_[0].endpoints[0].due, 1U);
    EXPECT_EQ(seen_[0].endpoints[0].sent, 0U);
}

TEST_F(RecorderTest, ThoseThatNobodyCameToAreCountedInBulk) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    recorder.passed_over(1, 3'000'000, 2s, true);
    recorder.passed_over(1, 10, 5h, false);
    recorder.passed_over(0, 0, 2s, true);
    recorder.finish(0);
    const result::Tally& tally = seen_[0].endpoints[1];
    EXPECT_EQ(tally.due, 3'000'010U);
    EXPECT_EQ(tally.failures[static_cast<std::size_t>(Failure::unsent)], 3'000'010U);
    EXPECT_EQ(tally.response.total, 3'000'010U);
    EXPECT_EQ(tally.response.least, 2s);
    EXPECT_EQ(tally.response.most, stats::Histogram::kHighest);
    EXPECT_TRUE(stats::Histogram::could_give(tally.response));
    EXPECT_EQ(seen_[0].missed, 3'000'000U);
    EXPECT_EQ(seen_[0].late.total, 3'000'000U);
    EXPECT_EQ(seen_[0].blocked.total, 10U);
    EXPECT_EQ(seen_[0].endpoints[0].due, 0U);
}

TEST_F(RecorderTest, WhatTheWarmUpTookIsNotOfTheMeasuredTime) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    recorder.opened(3ms);
    recorder.ticked(700ms);
    const double before = thread_usage().cpu;
    while (thread_usage().cpu < before + 0.2) continue;
    recorder.turn(start_ + 1ms, 0);
    recorder.opened(4ms);
    recorder.finish(0);
    ASSERT_EQ(seen_.size(), 1U);
    EXPECT_LT(seen_[0].cpu, 0.1);
    EXPECT_EQ(seen_[0].stalled, 0);
    EXPECT_EQ(seen_[0].opened, 1U);
    EXPECT_EQ(seen_[0].connect.total, 1U);
    EXPECT_EQ(seen_[0].connect.most, 4ms);
}

TEST_F(RecorderTest, TicksThatAreLateAddUp) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    recorder.turn(start_, 0);
    recorder.ticked(9ms);
    recorder.ticked(300ms);
    recorder.ticked(-1ms);
    recorder.ticked(200ms);
    recorder.finish(0);
    EXPECT_DOUBLE_EQ(seen_[0].stalled, 0.5);
}

TEST_F(RecorderTest, WithoutAScheduleThereAreNoTimesFromDue) {
    plan_.load.model = plan::Model::closed;
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(0ms);
    recorder.taken(one);
    recorder.handed(one, false);
    recorder.ended(one, after(one, 5ms));
    recorder.ended(one, after(one, 500ms, Failure::timeout, 0));
    recorder.finish(0);
    const result::Tally& tally = seen_[0].endpoints[0];
    EXPECT_EQ(tally.response.total, 0U);
    EXPECT_EQ(tally.service.total, 2U);
    EXPECT_EQ(seen_[0].late.total, 0U);
    EXPECT_EQ(seen_[0].missed, 0U);
}

TEST_F(RecorderTest, WhatIsSentAgainIsCounted) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    recorder.again(job(-1ms));
    recorder.again(job(1ms, 1));
    recorder.finish(0);
    EXPECT_EQ(seen_[0].endpoints[0].again, 0U);
    EXPECT_EQ(seen_[0].endpoints[1].again, 1U);
}

TEST_F(RecorderTest, TheSystemsWordsAreThoseOfTheFirstOfEachKind) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(0ms);
    const auto failed = [&](Failure failure, int number) {
        Ended ended = after(one, 1ms, failure, 0);
        ended.error.assign(number, boost::system::system_category());
        recorder.ended(one, ended);
    };
    failed(Failure::refused, ECONNREFUSED);
    failed(Failure::refused, EHOSTUNREACH);
    failed(Failure::local, EADDRNOTAVAIL);
    recorder.ended(one, after(one, 1ms, Failure::timeout, 0));
    recorder.turn(start_, 0);
    recorder.turn(start_ + 1s, 0);
    failed(Failure::refused, ECONNREFUSED);
    recorder.finish(0);
    const std::map<Failure, std::string> expected{{Failure::refused, "Connection refused"},
                                                  {Failure::local, "Cannot assign requested address"}};
    EXPECT_EQ(seen_[0].texts, expected);
    EXPECT_TRUE(seen_[1].texts.empty()) << "it has been told";
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

// Errors are often quick, and must not make the rest look so; but none may vanish with the time it took.
TEST_F(RecorderTest, WhatFailedHasLatenciesOfItsOwn) {
    Recorder recorder(plan_, 0, sink_);
    recorder.begin(start_);
    const Job one = job(0ms);
    recorder.ended(one, after(one, 1ms, Failure::unexpected, 500));
    for (const Failure failure : {Failure::refused, Failure::tls, Failure::local, Failure::reset,
                                  Failure::incomplete, Failure::malformed})
        recorder.ended(one, after(one, 1ms, failure, 0));
    recorder.finish(0);
    EXPECT_EQ(seen_[0].endpoints[0].response.total, 0U);
    EXPECT_EQ(seen_[0].endpoints[0].service.total, 0U);
    EXPECT_EQ(seen_[0].endpoints[0].failed.total, 7U);
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
