// Hundreds of threads take and release one lock with CPython's calls, begin and end requests, die, are made
// anew and fork, under the policy `latency`. For BATON_STRESS_SECONDS, or a few.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "interp/gil/clock.hpp"
#include "interp/gil/scheduler.hpp"
#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

constexpr int kThreads = 200;

int seconds() {
    const char* asked = std::getenv("BATON_STRESS_SECONDS");
    return asked == nullptr ? 3 : std::atoi(asked);
}

struct Arena {
    FakeGil gil;
    std::atomic<bool> end{false};
    std::atomic<std::uint64_t> turns{0};
    std::uint64_t guarded = 0;  // by the lock alone
    std::atomic<int> inside{0};
    std::atomic<bool> broken{false};
};

void hold(Arena& arena, std::mt19937& random) {
    if (arena.inside.fetch_add(1) != 0) arena.broken = true;
    ++arena.guarded;
    arena.turns.fetch_add(1, std::memory_order_relaxed);
    // Most are short; a few would rather not let go, but do when they are asked.
    if (random() % 50 == 0) {
        for (int i = 0; i < 200 && !arena.gil.drop_requested(); ++i) busy(20'000);
    } else {
        busy(random() % 4'000);
    }
    if (arena.inside.fetch_sub(1) != 1) arena.broken = true;
}

// A thread's life: some turns, and its end.
void live(Arena& arena, unsigned seed) {
    std::mt19937 random(seed);
    if (random() % 16 == 0) rank_first(true);
    for (auto turns = random() % 60; turns > 0 && !arena.end; --turns) {
        const bool in_request = random() % 2 == 0;
        if (in_request) await_request();
        arena.gil.take();
        if (in_request) begin_request(static_cast<Tag>(random() % kProgramTags), now(), random() % 2'000'000);
        hold(arena, random);
        if (in_request && random() % 2 == 0) end_request(now());
        arena.gil.drop();
        if (random() % 3 == 0) pause(random() % 2'000'000);
    }
}

bool child_goes_on(Arena& arena) {
    return holds_in_child([&] {
        arena.gil.create();
        for (int i = 0; i < 10; ++i) {
            arena.gil.take();
            arena.gil.drop();
        }
        return this_thread().waited >= 0;
    });
}

TEST(Stress, ThreadsWithoutNumberTakeReleaseDieAndFork) {
    set_policy(Policy::latency);
    Arena arena;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&arena, i] {
            for (unsigned life = 0; !arena.end; ++life)
                std::thread([&, life] { live(arena, life * kThreads + i); }).join();
        });
    }
    const std::int64_t until = wall_clock() + seconds() * std::int64_t{1'000'000'000};
    std::uint64_t before = 0;
    int forks = 0;
    while (wall_clock() < until) {
        for (int i = 0; i < 20; ++i, ++forks) {
            arena.gil.take();
            const bool goes_on = child_goes_on(arena);
            arena.gil.drop();
            ASSERT_TRUE(goes_on);
        }
        pause(200 * kMillisecond);
        ASSERT_GT(arena.turns, before) << "nobody gets on";
        before = arena.turns;
    }
    arena.end = true;
    for (std::thread& thread : threads) thread.join();
    set_policy(Policy::cpython);
    EXPECT_FALSE(arena.broken) << "two threads held the lock";
    EXPECT_EQ(arena.guarded, arena.turns);
    RecordProperty("turns", static_cast<int>(arena.turns));
    RecordProperty("forks", forks);
    EXPECT_EQ(waiters_of_all_gils(), 0);
}

}  // namespace
}  // namespace baton::gil::test
