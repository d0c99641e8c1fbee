// Where applications are mounted, and what cannot be a prefix.
#include "server/config/applications.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace baton::config {
namespace {

using test::config_of;
using test::failure_of;
using test::serve;

TEST(Mounts, FromAFlagEachAndTheRestStaysWithTheApplication) {
    const Config config = config_of(serve({"--mount", "/api=site.api:app", "--mount=/a/b=m:make.it()"}));
    const std::vector<MountedApplication> expected{{"/api", "site.api:app", false},
                                                   {"/a/b", "m:make.it", true}};
    EXPECT_EQ(config.python.mounts, expected);
    EXPECT_EQ(config.python.application, "m:app");
    EXPECT_FALSE(config.python.factory);
}

TEST(Mounts, SeveralFromTheEnvironment) {
    const Config config = config_of(serve({}, {{"BATON_MOUNT", "/a=m:a, /b=m:b"}}));
    const std::vector<MountedApplication> expected{{"/a", "m:a", false}, {"/b", "m:b", false}};
    EXPECT_EQ(config.python.mounts, expected);
}

TEST(Mounts, OneForEachPrefix) {
    EXPECT_EQ(failure_of(serve({"--mount", "/a=m:a", "--mount", "/a=m:b"})),
              "--mount: \"/a\" is given twice");
    EXPECT_EQ(config_of(serve({"--mount", "/a=m:a", "--mount", "/a/b=m:a"})).python.mounts.size(), 2U);
}

TEST(Mounts, PrefixesThatNoPathBeginsWith) {
    for (const char* prefix : {"", "api", "/", "/api/", "//api", "/a//b", "/..", "/a/../b", "/a/.", "/a b",
                               "/a%20b", "/a?b", "/a#b", "/a\nb"}) {
        const std::string line = failure_of(serve({std::string("--mount=") + prefix + "=m:app"}));
        EXPECT_EQ(line.find("--mount: "), 0U) << prefix << ": " << line;
        EXPECT_NE(line.find(prefix == std::string("/") ? "without a prefix" : "a prefix "), line.npos)
            << prefix << ": " << line;
    }
    for (const char* prefix : {"/a", "/a/b", "/a..b", "/.well-known", "/ä", "/a+b"})
        EXPECT_EQ(config_of(serve({std::string("--mount=") + prefix + "=m:app"})).python.mounts.at(0).prefix,
                  prefix);
}

TEST(Mounts, TheirApplicationsAreNamedLikeTheOther) {
    EXPECT_EQ(failure_of(serve({"--mount", "/a=site"})),
              "--mount: \"site\": names a module but no callable in it; write MODULE:CALLABLE, such as "
              "site:app");
    EXPECT_EQ(
        failure_of(serve({"--mount", "/a=site/api.py:app"})),
        "--mount: \"site/api.py:app\": before the colon goes a module's dotted name, as in import (such as "
        "site.api:app)");
    EXPECT_EQ(failure_of(serve({"--mount", "/a=m:a b"})),
              "--mount: \"m:a b\": after the colon goes the callable's name (such as mysite.wsgi:app)");
}

}  // namespace
}  // namespace baton::config
