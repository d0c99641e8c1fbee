// The timeline against what the threads did, and against the books.
#include "interp/gil/trace.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "interp/gil/scheduler.hpp"
#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

std::int64_t sum(const TraceTrack& track, Doing doing) {
    std::int64_t total = 0;
    for (const TraceSlice& slice : track.slices) {
        if (slice.doing == doing) total += slice.end - slice.begin;
    }
    return total;
}

const TraceTrack* track_of(const Trace& trace, int thread_id) {
    for (const TraceTrack& track : trace.tracks) {
        if (track.thread_id == thread_id && !track.slices.empty()) return &track;
    }
    return nullptr;
}

void expect_sound(const Trace& trace) {
    std::map<std::size_t, std::vector<TraceSlice>> holds;
    for (const TraceTrack& track : trace.tracks) {
        std::int64_t last = trace.begin;
        for (const TraceSlice& slice : track.slices) {
            EXPECT_LT(slice.begin, slice.end);
            EXPECT_GE(slice.begin, last) << track.name;
            last = slice.end;
            ASSERT_LT(slice.request, trace.requests.size());
            if (slice.doing == Doing::holding) holds[track.gil].push_back(slice);
        }
        EXPECT_LE(last, trace.end);
    }
    for (auto& [gil, slices] : holds) {
        std::sort(slices.begin(), slices.end(),
                  [](const TraceSlice& a, const TraceSlice& b) { return a.begin < b.begin; });
        for (std::size_t i = 1; i < slices.size(); ++i)
            EXPECT_GE(slices[i].begin, slices[i - 1].end) << "two holders of GIL " << gil;
    }
}

// A thread with the lock that does as it is told.
class TraceTest : public testing::Test {
  protected:
    FakeGil gil;
    const int me = gettid();
};

TEST_F(TraceTest, NothingIsRecordedUnlessAskedFor) {
    gil.take();
    gil.drop();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    const Trace trace = stop_trace();
    EXPECT_EQ(track_of(trace, me), nullptr);
    EXPECT_EQ(trace.dropped, 0U);
}

TEST_F(TraceTest, HoldsAreThoseOfTheBooks) {
    gil.take();
    gil.drop();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    const Watch watch;
    for (int i = 0; i < 20; ++i) {
        gil.take();
        busy(100'000);
        gil.drop();
        pause(50'000);
    }
    const Totals books = watch.books();
    const Trace trace = stop_trace();
    expect_sound(trace);
    const TraceTrack* track = track_of(trace, me);
    ASSERT_NE(track, nullptr);
    EXPECT_EQ(sum(*track, Doing::holding), books.held);
    EXPECT_EQ(sum(*track, Doing::waiting), books.waited);
    EXPECT_EQ(std::count_if(track->slices.begin(), track->slices.end(),
                            [](const TraceSlice& slice) { return slice.doing == Doing::holding; }),
              20);
    EXPECT_EQ(sum(*track, Doing::off_gil), 0) << "without a request there is nothing to show";
}

TEST_F(TraceTest, WhatWasGoingOnAtTheStartAndAtTheEndIsCutOff) {
    gil.take();
    busy(2 * kMillisecond);
    ASSERT_EQ(start_trace(), TraceStart::begun);
    const std::int64_t start = wall_clock();
    busy(kMillisecond);
    const std::int64_t half = wall_clock();
    gil.drop();
    gil.take();
    const Trace trace = stop_trace();
    gil.drop();
    const TraceTrack* track = track_of(trace, me);
    ASSERT_NE(track, nullptr);
    ASSERT_EQ(track->slices.size(), 2U);
    EXPECT_EQ(track->slices[0].begin, trace.begin);
    EXPECT_LE(track->slices[0].begin, start);
    EXPECT_GE(track->slices[0].end, half);
    EXPECT_EQ(track->slices[1].end, trace.end);
}

TEST_F(TraceTest, AThreadInWhichNothingHappensHasItsStateThroughout) {
    begin_request(7, wall_clock());
    gil.take();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    const Trace trace = stop_trace();
    gil.drop();
    end_request(wall_clock());
    const TraceTrack* track = track_of(trace, me);
    ASSERT_NE(track, nullptr);
    ASSERT_EQ(track->slices.size(), 1U);
    EXPECT_EQ(track->slices[0].begin, trace.begin);
    EXPECT_EQ(track->slices[0].end, trace.end);
    EXPECT_EQ(track->slices[0].doing, Doing::holding);
    EXPECT_EQ(trace.requests[track->slices[0].request].route, 7);
    EXPECT_EQ(trace.id(trace.requests[track->slices[0].request]), "");
}

TEST_F(TraceTest, SlicesBearTheirRequests) {
    gil.take();
    gil.drop();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    await_request();
    gil.take();
    const std::int64_t first = wall_clock();
    begin_request(3, first);
    name_request({"id-one", "/one"});
    gil.drop();
    pause(kMillisecond);
    gil.take();
    const std::int64_t second = wall_clock();
    begin_request(4, second);
    const std::string path = "/two?" + std::string(100, 'x');  // longer than what is kept of it
    name_request({"id-two", path});
    const std::int64_t end = wall_clock();
    end_request(end);
    busy(10'000);
    gil.drop();
    const Trace trace = stop_trace();
    expect_sound(trace);
    const TraceTrack* track = track_of(trace, me);
    ASSERT_NE(track, nullptr);
    ASSERT_EQ(trace.requests.size(), 3U);
    EXPECT_EQ(trace.requests[1].route, 3);
    EXPECT_EQ(trace.id(trace.requests[1]), "id-one");
    EXPECT_EQ(trace.path(trace.requests[1]), "/one");
    EXPECT_EQ(trace.id(trace.requests[2]), "id-two");
    EXPECT_EQ(trace.path(trace.requests[2]), "/two?" + std::string(59, 'x'));
    // What it held before it knew, was the first one's.
    const std::vector<TraceSlice>& slices = track->slices;
    EXPECT_EQ(slices.front().request, 1U);
    EXPECT_LE(slices.front().begin, first);
    const auto of = [&](std::uint32_t request, Doing doing) {
        std::int64_t total = 0;
        for (const TraceSlice& slice : slices)
            total += slice.request == request && slice.doing == doing ? slice.end - slice.begin : 0;
        return total;
    };
    EXPECT_GE(of(1, Doing::off_gil), kMillisecond);
    EXPECT_EQ(of(2, Doing::holding), end - second);
    EXPECT_GE(of(0, Doing::holding), 10'000);
    EXPECT_EQ(of(0, Doing::off_gil), 0);
}

TEST_F(TraceTest, ARequestThatBeganBeforeIsNamedByTheProgram) {
    trace::name_requests_by([]() noexcept { return trace::RequestName{"early", "/bird", 5}; });
    gil.take();
    begin_request(9, wall_clock());
    ASSERT_EQ(start_trace(), TraceStart::begun);
    gil.drop();
    end_request(wall_clock());
    const Trace trace = stop_trace();
    trace::name_requests_by(nullptr);
    const TraceTrack* track = track_of(trace, me);
    ASSERT_NE(track, nullptr);
    const TraceRequest& request = trace.requests.at(track->slices.front().request);
    EXPECT_EQ(request.route, 9);
    EXPECT_EQ(trace.id(request), "early");
    EXPECT_EQ(trace.path(request), "/bird");
    EXPECT_EQ(request.number, 5U);
}

TEST_F(TraceTest, APathIsNotCutWithinACharacter) {
    ASSERT_EQ(start_trace(), TraceStart::begun);
    gil.take();
    const auto kept = [&](const std::string& path) {
        begin_request(1, wall_clock());
        name_request({"id", path, trace::NameShape::kMostNumber});
        end_request(wall_clock());
    };
    std::string cyrillic = "/";  // two bytes each, so that 64 is in the middle of one
    while (cyrillic.size() < 100) cyrillic += "\xD0\xB4";
    kept(cyrillic);
    kept("/x" + cyrillic.substr(1));
    kept(std::string(100, '\x80'));  // no characters
    gil.drop();
    const Trace trace = stop_trace();
    ASSERT_EQ(trace.requests.size(), 4U);
    EXPECT_EQ(trace.path(trace.requests[1]), cyrillic.substr(0, 63));
    EXPECT_EQ(trace.path(trace.requests[2]), "/x" + cyrillic.substr(1, 62));
    EXPECT_EQ(trace.path(trace.requests[3]), std::string(64, '\x80'));
    EXPECT_EQ(trace.id(trace.requests[1]), "id");
    EXPECT_EQ(trace.requests[1].number, trace::NameShape::kMostNumber);
}

TEST_F(TraceTest, AForcedHandOverIsMarked) {
    std::atomic<int> stage{0};
    std::atomic<int> other{0};
    gil.set_patience(kMillisecond);
    gil.take();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    std::thread thread([&] {
        other = gettid();
        stage = 1;
        gil.take();
        gil.drop();
    });
    while (stage == 0 || !gil.drop_requested()) busy(100'000);
    gil.drop();
    thread.join();
    const Trace trace = stop_trace();
    expect_sound(trace);
    const TraceTrack* mine = track_of(trace, me);
    const TraceTrack* theirs = track_of(trace, other);
    ASSERT_NE(mine, nullptr);
    ASSERT_NE(theirs, nullptr) << "a thread that has ended keeps its slices";
    EXPECT_TRUE(mine->slices.front().forced);
    EXPECT_EQ(mine->slices.front().doing, Doing::holding);
    ASSERT_GE(mine->slices.size(), 2U);
    EXPECT_EQ(mine->slices[1].doing, Doing::waiting) << "the hand-over";
    EXPECT_EQ(theirs->slices.front().doing, Doing::waiting);
    EXPECT_GE(sum(*theirs, Doing::waiting), kMillisecond);
    EXPECT_FALSE(theirs->slices.back().forced);
}

TEST_F(TraceTest, ThreadsThatShareAnAccountOneAfterAnotherHaveTracksOfTheirOwn) {
    ASSERT_EQ(start_trace(), TraceStart::begun);
    std::vector<int> ids;
    for (const char* name : {"first", "second"}) {
        std::thread([&] {
            gil.take();
            gil.drop();
            pthread_setname_np(pthread_self(), name);
            ids.push_back(gettid());
        }).join();
    }
    const Trace trace = stop_trace();
    expect_sound(trace);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const TraceTrack* track = track_of(trace, ids[i]);
        ASSERT_NE(track, nullptr);
        EXPECT_EQ(track->name, i == 0 ? "first" : "second");
        EXPECT_GT(sum(*track, Doing::holding), 0);
    }
}

TEST_F(TraceTest, GilsHaveTracksOfTheirOwn) {
    FakeGil second;
    ASSERT_EQ(start_trace(), TraceStart::begun);
    for (FakeGil* lock : {&gil, &second}) {
        lock->take();
        lock->drop();
    }
    const Trace trace = stop_trace();
    std::vector<std::size_t> gils;
    for (const TraceTrack& track : trace.tracks) {
        if (track.thread_id == me && !track.slices.empty()) gils.push_back(track.gil);
    }
    ASSERT_EQ(gils.size(), 2U);
    EXPECT_NE(gils[0], gils[1]);
}

TEST_F(TraceTest, OneAtATime) {
    ASSERT_EQ(start_trace(), TraceStart::begun);
    EXPECT_EQ(start_trace(), TraceStart::busy);
    abandon_trace();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    stop_trace();
}

TEST_F(TraceTest, WhatDoesNotFitEndsTheRecordingAndIsCounted) {
    ASSERT_EQ(start_trace(), TraceStart::begun);
    const std::size_t fits = trace::kPoolBytes / sizeof(trace::Slot);
    gil.take();
    for (std::size_t i = 0; i < fits / 5; ++i) {  // of five slots each
        const std::int64_t time = wall_clock();
        begin_request(1, time);
        name_request({"0123456789abcdef0123456789abcdef", "/0123456789abcde"});
    }
    const std::int64_t full_by = wall_clock();
    pause(kMillisecond);
    gil.drop();
    end_request(wall_clock());
    const Trace trace = stop_trace();
    expect_sound(trace);
    EXPECT_GT(trace.dropped, 0U);
    EXPECT_LE(trace.end, full_by);
    EXPECT_LE(trace.requests.size(), fits / 5);
    EXPECT_GT(trace.requests.size(), fits / 6);
    const TraceTrack* track = track_of(trace, me);
    ASSERT_NE(track, nullptr);
    EXPECT_EQ(track->slices.back().end, trace.end);
    // The next one begins with all of the memory.
    ASSERT_EQ(start_trace(), TraceStart::begun);
    gil.take();
    gil.drop();
    EXPECT_EQ(stop_trace().dropped, 0U);
}

// Its state is known until there was no room any more, which is the recording's end.
TEST_F(TraceTest, AThreadThatFoundNoRoomForItsFirstChangeIsThere) {
    std::atomic<int> stage{0};
    std::atomic<int> other{0};
    const auto reach = [&](int number) {
        stage = number;
        stage.notify_all();
    };
    const auto await = [&](int number) {
        for (int now = stage; now < number; now = stage) stage.wait(now);
    };
    std::thread thread([&] {
        gil.take();
        begin_request(7, wall_clock());
        gil.drop();
        other = gettid();
        reach(1);
        await(2);
        gil.take();
        end_request(wall_clock());
        gil.drop();
    });
    await(1);
    gil.take();
    gil.drop();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    const std::size_t fits = trace::kPoolBytes / sizeof(trace::Slot);
    for (std::size_t i = 0; i <= fits; ++i) end_request(wall_clock());
    reach(2);
    thread.join();
    const Trace trace = stop_trace();
    expect_sound(trace);
    EXPECT_GT(trace.dropped, 0U);
    const TraceTrack* track = track_of(trace, other);
    ASSERT_NE(track, nullptr);
    ASSERT_EQ(track->slices.size(), 1U);
    EXPECT_EQ(track->slices[0].doing, Doing::off_gil);
    EXPECT_EQ(track->slices[0].begin, trace.begin);
    EXPECT_EQ(track->slices[0].end, trace.end);
    EXPECT_EQ(trace.requests[track->slices[0].request].route, 7);
}

TEST_F(TraceTest, TheChildOfAForkRecordsNothing) {
    gil.take();
    gil.drop();
    ASSERT_EQ(start_trace(), TraceStart::begun);
    gil.take();
    gil.drop();
    EXPECT_TRUE(holds_in_child([&] {
        if (trace::on()) return false;
        gil.take();
        gil.drop();
        // And may begin one of its own.
        if (start_trace() != TraceStart::begun) return false;
        gil.take();
        gil.drop();
        const Trace own = stop_trace();
        const TraceTrack* track = track_of(own, gettid());
        return track != nullptr && track->slices.size() == 1;
    }));
    const Trace trace = stop_trace();
    ASSERT_NE(track_of(trace, me), nullptr);
    EXPECT_EQ(track_of(trace, me)->slices.size(), 1U);
}

TEST_F(TraceTest, StartedAndStoppedWhileThreadsCompete) {
    std::atomic<bool> enough{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            while (!enough) {
                await_request();
                gil.take();
                begin_request(static_cast<Tag>(i), wall_clock());
                name_request({"id", "/"});
                busy(20'000);
                end_request(wall_clock());
                gil.drop();
                if (i == 3) std::thread([&] { gil.take(), gil.drop(); }).join();
            }
        });
    }
    for (int round = 0; round < 40; ++round) {
        ASSERT_EQ(start_trace(), TraceStart::begun);
        pause(kMillisecond);
        if (round % 4 == 3) {
            abandon_trace();
            continue;
        }
        const Trace trace = stop_trace();
        expect_sound(trace);
        std::int64_t held = 0;
        for (const TraceTrack& track : trace.tracks) held += sum(track, Doing::holding);
        EXPECT_LE(held, trace.end - trace.begin);
        for (const TraceRequest& request : trace.requests) EXPECT_LT(request.route, 4);
    }
    enough = true;
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace baton::gil::test
