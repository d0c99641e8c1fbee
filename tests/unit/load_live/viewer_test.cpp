#include "loadgen/live/viewer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <string>
#include <utility>

#include "loadgen/live/frame.hpp"
#include "loadgen/live/plain.hpp"
#include "loadgen/live/terminal.hpp"
#include "loadgen/live/view.hpp"
#include "loadgen/report/table.hpp"

namespace {

using namespace loadgen;
using std::chrono::milliseconds;
using std::chrono::seconds;

plan::Plan open_plan() {
    plan::Plan plan;
    plan.endpoints.resize(1);
    plan.endpoints[0].name = "/";
    plan.endpoints[0].target.authority = "h:1";
    plan.load.model = plan::Model::open;
    plan.load.profile = {{0, 500}};
    plan.load.duration = seconds(10);
    plan.load.warm_up = seconds(1);
    return plan;
}

// 500 requests of one second, answered in 2 ms from sent and 20 ms from due; 5 of them time out.
result::Interval interval(std::uint32_t second) {
    stats::Histogram service;
    stats::Histogram response;
    for (int i = 0; i < 500; ++i) {
        service.record(milliseconds(2));
        response.record(milliseconds(i % 100 == 0 ? 2000 : 20));
    }
    result::Interval made;
    made.second = second;
    made.endpoints.resize(1);
    result::Tally& tally = made.endpoints[0];
    tally.due = tally.sent = 500;
    tally.answered = 495;
    tally.failures[static_cast<std::size_t>(result::Failure::timeout)] = 5;
    tally.statuses[200] = 495;
    tally.service = service.cells();
    tally.response = response.cells();
    made.in_flight = 3;
    made.cpu = 0.25;
    made.late = service.cells();
    return made;
}

live::View view_of_three_seconds(const plan::Plan& plan) {
    result::Collector collector(plan);
    for (std::uint32_t second = 0; second < 3; ++second) EXPECT_TRUE(collector.add(interval(second)));
    return live::view_of(plan, collector.progress(), 3.5);
}

std::string joined(const live::Frame& frame) {
    std::string text;
    for (const std::string& line : frame) text += line + '\n';
    return text;
}

// Without the sequences that colour it.
std::size_t visible_width(const std::string& line) {
    return report::width_of(std::regex_replace(line, std::regex("\x1b\\[[0-9]*m"), ""));
}

TEST(View, holds_complete_seconds_only) {
    const plan::Plan plan = open_plan();
    result::Collector collector(plan);
    for (std::uint32_t second = 0; second < 3; ++second) ASSERT_TRUE(collector.add(interval(second)));
    const auto progress = collector.progress();
    EXPECT_EQ(live::complete_seconds(plan, progress, -0.5), 0U);
    EXPECT_EQ(live::complete_seconds(plan, progress, 1.1), 0U)
        << "the slowest worker may still be to hand it over";
    EXPECT_EQ(live::complete_seconds(plan, progress, 1.5), 1U);
    EXPECT_EQ(live::complete_seconds(plan, progress, 60), 3U);
    EXPECT_EQ(live::view_of(plan, progress, 0.5).last, 0U);
    EXPECT_EQ(live::view_of(plan, progress, 2.5).last_second, 1U);
    EXPECT_EQ(live::view_of(plan, progress, 60).strip.size(), 3U);
}

TEST(View, rates_are_of_the_last_seconds) {
    const plan::Plan plan = open_plan();
    result::Collector collector(plan);
    ASSERT_TRUE(collector.add(interval(0)));
    result::Interval less = interval(1);
    less.endpoints[0].due = 300;
    ASSERT_TRUE(collector.add(less));
    EXPECT_DOUBLE_EQ(live::view_of(plan, collector.progress(), 2.5, 1).offered, 300);
    EXPECT_DOUBLE_EQ(live::view_of(plan, collector.progress(), 2.5, 2).offered, 400);
    EXPECT_DOUBLE_EQ(live::view_of(plan, collector.progress(), 2.5, 5).offered, 400) << "there are two only";
}

TEST(View, percentiles_without_samples_enough_are_left_out) {
    const live::View view = view_of_three_seconds(open_plan());
    EXPECT_FALSE(view.response_last.p99.has_value()) << "500 samples";
    EXPECT_TRUE(view.response.p99.has_value()) << "1500 samples";
    EXPECT_FALSE(view.response.p999.has_value());
}

TEST(Frame, shows_everything) {
    const live::View view = view_of_three_seconds(open_plan());
    EXPECT_EQ(joined(live::render(view, {80, 40, false, false})),
              R"( baton-load  GET http://h:1/
 500 requests/s, uniform, for 10 s after 1 s of warm-up
 measuring  #################--------------------------------- 3.5 of 10.0 s

 rate       500/s offered  495/s answered  5/s errors  3 in flight
 so far     1,500 offered  1,485 answered  15 errors (1.0 %)

                             p50      p90      p99    p99.9      max          n
 from due    so far      20.0 ms  20.0 ms  20.0 ms      n/a   2.00 s      1,500
             last        20.0 ms  20.0 ms      n/a      n/a   2.00 s        500
 from sent   so far      2.00 ms  2.00 ms  2.00 ms      n/a  2.00 ms      1,500
             last        2.00 ms  2.00 ms      n/a      n/a  2.00 ms        500

 status     200: 1,485
 errors     timeout: 15
 generator  0.25 cores, busiest thread 25.0 %, own lateness p99 2.00 ms

    >= 1 s |:::
     < 1 s |
  < 100 ms |###
   < 10 ms |
    < 1 ms |
  < 0.1 ms |
            a column for each second, from due
)");
}

TEST(Frame, has_no_due_in_the_closed_model) {
    plan::Plan plan = open_plan();
    plan.load.model = plan::Model::closed;
    const std::string text = joined(live::render(view_of_three_seconds(plan), {80, 40, false, false}));
    EXPECT_EQ(text.find("due"), std::string::npos) << text;
    EXPECT_EQ(text.find("offered"), std::string::npos) << text;
    EXPECT_NE(text.find("closed model, 10 connections"), std::string::npos) << text;
}

TEST(Frame, says_that_it_warms_up) {
    live::View view = view_of_three_seconds(open_plan());
    view.elapsed = -0.25;
    EXPECT_EQ(live::render(view, {40, 40, false, false})[2], " warm-up    ##- 0.8 of 1.0 s of warm-up");
}

TEST(Frame, fits_the_window) {
    live::View view = view_of_three_seconds(open_plan());
    view.strip.resize(500, {0, 0, 7, 0, 0, 0});
    for (const bool colours : {false, true}) {
        for (const std::size_t columns : {1U, 20U, 80U, 200U}) {
            for (const std::size_t rows : {1U, 5U, 20U, 24U, 60U}) {
                const live::Frame frame = live::render(view, {columns, rows, colours, true});
                EXPECT_LE(frame.size(), std::max<std::size_t>(rows - 1, 1));
                for (const std::string& line : frame) EXPECT_LE(visible_width(line), columns) << line;
            }
        }
    }
}

TEST(Frame, is_coloured_only_when_told) {
    const live::View view = view_of_three_seconds(open_plan());
    EXPECT_EQ(joined(live::render(view, {80, 40, false, true})).find('\x1b'), std::string::npos);
    const std::string coloured = joined(live::render(view, {80, 40, true, true}));
    EXPECT_NE(coloured.find("\x1b[31mtimeout\x1b[0m: 15"), std::string::npos) << coloured;
}

TEST(Frame, any_answer_at_all_is_seen_in_the_strip) {
    live::View view = view_of_three_seconds(open_plan());
    view.strip = {{1'000'000, 1, 0, 0, 0, 0}};
    const live::Frame frame = live::render(view, {80, 40, false, false});
    EXPECT_EQ(frame[frame.size() - 2], "  < 0.1 ms |#");
    EXPECT_EQ(frame[frame.size() - 3], "    < 1 ms |.");
    EXPECT_EQ(frame[frame.size() - 4], "   < 10 ms |");
}

TEST(Plain, a_line_says_it_all) {
    EXPECT_EQ(live::plain_line(view_of_three_seconds(open_plan())),
              "    3 s  500/s offered  495/s answered  5/s errors  3 in flight  from due p50 20.0 ms  p99 "
              "n/a  max 2.00 s");
}

TEST(Plain, long_runs_have_a_line_in_five_seconds) {
    plan::Plan plan = open_plan();
    EXPECT_EQ(live::seconds_per_line(plan), 1U);
    plan.load.duration = seconds(61);
    EXPECT_EQ(live::seconds_per_line(plan), 5U);
}

// Where a test looks at what was written to a descriptor.
class Pipe {
  public:
    Pipe() { EXPECT_EQ(pipe(ends_.data()), 0); }
    ~Pipe() {
        close(ends_[0]);
        if (ends_[1] >= 0) close(ends_[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int in() const { return ends_[1]; }
    std::string all() {
        close(std::exchange(ends_[1], -1));
        std::string text;
        std::array<char, 4096> block{};
        for (ssize_t got = 1; got > 0;) {
            got = read(ends_[0], block.data(), block.size());
            if (got > 0) text.append(block.data(), static_cast<std::size_t>(got));
        }
        return text;
    }

  private:
    std::array<int, 2> ends_{};
};

TEST(Screen, draws_over_the_frame_before_and_gives_the_cursor_back) {
    Pipe pipe;
    {
        live::Screen screen(pipe.in());
        EXPECT_TRUE(screen.show({"one", "two"}, 80));
        EXPECT_TRUE(screen.show({"three"}, 80));
    }
    EXPECT_EQ(pipe.all(),
              "\x1b[?25lone\x1b[K\ntwo\x1b[K\n\x1b[J"
              "\r\x1b[2Athree\x1b[K\n\x1b[J"
              "\r\x1b[A\x1b[J\x1b[?25h");
}

TEST(Screen, a_window_of_another_width_is_cleared) {
    Pipe pipe;
    {
        live::Screen screen(pipe.in());
        screen.show({"one"}, 80);
        screen.show({"two"}, 40);
    }
    EXPECT_NE(pipe.all().find("\x1b[2J\x1b[Htwo"), std::string::npos);
}

TEST(Screen, without_a_frame_nothing_is_written) {
    Pipe pipe;
    {
        const live::Screen screen(pipe.in());
    }
    EXPECT_EQ(pipe.all(), "");
}

TEST(Terminal, a_pipe_is_none) {
    const Pipe pipe;
    EXPECT_FALSE(live::is_terminal(pipe.in()));
    EXPECT_FALSE(live::wants_colours(pipe.in()));
    EXPECT_EQ(live::style_for(pipe.in()), live::Style::plain);
    EXPECT_EQ(live::look_of(pipe.in()).columns, 80U);
}

TEST(Viewer, prints_the_whole_seconds_that_are_there) {
    const plan::Plan plan = open_plan();
    result::Collector collector(plan);
    for (std::uint32_t second = 0; second < 3; ++second) ASSERT_TRUE(collector.add(interval(second)));
    Pipe pipe;
    live::Viewer viewer(plan, collector, live::Style::plain, pipe.in());
    // The third second may be over by the time the end comes, on a slow machine: the test does not ask.
    viewer.begin(Clock::now() - plan.load.warm_up - milliseconds(2100));
    viewer.end();
    viewer.end();
    const std::string text = pipe.all();
    EXPECT_EQ(text.find("    1 s  500/s offered"), 0U) << text;
    EXPECT_NE(text.find("\n    2 s  500/s offered"), std::string::npos) << text;
}

TEST(Viewer, a_screen_is_taken_away_at_the_end) {
    const plan::Plan plan = open_plan();
    const result::Collector collector(plan);
    Pipe pipe;
    {
        live::Viewer viewer(plan, collector, live::Style::screen, pipe.in());
        viewer.begin(Clock::now());
    }
    const std::string text = pipe.all();
    EXPECT_EQ(text.find("\x1b[?25l baton-load  GET http://h:1/"), 0U) << text;
    EXPECT_TRUE(text.ends_with("\x1b[J\x1b[?25h")) << text;
}

TEST(Viewer, none_is_silent) {
    const plan::Plan plan = open_plan();
    const result::Collector collector(plan);
    Pipe pipe;
    live::Viewer viewer(plan, collector, live::Style::none, pipe.in());
    viewer.begin(Clock::now() - seconds(5));
    viewer.end();
    EXPECT_EQ(pipe.all(), "");
}

}  // namespace
