#include "server/dispatch/tempo.hpp"

#include <gtest/gtest.h>

namespace baton::dispatch {
namespace {

TEST(Tempo, KnowsNothingAtFirst) {
    const Tempo tempo;
    EXPECT_FALSE(tempo.short_of(1, 1'000'000'000));
    EXPECT_EQ(tempo.held(1), 0);
}

TEST(Tempo, ExpectsWhatItHasSeen) {
    Tempo tempo;
    tempo.note(7, 5'000, 3'000);
    EXPECT_TRUE(tempo.short_of(7, 5'001));
    EXPECT_FALSE(tempo.short_of(7, 5'000));
    EXPECT_EQ(tempo.held(7), 3'000);
    EXPECT_EQ(tempo.held(8), 0);
}

TEST(Tempo, OneLongRequestEndsTheTrustAndManyShortOnesBringItBack) {
    Tempo tempo;
    for (int i = 0; i < 20; ++i) tempo.note(2, 5'000, 3'000);
    tempo.note(2, 1'000'000, 3'000);
    EXPECT_FALSE(tempo.short_of(2, 100'000));
    for (int i = 0; i < 50; ++i) tempo.note(2, 5'000, 3'000);
    EXPECT_TRUE(tempo.short_of(2, 100'000));
}

TEST(Tempo, OneLongHoldChangesLittleAndShortOnesMuch) {
    Tempo tempo;
    tempo.note(2, 1, 1'000'000);
    tempo.note(2, 1, 9'000'000);
    EXPECT_EQ(tempo.held(2), 2'000'000);
    tempo.note(2, 1, 0);
    EXPECT_EQ(tempo.held(2), 1'000'000);
}

TEST(Tempo, RoutesThatItCannotTellApartTeachItNothing) {
    Tempo tempo;
    tempo.note(0, 1, 9'000'000);
    tempo.note(1'000'000, 1, 9'000'000);
    EXPECT_EQ(tempo.held(0), 0);
    EXPECT_EQ(tempo.held(1'000'000), 0);
    EXPECT_FALSE(tempo.short_of(1'000'000, 100));
}

TEST(Tempo, ARequestThatMostlyWaitsDoesNotCompute) {
    constexpr Nanoseconds kMs = 1'000'000;
    Tempo tempo;
    tempo.note(1, 3000 * kMs, 10 * kMs);  // the rest of the time it stood in line
    tempo.note(2, 3000 * kMs, 10 * kMs, 2990 * kMs);
    tempo.note(3, kMs / 2, kMs / 2);
    EXPECT_TRUE(tempo.computes(1, kMs));
    EXPECT_FALSE(tempo.computes(2, kMs));
    EXPECT_FALSE(tempo.computes(3, kMs));
    EXPECT_FALSE(tempo.computes(4, kMs));
}

}  // namespace
}  // namespace baton::dispatch
