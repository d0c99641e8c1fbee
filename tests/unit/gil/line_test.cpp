#include "interp/gil/line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <vector>

namespace baton::gil {
namespace {

Waiter waiter(Level level, std::int64_t since) {
    Waiter w;
    w.level = level;
    w.since = since;
    return w;
}

TEST(Levels, EndAtOneAndTenMilliseconds) {
    EXPECT_EQ(level_of(0), kShort);
    EXPECT_EQ(level_of(kShortEnds - 1), kShort);
    EXPECT_EQ(level_of(kShortEnds), kMedium);
    EXPECT_EQ(level_of(kMediumEnds - 1), kMedium);
    EXPECT_EQ(level_of(kMediumEnds), kLong);
}

TEST(Levels, WaitingIsWorthALevelAtATimeAndNeverTheFirst) {
    EXPECT_EQ(aged(kLong, kAgeing - 1), kLong);
    EXPECT_EQ(aged(kLong, kAgeing), kMedium);
    EXPECT_EQ(aged(kLong, 2 * kAgeing), kShort);
    EXPECT_EQ(aged(kLong, 1000 * kAgeing), kShort);
    EXPECT_EQ(aged(kMedium, kAgeing), kShort);
    EXPECT_EQ(aged(kShort, 1000 * kAgeing), kShort);
    EXPECT_EQ(aged(kFirst, 0), kFirst);
}

TEST(Line, IsEmptyUntilSomebodyJoinsAndWhenAllHaveLeft) {
    Line line;
    EXPECT_TRUE(line.empty());
    EXPECT_EQ(line.best(0), nullptr);
    Waiter w = waiter(kShort, 5);
    line.join(w);
    EXPECT_FALSE(line.empty());
    EXPECT_EQ(w.place, Waiter::Place::kInLine);
    line.leave(w);
    EXPECT_TRUE(line.empty());
    EXPECT_EQ(w.place, Waiter::Place::kOut);
}

TEST(Line, TheBetterLevelGoesFirstThenWhoHasWaitedLonger) {
    Line line;
    Waiter computing = waiter(kLong, 1), second = waiter(kShort, 20), first = waiter(kShort, 10),
           loop = waiter(kFirst, 30);
    for (Waiter* w : {&computing, &second, &first, &loop}) line.join(*w);
    for (Waiter* expected : {&loop, &first, &second, &computing}) {
        ASSERT_EQ(line.best(40), expected);
        line.leave(*expected);
    }
}

TEST(Line, WhoHasWaitedForLongGoesBeforeBetterLevels) {
    Line line;
    Waiter old = waiter(kLong, 0);
    Waiter fresh = waiter(kShort, 2 * kAgeing - 1);
    line.join(old);
    line.join(fresh);
    EXPECT_EQ(line.best(2 * kAgeing - 1), &fresh);
    EXPECT_EQ(line.best(2 * kAgeing), &old);
}

// Against a plain list, for as many orders of joining and leaving as a second allows.
TEST(Line, ChoosesAsAPlainSearchWould) {
    std::mt19937 random(42);
    for (int round = 0; round < 2000; ++round) {
        Line line;
        std::list<Waiter> waiters;
        std::vector<Waiter*> in;
        std::int64_t time = 1;
        for (int step = 0; step < 40; ++step) {
            time += static_cast<std::int64_t>(random() % (kAgeing / 2));
            if (in.empty() || random() % 3 != 0) {
                // Not always in order of time: who comes back keeps its old place.
                const std::int64_t since = random() % 4 == 0 ? time / 2 + 1 : time;
                waiters.push_back(waiter(random() % kLevels, since + step));
                line.join(waiters.back());
                in.push_back(&waiters.back());
            } else {
                const std::size_t at = random() % in.size();
                line.leave(*in[at]);
                in.erase(in.begin() + static_cast<std::ptrdiff_t>(at));
            }
            const auto worth = [&](const Waiter* w) {
                return std::pair(aged(w->level, time - w->since), w->since);
            };
            const auto best = std::min_element(
                in.begin(), in.end(), [&](const Waiter* a, const Waiter* b) { return worth(a) < worth(b); });
            ASSERT_EQ(line.empty(), in.empty());
            if (!in.empty()) {
                ASSERT_EQ(worth(line.best(time)), worth(*best));
            }
        }
    }
}

}  // namespace
}  // namespace baton::gil
