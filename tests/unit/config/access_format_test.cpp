#include "server/config/access_format.hpp"

#include <gtest/gtest.h>

namespace baton::config {
namespace {

std::string error(std::string_view text) {
    const auto pieces = access_format(text);
    return pieces ? "(accepted)" : pieces.error();
}

TEST(AccessFormat, TextAndAtoms) {
    const auto pieces = access_format("{method} to {target}{status}!");
    ASSERT_TRUE(pieces);
    ASSERT_EQ(pieces->size(), 5U);
    EXPECT_EQ((*pieces)[0].atom, Atom::method);
    EXPECT_EQ((*pieces)[1].text, " to ");
    EXPECT_EQ((*pieces)[2].atom, Atom::target);
    EXPECT_EQ((*pieces)[3].atom, Atom::status);
    EXPECT_EQ((*pieces)[4].text, "!");
}

TEST(AccessFormat, DoubledBracesAreText) {
    const auto pieces = access_format("{{{id}}}");
    ASSERT_TRUE(pieces);
    ASSERT_EQ(pieces->size(), 3U);
    EXPECT_EQ((*pieces)[0].text, "{");
    EXPECT_EQ((*pieces)[1].atom, Atom::id);
    EXPECT_EQ((*pieces)[2].text, "}");
}

TEST(AccessFormat, AnUnknownAtomIsNamedWithThoseThatAre) {
    EXPECT_EQ(
        error("{method} {path}"),
        "there is no atom \"{path}\" (there are time, remote, method, target, protocol, status, bytes, id, "
        "route, referer, user_agent, duration_ms, queue_ms, gil_wait_ms, gil_hold_ms, lock_wait_ms, "
        "ready_ms, off_gil_ms, send_ms)");
    EXPECT_NE(error("{}"), "(accepted)");
}

TEST(AccessFormat, SingleBraces) {
    EXPECT_EQ(error("{method"), "a single { in \"{method\" (write {{ for the character itself)");
    EXPECT_EQ(error("method}"), "a single } in \"method}\" (write }} for the character itself)");
}

}  // namespace
}  // namespace baton::config
