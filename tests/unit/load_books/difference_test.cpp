// What lies between two scrapes of Baton, of another server, and of one that was restarted meanwhile.
#include "loadgen/books/difference.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace loadgen::books {
namespace {

Scrape scrape_of(std::string_view text, int second) {
    auto parsed = Exposition::parse(text);
    if (const auto* trouble = std::get_if<Trouble>(&parsed)) ADD_FAILURE() << trouble->why;
    return {Moment(std::chrono::seconds(second)), std::get<Exposition>(std::move(parsed))};
}

Books books_of(std::string_view before, std::string_view after) {
    auto outcome = difference(scrape_of(before, 100), scrape_of(after, 110));
    if (const auto* trouble = std::get_if<Trouble>(&outcome)) {
        ADD_FAILURE() << trouble->why;
        return {};
    }
    return std::get<Books>(std::move(outcome));
}

std::string trouble_between(std::string_view before, std::string_view after) {
    auto outcome = difference(scrape_of(before, 100), scrape_of(after, 110));
    const auto* trouble = std::get_if<Trouble>(&outcome);
    return trouble ? trouble->why : "none";
}

constexpr std::string_view kBefore =
    R"(http_server_request_duration_seconds_bucket{http_route="/",http_request_method="GET",le="0.0005"} 10
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="200"} 10
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/",http_response_status_code="200"} 1
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/old",http_response_status_code="200"} 4
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/old",http_response_status_code="200"} 2
baton_request_phase_seconds_sum{http_route="/",phase="gil_hold"} 0.25
baton_request_cpu_seconds_sum{http_route="/"} 0.5
cpython_gil_held_seconds_total{interpreter="main"} 1
cpython_gil_waiting_seconds_total{interpreter="main"} 2
cpython_gil_releases_total{interpreter="main",reason="forced"} 5
cpython_gil_releases_total{interpreter="main",reason="voluntary"} 50
baton_requests_rejected_total{reason="queue_full"} 1
baton_requests_rejected_total{reason="draining"} 0
baton_thread_cpu_seconds_total{role="io"} 0.1
baton_thread_cpu_seconds_total{role="application"} 0.005
baton_runtime_info{version="0.1.0",python_version="3.11.2",mode="threads"} 1
process_cpu_seconds_total 3
process_start_time_seconds 1795259544.75
)";

constexpr std::string_view kAfter =
    R"(http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="200"} 110
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/",http_response_status_code="200"} 3
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="500"} 20
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/",http_response_status_code="500"} 1
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/busy",http_response_status_code="200"} 80
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/busy",http_response_status_code="200"} 9
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/old",http_response_status_code="200"} 4
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/old",http_response_status_code="200"} 2
baton_request_phase_seconds_sum{http_route="/",phase="gil_hold"} 0.75
baton_request_phase_seconds_sum{http_route="/busy",phase="gil_hold"} 5
baton_request_phase_seconds_sum{http_route="/busy",phase="queue"} 4
baton_request_cpu_seconds_sum{http_route="/"} 1.5
cpython_gil_held_seconds_total{interpreter="main"} 7
cpython_gil_waiting_seconds_total{interpreter="main"} 12
cpython_gil_releases_total{interpreter="main",reason="forced"} 15
cpython_gil_releases_total{interpreter="main",reason="voluntary"} 90
baton_requests_rejected_total{reason="queue_full"} 4
baton_requests_rejected_total{reason="draining"} 2
baton_thread_cpu_seconds_total{role="io"} 1.1
baton_thread_cpu_seconds_total{role="application"} 0
baton_runtime_info{version="0.1.0",python_version="3.11.2",mode="threads"} 1
process_cpu_seconds_total 11
process_start_time_seconds 1795259544.75
)";

TEST(Difference, IsWhatBatonDidBetweenTheScrapes) {
    const Books books = books_of(kBefore, kAfter);
    EXPECT_DOUBLE_EQ(books.wall, 10);
    EXPECT_DOUBLE_EQ(books.requests, 200);
    EXPECT_DOUBLE_EQ(books.cpu, 8);
    EXPECT_DOUBLE_EQ(books.requests_per_cpu_second().value(), 25);
    EXPECT_DOUBLE_EQ(books.rejected, 5);
    EXPECT_EQ(books.runtime.at("mode"), "threads");
    EXPECT_DOUBLE_EQ(books.thread_cpu.at("io"), 1);
    ASSERT_EQ(books.gils.size(), 1U);
    EXPECT_EQ(books.gils[0].interpreter, "main");
    EXPECT_DOUBLE_EQ(books.gils[0].held, 6);
    EXPECT_DOUBLE_EQ(books.gils[0].waiting, 10);
    EXPECT_DOUBLE_EQ(books.gils[0].releases, 50);
    EXPECT_DOUBLE_EQ(books.gils[0].forced, 10);
}

TEST(Difference, RoutesComeByTheirGilSecondsAndOnlyWhenTheyWereAsked) {
    const Books books = books_of(kBefore, kAfter);
    ASSERT_EQ(books.routes.size(), 2U);
    EXPECT_EQ(books.routes[0].name, "/busy");
    EXPECT_DOUBLE_EQ(books.routes[0].requests, 80);
    EXPECT_DOUBLE_EQ(books.routes[0].phases.at("queue"), 4);
    EXPECT_EQ(books.routes[1].name, "/");
    EXPECT_DOUBLE_EQ(books.routes[1].requests, 120);
    EXPECT_DOUBLE_EQ(books.routes[1].duration, 3);
    EXPECT_DOUBLE_EQ(books.routes[1].phases.at("gil_hold"), 0.5);
    EXPECT_DOUBLE_EQ(books.routes[1].cpu, 1);
}

// A remainder such as the application's share of CPU may go back by a tick; that is no restart.
TEST(Difference, ARemainderThatFellByATickIsNothing) {
    EXPECT_DOUBLE_EQ(books_of(kBefore, kAfter).thread_cpu.at("application"), 0);
}

TEST(Difference, AnyServerThatTellsItsCpuHasBooks) {
    const Books books = books_of("process_cpu_seconds_total 1.5\n", "process_cpu_seconds_total 4\n");
    EXPECT_DOUBLE_EQ(books.cpu, 2.5);
    EXPECT_FALSE(books.requests_per_cpu_second().has_value());
    EXPECT_TRUE(books.gils.empty());
    EXPECT_TRUE(books.routes.empty());
}

TEST(Difference, NamesTheInterpretersOfSeveralWorkersApart) {
    const Books books = books_of("process_cpu_seconds_total 1\n",
                                 "process_cpu_seconds_total 2\n"
                                 "cpython_gil_held_seconds_total{interpreter=\"main\",worker=\"1\"} 1\n"
                                 "cpython_gil_held_seconds_total{interpreter=\"main\",worker=\"2\"} 3\n");
    ASSERT_EQ(books.gils.size(), 2U);
    EXPECT_EQ(books.gils[1].interpreter, "main of worker 2");
    EXPECT_DOUBLE_EQ(books.gils[1].held, 3);
}

TEST(Difference, ARestartIsSaid) {
    EXPECT_EQ(trouble_between("process_cpu_seconds_total 1\nprocess_start_time_seconds 1000\n",
                              "process_cpu_seconds_total 2\nprocess_start_time_seconds 1007\n"),
              "the server was restarted between the scrapes: process_start_time_seconds differs");
    EXPECT_EQ(trouble_between("process_cpu_seconds_total 9\n", "process_cpu_seconds_total 2\n"),
              "the server was restarted between the scrapes: process_cpu_seconds_total fell");
    EXPECT_EQ(
        trouble_between("process_cpu_seconds_total 1\nhttp_server_request_duration_seconds_count 7\n",
                        "process_cpu_seconds_total 2\nhttp_server_request_duration_seconds_count 6\n"),
        "the server was restarted between the scrapes: http_server_request_duration_seconds_count fell");
}

// Some servers reckon their start anew each time, and come out a second apart.
TEST(Difference, AStartThatWaversByASecondIsNoRestart) {
    EXPECT_EQ(trouble_between("process_cpu_seconds_total 1\nprocess_start_time_seconds 1000\n",
                              "process_cpu_seconds_total 2\nprocess_start_time_seconds 1001\n"),
              "none");
}

TEST(Difference, MetricsOfAnotherWorldAreSaid) {
    EXPECT_EQ(trouble_between("up 1\n", "up 1\n"),
              "the server's metrics have neither process_cpu_seconds_total nor "
              "http_server_request_duration_seconds_count");
}

TEST(Difference, NumbersThatAreNoneCountAsNothing) {
    const Books books = books_of("process_cpu_seconds_total NaN\n", "process_cpu_seconds_total +Inf\n");
    EXPECT_DOUBLE_EQ(books.cpu, 0);
}

}  // namespace
}  // namespace loadgen::books
