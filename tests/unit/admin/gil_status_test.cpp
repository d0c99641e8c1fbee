#include "server/admin/gil_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <thread>

namespace baton::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

metrics::PythonThread thread(const std::string& name, metrics::Nanoseconds held) {
    metrics::PythonThread one;
    one.name = name;
    one.doing = "holding";
    one.for_time = 250'000'000;
    one.held = held;
    return one;
}

metrics::Observation with(std::vector<metrics::PythonThread> threads) {
    metrics::Observation seen;
    seen.route_labels = {"_OTHER", "/users/{id}"};
    seen.python_threads = std::move(threads);
    return seen;
}

TEST(GilStatus, AThreadIsToldWithItsRequest) {
    metrics::PythonThread one = thread("baton-py-N", 1);
    one.route = metrics::Party{1};
    one.request = metrics::RequestNow{"5d157be6e30a0426", "POST", "/users/7", 1'500'000'000};
    const metrics::Observation seen = with({one});
    const boost::json::array array = python_threads_array(seen);
    const boost::json::object& told = array.at(0).as_object();
    EXPECT_EQ(told.at("route").as_string(), "/users/{id}");
    EXPECT_DOUBLE_EQ(told.at("for_seconds").as_double(), 0.25);
    const boost::json::object& request = told.at("request").as_object();
    EXPECT_EQ(request.at("id").as_string(), "5d157be6e30a0426");
    EXPECT_EQ(request.at("method").as_string(), "POST");
    EXPECT_EQ(request.at("path").as_string(), "/users/7");
    EXPECT_DOUBLE_EQ(request.at("for_seconds").as_double(), 1.5);
    EXPECT_EQ(python_threads_html(seen),
              "<tr><td>baton-py-N</td><td>holding</td><td>0.250 s</td><td>POST /users/7</td><td>1.500 s</td>"
              "<td>5d157be6e30a0426</td><td>/users/{id}</td></tr>\n");
}

TEST(GilStatus, AThreadHasItsOwnNameForAsLongAsItIsThere) {
    metrics::PythonThread one = thread("worker-N", 1);
    std::thread named([&] {
        pthread_setname_np(pthread_self(), "worker-3\xD0\xB4\xFF");
        one.thread_id = gettid();
        const metrics::Observation seen = with({one});
        const boost::json::array array = python_threads_array(seen);
        EXPECT_EQ(array.at(0).at("name").as_string(), "worker-N");
        EXPECT_EQ(array.at(0).at("thread_name").as_string(), "worker-3\xD0\xB4\xEF\xBF\xBD");
        EXPECT_EQ(array.at(0).at("thread_id").as_int64(), one.thread_id);
        EXPECT_THAT(python_threads_html(seen), HasSubstr("<td>worker-3\xD0\xB4"));
    });
    named.join();
    EXPECT_EQ(python_threads_array(with({thread("other-N", 1)})).at(0).at("thread_name").as_string(),
              "other-N");
}

TEST(GilStatus, AThreadWithoutARequestSaysSo) {
    const metrics::Observation seen = with({thread("sweeper", 1)});
    EXPECT_TRUE(python_threads_array(seen).at(0).at("request").is_null());
    EXPECT_TRUE(python_threads_array(seen).at(0).at("route").is_null());
    EXPECT_THAT(python_threads_html(seen), HasSubstr("<td>-</td><td>-</td><td>-</td><td>-</td></tr>"));
    EXPECT_EQ(python_threads_html(with({})), "");
}

TEST(GilStatus, WhatComesFromStrangersIsText) {
    metrics::PythonThread one = thread("<i>", 1);
    one.request = metrics::RequestNow{"<b>", "G\"T", "/<script>\x01\xff", 0};
    const metrics::Observation seen = with({one});
    const std::string html = python_threads_html(seen);
    EXPECT_THAT(html, HasSubstr("/&lt;script&gt;\\x01\\xFF"));
    EXPECT_THAT(html, HasSubstr("<td>&lt;b&gt;</td>"));
    EXPECT_THAT(html, Not(HasSubstr("<i>")));
    // Bytes that are no UTF-8 would make the whole document unreadable.
    EXPECT_EQ(python_threads_array(seen).at(0).at("request").at("path").as_string(), "/<script>\\x01\\xFF");
}

TEST(GilStatus, WhoHeldMostComesFirstAndTheRestIsLeftOut) {
    std::vector<metrics::PythonThread> threads;
    for (int i = 0; i < 250; ++i) threads.push_back(thread("t" + std::to_string(i), i));
    const boost::json::array array = python_threads_array(with(threads));
    ASSERT_EQ(array.size(), 200U);
    EXPECT_EQ(array.at(0).at("name").as_string(), "t249");
    EXPECT_EQ(array.at(199).at("name").as_string(), "t50");
}

}  // namespace
}  // namespace baton::admin
