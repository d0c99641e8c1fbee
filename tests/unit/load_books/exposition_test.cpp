// The Prometheus text format as servers write it, and as they should not.
#include "loadgen/books/exposition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <variant>

namespace loadgen::books {
namespace {

Exposition parsed(std::string_view text) {
    auto outcome = Exposition::parse(text);
    if (const auto* trouble = std::get_if<Trouble>(&outcome)) {
        ADD_FAILURE() << trouble->why;
        return {};
    }
    return std::get<Exposition>(std::move(outcome));
}

std::string trouble_with(std::string_view text) {
    auto outcome = Exposition::parse(text);
    const auto* trouble = std::get_if<Trouble>(&outcome);
    return trouble ? trouble->why : "none";
}

TEST(Exposition, ReadsWhatAPythonServerSays) {
    const Exposition metrics = parsed(
        "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 0.37\n"
        "# HELP python_info Python platform information\n"
        "# TYPE python_info gauge\n"
        "python_info{implementation=\"CPython\",major=\"3\",minor=\"11\",version=\"3.11.2\"} 1.0\n"
        "\n"
        "http_requests_total{method=\"GET\",code=\"200\"} 1027 1395066363000\n"
        "http_requests_total{method=\"GET\",code=\"400\"} 3 1395066363000\n");
    EXPECT_EQ(metrics.size(), 4U);
    EXPECT_DOUBLE_EQ(metrics.total("process_cpu_seconds_total").value(), 0.37);
    EXPECT_DOUBLE_EQ(metrics.total("http_requests_total").value(), 1030);
    ASSERT_EQ(metrics.samples("python_info").size(), 1U);
    EXPECT_EQ(label(metrics.samples("python_info").front(), "version"), "3.11.2");
    EXPECT_EQ(label(metrics.samples("python_info").front(), "absent"), "");
    EXPECT_FALSE(metrics.total("absent").has_value());
}

TEST(Exposition, UndoesEscapesInLabels) {
    const Exposition metrics =
        parsed(R"(up{path="C:\\DIR\\FILE",error="Cannot find:\n\"FILE\"",odd="\x} 1"} 1)");
    const Sample& sample = metrics.samples("up").front();
    EXPECT_EQ(label(sample, "path"), "C:\\DIR\\FILE");
    EXPECT_EQ(label(sample, "error"), "Cannot find:\n\"FILE\"");
    EXPECT_EQ(label(sample, "odd"), "\\x} 1");
}

TEST(Exposition, TakesEveryKindOfNumber) {
    const Exposition metrics =
        parsed("a NaN\nb +Inf\nc -Inf\nd 1.5e-3\ne -2\nf{} 7\ng{x=\"1\",} 8\n  h\t9  \r\n");
    EXPECT_TRUE(std::isnan(metrics.total("a").value()));
    EXPECT_TRUE(std::isinf(metrics.total("b").value()));
    EXPECT_LT(metrics.total("c").value(), 0);
    EXPECT_DOUBLE_EQ(metrics.total("d").value(), 0.0015);
    EXPECT_DOUBLE_EQ(metrics.total("e").value(), -2);
    EXPECT_DOUBLE_EQ(metrics.total("f").value(), 7);
    EXPECT_DOUBLE_EQ(metrics.total("g").value(), 8);
    EXPECT_DOUBLE_EQ(metrics.total("h").value(), 9);
}

TEST(Exposition, NothingIsNoMetrics) {
    EXPECT_EQ(parsed("").size(), 0U);
    EXPECT_EQ(parsed("\n\n# only a remark").size(), 0U);
}

TEST(Exposition, SaysWhichLineIsWrong) {
    EXPECT_EQ(trouble_with("good 1\n<html>\n"), "not the Prometheus text format: line 2: no name");
    EXPECT_EQ(trouble_with("name"), "not the Prometheus text format: line 1: no number");
    EXPECT_EQ(trouble_with("name one"), "not the Prometheus text format: line 1: no number");
    EXPECT_EQ(trouble_with("name 1-1"), "not the Prometheus text format: line 1: no number");
    EXPECT_EQ(trouble_with("name --1"), "not the Prometheus text format: line 1: no number");
    EXPECT_EQ(trouble_with("name 1 soon"),
              "not the Prometheus text format: line 1: a timestamp that is not a number");
    EXPECT_EQ(trouble_with("name 1 2 3"), "not the Prometheus text format: line 1: more than a sample");
    EXPECT_EQ(trouble_with("name{a=\"1} 1"),
              "not the Prometheus text format: line 1: a label whose value is not between quotes");
    EXPECT_EQ(trouble_with("name{a=\"1\\"),
              "not the Prometheus text format: line 1: a label whose value is not between quotes");
    EXPECT_EQ(trouble_with("name{a=\"1\" b=\"2\"} 1"),
              "not the Prometheus text format: line 1: labels without an end");
    EXPECT_EQ(trouble_with("name{a=\"1\",a=\"2\"} 1"),
              "not the Prometheus text format: line 1: a label twice");
    EXPECT_EQ(trouble_with("name{=\"1\"} 1"),
              "not the Prometheus text format: line 1: a label without a name");
    EXPECT_EQ(trouble_with("name{a} 1"), "not the Prometheus text format: line 1: a label without '='");
    EXPECT_EQ(trouble_with(std::string_view("na\0me 1", 7)),
              "not the Prometheus text format: line 1: no number");
}

TEST(Exposition, IsBounded) {
    std::string labels;
    for (std::size_t i = 0; i <= Exposition::kMostLabels; ++i) labels += "l" + std::to_string(i) + "=\"\",";
    EXPECT_EQ(trouble_with("name{" + labels + "} 1"),
              "not the Prometheus text format: line 1: too many labels");

    std::string many;
    for (std::size_t i = 0; i < Exposition::kMostSamples; ++i) many += "a 1\n";
    EXPECT_EQ(trouble_with(many), "none");
    EXPECT_EQ(trouble_with(many + "a 1\n"), "more than 200000 metrics");
    EXPECT_EQ(trouble_with(std::string(Exposition::kMostBytes + 1, '\n')), "more than 32 MiB of metrics");
}

}  // namespace
}  // namespace loadgen::books
