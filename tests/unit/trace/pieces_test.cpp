#include "server/trace/pieces.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/trace/json.hpp"
#include "tests/unit/trace/sample.hpp"

namespace baton::trace {
namespace {

using test::sample;

TEST(WaitersTest, CountsWhoWaits) {
    std::vector<std::vector<std::int64_t>> seen;
    for (const Waiters& change : waiters(sample()))
        seen.push_back({static_cast<std::int64_t>(change.interpreter), change.at, change.count});
    const std::vector<std::vector<std::int64_t>> expected = {{0, 1'000'000, 0}, {1, 1'000'000, 0},
                                                             {0, 1'000'500, 1}, {0, 1'200'000, 2},
                                                             {0, 1'300'000, 1}, {0, 1'500'001, 0}};
    EXPECT_EQ(seen, expected);
}

TEST(WaitersTest, WhoComesAsAnotherGoesIsOneChange) {
    Recording recording = sample();
    recording.tracks[1].slices = {{1'500'001, 1'600'000, 0, Doing::waiting, false}};
    const auto changes = waiters(recording);
    EXPECT_EQ(
        std::count_if(changes.begin(), changes.end(), [](const Waiters& w) { return w.at == 1'500'001; }), 1);
}

TEST(PiecesTest, LongRecordingsComeInPiecesAndWhole) {
    Recording recording = sample();
    std::vector<Slice> slices = {recording.tracks[1].slices[0]};
    for (std::int64_t i = 0; i < 20'000; ++i)
        slices.push_back({1'300'000 + i, 1'300'001 + i, 0, Doing::holding, false});
    recording.tracks[1].slices = Slices(std::move(slices));
    Pieces pieces(recording, json());
    std::size_t number = 0;
    std::string all;
    for (std::string piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
        EXPECT_LT(piece.size(), 70'000U);
        all += piece;
        ++number;
    }
    EXPECT_GT(number, 10U);
    std::size_t events = 0;
    for (std::size_t at = all.find("\"ph\":\"X\""); at != std::string::npos;
         at = all.find("\"ph\":\"X\"", at + 1))
        ++events;
    EXPECT_EQ(events, 20'004U);
    EXPECT_TRUE(all.ends_with("]}\n"));
}

}  // namespace
}  // namespace baton::trace
