// Which initialisations are taken for a GIL, and which are not.
#include "interp/gil/discovery.hpp"

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

std::size_t gils_alive() {
    std::size_t alive = 0;
    for (Gil* gil = registry.first(); gil != nullptr; gil = gil->next())
        alive += gil->objects() != nullptr ? 1 : 0;
    return alive;
}

class Recognition : public testing::Test {
  protected:
    GilObjects objects{};
    GilObjects other{};
    Discovery discovery;
};

TEST_F(Recognition, TheOrderOfCreateGil) {
    discovery.mutex_initialised(&objects.mutex);
    discovery.mutex_initialised(&objects.switch_mutex);
    EXPECT_EQ(discovery.cond_initialised(&objects.cond), nullptr);
    EXPECT_EQ(discovery.cond_initialised(&objects.switch_cond), &objects);
}

TEST_F(Recognition, MutexesBeforeItDoNotHide) {
    discovery.mutex_initialised(&other.mutex);
    discovery.mutex_initialised(&other.switch_mutex);
    discovery.mutex_initialised(&objects.mutex);
    discovery.mutex_initialised(&objects.switch_mutex);
    discovery.cond_initialised(&objects.cond);
    EXPECT_EQ(discovery.cond_initialised(&objects.switch_cond), &objects);
}

TEST_F(Recognition, OtherOrdersAreNoGil) {
    discovery.mutex_initialised(&objects.switch_mutex);
    discovery.mutex_initialised(&objects.mutex);
    discovery.cond_initialised(&objects.cond);
    EXPECT_EQ(discovery.cond_initialised(&objects.switch_cond), nullptr);

    discovery.mutex_initialised(&objects.mutex);
    discovery.cond_initialised(&objects.cond);
    discovery.mutex_initialised(&objects.switch_mutex);
    EXPECT_EQ(discovery.cond_initialised(&objects.switch_cond), nullptr);

    discovery.mutex_initialised(&objects.mutex);
    discovery.mutex_initialised(&objects.switch_mutex);
    discovery.cond_initialised(&objects.switch_cond);
    EXPECT_EQ(discovery.cond_initialised(&objects.cond), nullptr);
}

TEST_F(Recognition, SomethingBetweenIsNoGil) {
    discovery.mutex_initialised(&objects.mutex);
    discovery.mutex_initialised(&objects.switch_mutex);
    discovery.cond_initialised(&objects.cond);
    EXPECT_EQ(discovery.cond_initialised(&other.cond), nullptr);
    EXPECT_EQ(discovery.cond_initialised(&objects.switch_cond), nullptr);
}

TEST_F(Recognition, OtherDistancesAreNoGil) {
    discovery.mutex_initialised(&objects.mutex);
    discovery.mutex_initialised(&other.switch_mutex);
    discovery.cond_initialised(&objects.cond);
    EXPECT_EQ(discovery.cond_initialised(&objects.switch_cond), nullptr);
}

TEST(Registry, OrdinaryObjectsAreNoGil) {
    const std::size_t before = gils_alive();
    std::array<pthread_mutex_t, 4> mutexes{};
    std::array<pthread_cond_t, 4> conds{};
    for (auto& mutex : mutexes) pthread_mutex_init(&mutex, nullptr);
    for (auto& cond : conds) pthread_cond_init(&cond, nullptr);
    EXPECT_EQ(gils_alive(), before);
    const std::uint64_t takes = this_thread().takes;
    pthread_mutex_lock(&mutexes[0]);
    pthread_cond_signal(&conds[0]);
    pthread_mutex_unlock(&mutexes[0]);
    std::mutex mutex;
    std::condition_variable condition;
    {
        const std::scoped_lock lock(mutex);
        condition.notify_one();
    }
    EXPECT_EQ(this_thread().takes, takes);
    for (auto& m : mutexes) pthread_mutex_destroy(&m);
    for (auto& c : conds) pthread_cond_destroy(&c);
}

TEST(Registry, AGilLivesFromItsInitialisationToItsDestruction) {
    const std::size_t before = gils_alive();
    {
        FakeGil one;
        FakeGil two;
        EXPECT_EQ(gils_alive(), before + 2);
    }
    EXPECT_EQ(gils_alive(), before);
}

TEST(Registry, EntriesAreUsedAgainAndSumsGoOn) {
    {
        FakeGil gil;
        gil.take();
        gil.drop();
    }
    const std::size_t entries = snapshot().size();
    const Totals before = sum_of_all_gils();
    for (int i = 0; i < 50; ++i) {
        auto gil = std::make_unique<FakeGil>();
        gil->take();
        gil->drop();
    }
    EXPECT_EQ(snapshot().size(), entries);
    std::size_t alive = 0;
    for (const Snapshot& entry : snapshot()) alive += entry.alive ? 1 : 0;
    EXPECT_EQ(alive, gils_alive());
    EXPECT_EQ(sum_of_all_gils().takes, before.takes + 50);
    EXPECT_EQ(sum_of_all_gils().voluntary, before.voluntary + 50);
}

TEST(Registry, MemoryOfADestroyedGilIsOrdinaryAgain) {
    alignas(FakeGil) std::array<std::byte, sizeof(FakeGil)> memory{};
    auto* gil = new (memory.data()) FakeGil;
    gil->take();
    gil->drop();
    gil->~FakeGil();
    const Watch watch;
    for (std::size_t at = 0; at + sizeof(pthread_mutex_t) <= memory.size(); at += alignof(pthread_mutex_t)) {
        auto* mutex = new (memory.data() + at) pthread_mutex_t{};
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
    }
    EXPECT_EQ(watch.books().takes, 0);
    // The same memory may become a GIL once more.
    gil = new (memory.data()) FakeGil;
    gil->take();
    gil->drop();
    EXPECT_EQ(watch.books().takes, 1);
    gil->~FakeGil();
}

TEST(Registry, TheFirstGilIsTheMainOne) {
    FakeGil gil;
    FakeGil second;
    const std::vector<Snapshot> all = snapshot();
    ASSERT_GE(all.size(), 2);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].entry, i);
        EXPECT_EQ(all[i].main, i == 0);
    }
}

TEST(Registry, TheFilterNeverHidesAGil) {
    std::array<FakeGil, 40> gils;
    const Watch watch;
    for (FakeGil& gil : gils) {
        gil.take();
        gil.drop();
    }
    EXPECT_EQ(watch.books().takes, 40);
    EXPECT_EQ(watch.books().voluntary, 40);
}

}  // namespace
}  // namespace baton::gil::test
