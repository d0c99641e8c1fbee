#include <gtest/gtest.h>

#include "server/config/sources.hpp"
#include "tests/unit/config/support.hpp"

namespace baton::config {
namespace {

class File : public testing::Test {
  protected:
    std::string error(const std::string& text) {
        path_ = directory_.file("baton.toml", text);
        const auto rows = from_file(path_, "--config");
        if (rows) return "(accepted)";
        // What is behind the path.
        EXPECT_EQ(rows.error().find(path_), 0U) << rows.error();
        return rows.error().substr(std::min(path_.size(), rows.error().size()));
    }

    test::TemporaryDirectory directory_;
    std::string path_;
};

TEST_F(File, RowsKnowWhereTheyStand) {
    const std::string path =
        directory_.file("a.toml", "threads = 4\nroute = [\n  '/a',\n  '/b',\n]\nfactory = true\n");
    const auto rows = from_file(path, "--config");
    ASSERT_TRUE(rows) << rows.error();
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ((*rows)[0].origin, path + ":1:11: threads");
    EXPECT_EQ((*rows)[0].values, Values{"4"});
    EXPECT_EQ((*rows)[1].origin, path + ":2:9: route");
    EXPECT_EQ((*rows)[1].values, (Values{"/a", "/b"}));
    EXPECT_EQ((*rows)[2].values, Values{"true"});
}

TEST_F(File, MayBeEmpty) {
    EXPECT_EQ(error(""), "(accepted)");
}

TEST_F(File, UnknownKeys) {
    EXPECT_EQ(error("threads = 1\n treads = 1\n"), ":2:2: there is no option \"treads\"");
    EXPECT_EQ(error("[tls]\ncert = 'x'\n"), ":1:2: there is no option \"tls\"");
}

TEST_F(File, TheFirstMistakeIsTheOneReported) {
    EXPECT_EQ(error("zebra = 1\naardvark = 1\n"), ":1:1: there is no option \"zebra\"");
}

TEST_F(File, WrongKindsOfValues) {
    EXPECT_EQ(error("threads = true"), ":1:11: threads: must be a string or a number");
    EXPECT_EQ(error("threads = [1]"), ":1:11: threads: must be a string or a number");
    EXPECT_EQ(error("threads = 2026-01-31"), ":1:11: threads: must be a string or a number");
    EXPECT_EQ(error("threads.x = 1").substr(0, 2), ":1");
    EXPECT_EQ(error("factory = 'true'"), ":1:11: factory: must be true or false, without quotes");
    EXPECT_EQ(error("factory = 1"), ":1:11: factory: must be true or false, without quotes");
    EXPECT_EQ(error("route = [1]"), ":1:9: route: must be an array of strings");
    EXPECT_EQ(error("route = 1"), ":1:9: route: must be an array of strings");
    EXPECT_EQ(error("route = '/one'"), "(accepted)");
}

TEST_F(File, BothSpellingsAtOnce) {
    EXPECT_EQ(error("io-threads = 1\nio_threads = 2\n"), ":2:14: io_threads: given twice");
}

TEST_F(File, CannotNameAnother) {
    EXPECT_EQ(error("config = 'x'"), ":1:10: config: a configuration file cannot name another");
}

TEST_F(File, BrokenSyntaxIsOneLineWithItsPlace) {
    const std::string line = error("threads = 1\nroute = [\n");
    EXPECT_EQ(line, ":2:11: Error while parsing array: encountered end-of-file");
    EXPECT_EQ(error("threads = 1\nthreads = 2\n").substr(0, 3), ":2:");
}

TEST_F(File, ThatIsNotThere) {
    const std::string path = directory_.path("none.toml");
    EXPECT_EQ(test::failure_of(test::serve({"--config", path})),
              "--config: cannot read \"" + path + "\": No such file or directory");
    EXPECT_EQ(test::failure_of(test::serve({}, {{"BATON_CONFIG", path}})),
              "BATON_CONFIG: cannot read \"" + path + "\": No such file or directory");
    EXPECT_EQ(test::failure_of(test::serve({"--config", directory_.path()})),
              "--config: cannot read \"" + directory_.path() + "\": Is a directory");
}

TEST_F(File, TheFlagsFileWinsOverTheEnvironments) {
    const std::string a = directory_.file("a.toml", "threads = 3");
    const std::string b = directory_.file("b.toml", "threads = 4\nio-threads = 4");
    const Config config = test::config_of(test::serve({"--config", a}, {{"BATON_CONFIG", b}}));
    EXPECT_EQ(config.python.threads, (ThreadBounds{3, 3}));
    EXPECT_EQ(config.io_threads, 1U);
}

}  // namespace
}  // namespace baton::config
