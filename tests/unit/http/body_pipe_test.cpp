#include "server/http/body_pipe.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace baton::http {
namespace {

TEST(BodyPipe, CarriesEverythingInOrderThroughLittleRoom) {
    BodyPipe pipe(1000);
    std::string sent;
    for (int i = 0; i < 20'000; ++i) sent.push_back(static_cast<char>(i * 31));
    std::thread writer([&] {
        for (std::size_t at = 0; at < sent.size(); at += 300)
            EXPECT_TRUE(pipe.write(std::string_view(sent).substr(at, 300)));
        pipe.close();
    });
    std::string got;
    while (pipe.read(got, 77) == BodyPipe::Read::data) {
    }
    writer.join();
    EXPECT_EQ(got, sent);
}

TEST(BodyPipe, TakesNoMoreThanItHasRoomFor) {
    BodyPipe pipe(10);
    EXPECT_EQ(pipe.try_write("0123456789abc"), 10U);
    EXPECT_FALSE(pipe.has_room(1));
    std::string out;
    EXPECT_EQ(pipe.try_take(out), BodyPipe::Read::data);
    EXPECT_EQ(out, "0123456789");
    EXPECT_TRUE(pipe.has_room(10));
    out.clear();
    EXPECT_EQ(pipe.try_take(out), BodyPipe::Read::data);
    EXPECT_EQ(out, "") << "open and empty";
}

TEST(BodyPipe, AWriterOfALargeBlockWaitsForTheReader) {
    BodyPipe pipe(10);
    std::atomic<bool> returned{false};
    std::thread writer([&] {
        EXPECT_TRUE(pipe.write(std::string(25, 'x')));
        returned = true;
    });
    std::string got;
    while (got.size() < 15) {
        EXPECT_FALSE(returned) << "25 bytes cannot have found room after " << got.size();
        EXPECT_EQ(pipe.read(got, 5), BodyPipe::Read::data);
    }
    while (got.size() < 25) pipe.read(got, 5);
    writer.join();
    EXPECT_EQ(got, std::string(25, 'x'));
}

TEST(BodyPipe, TellsAnEndFromABreak) {
    std::string out;
    BodyPipe whole(10);
    whole.try_write("a");
    whole.close();
    EXPECT_EQ(whole.read(out, 9), BodyPipe::Read::data);
    EXPECT_EQ(whole.read(out, 9), BodyPipe::Read::end);
    BodyPipe cut(10);
    cut.close(false);
    cut.close(true);  // too late: the first word counts
    EXPECT_EQ(cut.read(out, 9), BodyPipe::Read::broken);
    out.clear();
    EXPECT_EQ(cut.try_take(out), BodyPipe::Read::broken);
}

TEST(BodyPipe, AbandonFreesAWaitingWriter) {
    BodyPipe pipe(4);
    std::thread writer([&] { EXPECT_FALSE(pipe.write("too much for it")); });
    std::string got;
    pipe.read(got, 1);
    pipe.abandon();
    writer.join();
    EXPECT_TRUE(pipe.abandoned());
    EXPECT_EQ(pipe.try_write("dropped"), 7U);
}

}  // namespace
}  // namespace baton::http
