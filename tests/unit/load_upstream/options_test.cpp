// What a request may ask the slow server for.
#include "loadgen/upstream/options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace loadgen::upstream {
namespace {

using namespace std::chrono_literals;

const Answer kUsual{50ms, 5ms, 16, false};

Answer asked(std::string_view target) {
    auto outcome = asked_for(target, kUsual);
    if (const auto* bad = std::get_if<BadRequest>(&outcome)) {
        ADD_FAILURE() << bad->why;
        return {};
    }
    return std::get<Answer>(outcome);
}

TEST(AskedFor, TheUsualUnlessTheQuerySaysOtherwise) {
    for (const char* target : {"/", "/any/path", "/?", "*", ""}) {
        const Answer answer = asked(target);
        EXPECT_EQ(answer.delay, 50ms) << target;
        EXPECT_EQ(answer.jitter, 5ms) << target;
        EXPECT_EQ(answer.bytes, 16U) << target;
        EXPECT_FALSE(answer.stream) << target;
    }
}

TEST(AskedFor, EveryPartOfTheQueryHasItsPlace) {
    const Answer answer = asked("/x?delay=1.5s&jitter=250us&&bytes=2k&stream=1");
    EXPECT_EQ(answer.delay, 1500ms);
    EXPECT_EQ(answer.jitter, 250us);
    EXPECT_EQ(answer.bytes, 2048U);
    EXPECT_TRUE(answer.stream);
    EXPECT_EQ(asked("/?ms=20").delay, 20ms);
    EXPECT_EQ(asked("/?delay=0&bytes=0").bytes, 0U);
    EXPECT_EQ(asked("/?delay=60s&bytes=64M").delay, kLongestDelay);
}

TEST(AskedFor, RefusesWhatItCannotDo) {
    for (const char* target :
         {"/?delay=61s", "/?delay=-1ms", "/?delay=", "/?delay", "/?delay=soon", "/?delay=1ms2", "/?bytes=65M",
          "/?bytes=-1", "/?bytes=1e99", "/?stream=maybe", "/?ms=20ms", "/?ms=20s", "/?delayed=1ms", "/?=1",
          "/?delay=nan", "/?delay=inf"})
        EXPECT_TRUE(std::holds_alternative<BadRequest>(asked_for(target, kUsual))) << target;
}

TEST(AskedFor, AnswersALongQueryShortly) {
    const auto outcome = asked_for("/?" + std::string(100'000, 'x'), kUsual);
    EXPECT_LT(std::get<BadRequest>(outcome).why.size(), 300U);
}

}  // namespace
}  // namespace loadgen::upstream
