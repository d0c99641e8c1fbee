#include "server/dispatch/metronome.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace baton::dispatch {
namespace {

using namespace std::chrono_literals;

// Waits for something that must come, however slow the machine.
bool beats_beyond(const Metronome& metronome, std::uint64_t beats) {
    for (int tries = 0; tries < 10'000; ++tries) {
        if (metronome.beats() > beats) return true;
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

TEST(Metronome, IsStillWhileNobodyComputes) {
    Metronome metronome;
    metronome.start();
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(metronome.beats(), 0U);
}

TEST(Metronome, BeatsUntilTheLastHasEnded) {
    Metronome metronome;
    metronome.start();
    metronome.begin();
    metronome.begin();
    ASSERT_TRUE(beats_beyond(metronome, 0));
    metronome.end();
    ASSERT_TRUE(beats_beyond(metronome, metronome.beats() + 10));
    metronome.end();
    // A beat that had begun is still counted; then it is quiet.
    std::uint64_t before = metronome.beats() + 1;
    for (int tries = 0; tries < 1000 && before != metronome.beats(); ++tries) {
        before = metronome.beats();
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(metronome.beats(), before);
}

TEST(Metronome, BeginsAgain) {
    Metronome metronome;
    metronome.start();
    for (int times = 0; times < 3; ++times) {
        metronome.begin();
        EXPECT_TRUE(beats_beyond(metronome, metronome.beats()));
        metronome.end();
    }
}

TEST(Metronome, EndsWhileSomebodyComputes) {
    Metronome metronome;
    metronome.start();
    metronome.begin();
}

TEST(Metronome, OnlyCountsBeforeItsStart) {
    Metronome metronome;
    metronome.begin();
    metronome.end();
    EXPECT_EQ(metronome.beats(), 0U);
}

}  // namespace
}  // namespace baton::dispatch
