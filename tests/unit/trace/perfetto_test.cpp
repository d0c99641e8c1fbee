// The bytes that go out, against bytes made by hand from Perfetto's .proto files; that a whole recording says
// what it should is tests/integration/test_trace.py's, which has a reader of its own.
#include "server/trace/perfetto.hpp"

#include <gtest/gtest.h>

#include <string>

#include "server/trace/protobuf.hpp"
#include "tests/unit/trace/sample.hpp"

namespace baton::trace {
namespace {

using namespace std::string_literals;

TEST(ProtobufTest, TheWireFormat) {
    EXPECT_EQ(Message().number(1, 150).bytes(), "\x08\x96\x01"s);  // the example of protobuf's documentation
    EXPECT_EQ(Message().text(2, "testing").bytes(), "\x12\x07testing"s);
    EXPECT_EQ(Message().message(3, Message().number(1, 150)).bytes(), "\x1a\x03\x08\x96\x01"s);
    EXPECT_EQ(Message().number(16, 0).bytes(), "\x80\x01\x00"s);
    EXPECT_EQ(Message().fixed64(47, 0x0102030405060708).bytes(), "\xf9\x02\x08\x07\x06\x05\x04\x03\x02\x01"s);
    EXPECT_EQ(Message().number(1, ~std::uint64_t{0}).bytes(),
              "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
}

TEST(PerfettoTest, ASlice) {
    Recording recording = test::sample();
    const auto format = perfetto();
    std::string ignored;
    format->begin(ignored, recording);
    std::string out;
    format->slice(out, recording, 1, {130, 131, 0, Doing::holding, false});
    // timestamp 130; sequence 1; needs state; track event {type begin; track 1001; name 3; category 1}
    const std::string event = "\x48\x01\x58\xe9\x07\x50\x03\x18\x01"s;
    const std::string begin = "\x40\x82\x01\x50\x01\x68\x02\x5a"s + static_cast<char>(event.size()) + event;
    const std::string end_event = "\x48\x02\x58\xe9\x07"s;
    const std::string end =
        "\x40\x83\x01\x50\x01\x68\x02\x5a"s + static_cast<char>(end_event.size()) + end_event;
    const auto packet = [](const std::string& bytes) {
        return "\x0a"s + static_cast<char>(bytes.size()) + bytes;
    };
    EXPECT_EQ(out, packet(begin) + packet(end));
}

TEST(PerfettoTest, TurnsOfOneRequestAreLinkedAndOthersAreNot) {
    Recording recording = test::sample();
    const std::string key = "\xf9\x02"s;  // flow_ids
    EXPECT_EQ(test::written(recording, perfetto()).find(key), std::string::npos);
    recording.requests[2] = recording.requests[1];
    EXPECT_EQ(test::written(recording, perfetto()).find(key), std::string::npos)
        << "a client may choose one id for all of its requests";
    recording.requests[1].number = recording.requests[2].number = 0xABCDEF;
    const std::string linked = test::written(recording, perfetto());
    const std::size_t first = linked.find(key);
    ASSERT_NE(first, std::string::npos);
    const std::size_t second = linked.find(key, first + 1);
    ASSERT_NE(second, std::string::npos);
    EXPECT_EQ(linked.substr(first, 10), key + "\xEF\xCD\xAB\x00\x00\x00\x00\x00"s);
    EXPECT_EQ(linked.substr(first, 10), linked.substr(second, 10));
    EXPECT_EQ(linked.find(key, second + 1), std::string::npos) << "once a turn";
}

TEST(PerfettoTest, StringsAreUtf8) {
    EXPECT_EQ(Message().text(1, "\xD0\xB4").bytes(), "\x0a\x02\xD0\xB4"s);
    EXPECT_EQ(Message().text(1, "a\xFFz\xD0").bytes(),
              "\x0a\x08"
              "a\xEF\xBF\xBDz\xEF\xBF\xBD"s);
    EXPECT_EQ(Message().message(1, Message().fixed64(1, 0xFF)).bytes(),
              "\x0a\x09\x09\xFF\x00\x00\x00\x00\x00\x00\x00"s)
        << "a message is no string";
}

TEST(PerfettoTest, AnEndThatCameTooEarlyIsMarked) {
    Recording recording = test::sample();
    const auto format = perfetto();
    std::string out;
    format->begin(out, recording);
    out.clear();
    format->end(out, recording);
    EXPECT_EQ(out, "");
    recording.dropped = 300;
    format->end(out, recording);
    // {instant; track 1; name 6; category 1; annotation {name 5; number 300}}
    const std::string event = "\x48\x03\x58\x01\x50\x06\x18\x01\x22\x05\x08\x05\x18\xac\x02"s;
    const std::string packet =
        "\x40\x80\x89\x7a\x50\x01\x68\x02\x5a"s + static_cast<char>(event.size()) + event;
    EXPECT_EQ(out, "\x0a"s + static_cast<char>(packet.size()) + packet);
}

}  // namespace
}  // namespace baton::trace
