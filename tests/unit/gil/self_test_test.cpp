// When the books are not exact, the self-test says so in one line, and the ledger is off from then on. Each
// test runs in a process of its own, because off is for good.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

FakeGil* probed = nullptr;

constexpr Probe kHonest{[]() -> void* {
                            probed->drop();
                            return probed;
                        },
                        [](void*) { probed->take(); }};

constexpr Probe kTwice{[]() -> void* {
                           probed->drop();
                           probed->take();
                           probed->drop();
                           return probed;
                       },
                       [](void*) { probed->take(); }};

constexpr Probe kNever{[]() -> void* { return nullptr; }, [](void*) {}};

bool is_off() {
    return snapshot().empty() && this_thread().takes == 0 && this_thread().held == 0 && !exact();
}

bool says(const std::string& line, const char* what) {
    return line.find(what) != std::string::npos && line.find('\n') == std::string::npos;
}

TEST(SelfTest, ExactBooksPass) {
    EXPECT_TRUE(holds_in_child([] {
        FakeGil gil;
        probed = &gil;
        gil.take();
        const std::string line = self_test(kHonest);
        const bool fine = line.empty() && exact() && !snapshot().empty();
        gil.drop();
        return fine;
    }));
}

TEST(SelfTest, TakesThatWereNotAskedForAreFound) {
    EXPECT_TRUE(holds_in_child([] {
        FakeGil gil;
        probed = &gil;
        gil.take();
        return says(self_test(kTwice), "takes counted") && is_off();
    }));
}

TEST(SelfTest, CallsThatDoNotReachTheLedgerAreFound) {
    EXPECT_TRUE(holds_in_child([] {
        FakeGil gil;
        probed = &gil;
        gil.take();
        return says(self_test(kNever), "takes counted: 0") && is_off();
    }));
}

TEST(SelfTest, ACallerThatHoldsNoKnownGilIsFound) {
    EXPECT_TRUE(holds_in_child([] {
        FakeGil gil;
        probed = &gil;
        return says(self_test(kHonest), "is not one of those found") && is_off();
    }));
}

TEST(SelfTest, WhatIsOffStaysOff) {
    EXPECT_TRUE(holds_in_child([] {
        FakeGil gil;
        probed = &gil;
        gil.take();
        self_test(kNever);
        gil.drop();
        FakeGil later;
        later.take();
        later.drop();
        return is_off();
    }));
}

}  // namespace
}  // namespace baton::gil::test
