#include "server/trace/json.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "tests/unit/trace/sample.hpp"

namespace baton::trace {
namespace {

namespace json_library = boost::json;
using json_library::value;

class TraceJsonTest : public testing::Test {
  protected:
    const value document = json_library::parse(test::written(test::sample(), json()));

    std::vector<value> events(const std::string& phase) const {
        std::vector<value> found;
        for (const value& event : document.at("traceEvents").as_array()) {
            if (event.at("ph").as_string() == phase) found.push_back(event);
        }
        return found;
    }
};

TEST_F(TraceJsonTest, WhatThePageNeeds) {
    const value& head = document.at("baton");
    EXPECT_EQ(head.at("version").as_int64(), 1);
    EXPECT_EQ(head.at("pid").as_int64(), 77);
    EXPECT_DOUBLE_EQ(head.at("duration_us").as_double(), 1000.0);
    EXPECT_EQ(head.at("dropped").as_int64(), 0);
    ASSERT_EQ(head.at("tracks").as_array().size(), 3U);
    EXPECT_EQ(head.at("tracks").at(0).at("tid").as_int64(), 101);
    EXPECT_EQ(head.at("tracks").at(0).at("name").as_string(), "worker\n1");
    EXPECT_NE(head.at("tracks").at(2).at("tid").as_int64(), 101)
        << "a lane of its own on another interpreter";
    EXPECT_EQ(head.at("tracks").at(2).at("thread_id").as_int64(), 101);
    EXPECT_EQ(head.at("tracks").at(2).at("interpreter").as_string(), "1");
}

TEST_F(TraceJsonTest, Slices) {
    const std::vector<value> slices = events("X");
    ASSERT_EQ(slices.size(), 4U);
    EXPECT_EQ(slices[0].at("name").as_string(), "holding");
    EXPECT_EQ(slices[0].at("ts").as_double(), 0.0);
    EXPECT_EQ(slices[0].at("dur").as_double(), 200.0);
    EXPECT_EQ(slices[0].at("args").at("request").as_string(), "id-one");
    EXPECT_EQ(slices[0].at("args").at("route").as_string(), "/say/\"hi\"");
    EXPECT_EQ(slices[0].at("args").at("path").as_string(), "/say/hi");
    EXPECT_TRUE(slices[0].at("args").at("forced").as_bool());
    EXPECT_DOUBLE_EQ(slices[1].at("dur").as_double(), 300.001);
    EXPECT_EQ(slices[2].as_object().count("args"), 0U) << "nobody's";
    EXPECT_EQ(slices[3].at("args").as_object().count("request"), 0U) << "the id is not known";
    EXPECT_EQ(slices[3].at("args").at("route").as_string(), "_OTHER");
}

TEST_F(TraceJsonTest, InstantsNamesAndCounters) {
    ASSERT_EQ(events("i").size(), 1U);
    EXPECT_DOUBLE_EQ(events("i")[0].at("ts").as_double(), 200.0);
    ASSERT_EQ(events("M").size(), 4U);
    EXPECT_EQ(events("M")[1].at("args").at("name").as_string(), "worker\n1");
    EXPECT_EQ(events("M")[3].at("args").at("name").as_string(), "worker\n1, interpreter 1");
    EXPECT_EQ(events("C").size(), 6U);
    EXPECT_EQ(events("C")[3].at("args").at("waiters").as_int64(), 2);
}

TEST(TraceJsonText, BytesThatAreNoTextDoNotBreakIt) {
    Recording recording = test::sample();
    recording.text[7] = static_cast<char>(0xC3);
    recording.tracks[0].name = "a\\\x01\"";
    const value document = json_library::parse(test::written(recording, json()));
    EXPECT_EQ(document.at("baton").at("tracks").at(0).at("name").as_string(), "a\\\x01\"");
    const value& arguments = document.at("traceEvents").at(4).at("args");
    EXPECT_EQ(arguments.at("path").as_string(),
              "/\xEF\xBF\xBD"
              "ay/hi");
}

TEST(TraceJsonText, Utf8StaysAsItIs) {
    Recording recording = test::sample();
    recording.text = "id-one/\xD0\xB4\xF0\x9F\x98\x80";
    const value document = json_library::parse(test::written(recording, json()));
    EXPECT_EQ(document.at("traceEvents").at(4).at("args").at("path").as_string(),
              "/\xD0\xB4\xF0\x9F\x98\x80");
}

TEST(TraceJsonText, AnEndThatCameTooEarlyIsMarked) {
    Recording recording = test::sample();
    EXPECT_EQ(test::written(recording, json()).find(kEndsEarly), std::string::npos);
    recording.dropped = 12;
    const value document = json_library::parse(test::written(recording, json()));
    const value& last = document.at("traceEvents").as_array().back();
    EXPECT_EQ(last.at("ph").as_string(), "i");
    EXPECT_EQ(last.at("name").as_string(), std::string(kEndsEarly));
    EXPECT_EQ(last.at("ts").as_double(), 1000.0);
    EXPECT_EQ(last.at("args").at("dropped").as_int64(), 12);
}

}  // namespace
}  // namespace baton::trace
