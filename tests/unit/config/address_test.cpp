#include "server/config/address.hpp"

#include <gtest/gtest.h>

namespace baton::config {
namespace {

std::string round_trip(const std::string& text) {
    const Parsed<BindAddress> address = bind_address(text);
    return address ? to_string(*address) : "error: " + address.error();
}

TEST(BindAddress, EveryForm) {
    EXPECT_EQ(*bind_address("127.0.0.1:8000"), BindAddress(TcpAddress{"127.0.0.1", 8000}));
    EXPECT_EQ(*bind_address("localhost:0"), BindAddress(TcpAddress{"localhost", 0}));
    EXPECT_EQ(*bind_address(":8000"), BindAddress(TcpAddress{"0.0.0.0", 8000}));
    EXPECT_EQ(*bind_address("[::1]:8000"), BindAddress(TcpAddress{"::1", 8000}));
    EXPECT_EQ(*bind_address("[fe80::1%eth0]:80"), BindAddress(TcpAddress{"fe80::1%eth0", 80}));
    EXPECT_EQ(*bind_address("unix:/run/baton.sock"), BindAddress(UnixAddress{"/run/baton.sock"}));
    EXPECT_EQ(*bind_address("fd://3"), BindAddress(InheritedSocket{3}));
}

TEST(BindAddress, PrintsAsItIsWritten) {
    for (const char* text : {"127.0.0.1:8000", "example.org:80", "[::1]:8000", "unix:/a b", "fd://17"}) {
        EXPECT_EQ(round_trip(text), text);
    }
}

TEST(BindAddress, NumericAddressesComeOutCanonical) {
    EXPECT_EQ(round_trip("[0:0::0001]:80"), "[::1]:80");
}

TEST(BindAddress, SaysWhatIsWrong) {
    const std::string example =
        "error: must be HOST:PORT (such as 127.0.0.1:8000, [::1]:8000 or :8000), not ";
    for (const char* text :
         {"", "8000", "localhost", "localhost:", "localhost:65536", "localhost:-1", "a b:80", "1.2.3:80",
          "999.1.1.1:80", "[::g]:80", "[]:80", "[::1%]:80", "http//x:80"}) {
        EXPECT_EQ(round_trip(text), example + "\"" + text + "\"");
    }
    EXPECT_EQ(round_trip("::1:8000"),
              "error: an IPv6 address goes in brackets (such as [::1]:8000), not \"::1:8000\"");
    EXPECT_EQ(round_trip("unix:"), "error: unix: needs a path (such as unix:/run/baton.sock)");
    EXPECT_EQ(round_trip("fd://x"), "error: fd:// must be a whole number from 3 to 1048576, not \"x\"");
    EXPECT_EQ(round_trip("fd://1"), "error: fd:// must be a whole number from 3 to 1048576, not \"1\"");
}

bool collide(const char* a, const char* b) {
    return config::collide(*bind_address(a), *bind_address(b));
}

TEST(Collide, SameAddressOrWildcard) {
    EXPECT_TRUE(collide("127.0.0.1:80", "127.0.0.1:80"));
    EXPECT_TRUE(collide("0.0.0.0:80", "127.0.0.1:80"));
    EXPECT_TRUE(collide("127.0.0.1:80", ":80"));
    EXPECT_TRUE(collide("unix:/a", "unix:/a"));
    EXPECT_TRUE(collide("fd://3", "fd://3"));
    EXPECT_FALSE(collide("127.0.0.1:80", "127.0.0.1:81"));
    EXPECT_FALSE(collide("127.0.0.1:80", "127.0.0.2:80"));
    EXPECT_FALSE(collide("127.0.0.1:0", "127.0.0.1:0"));
    EXPECT_FALSE(collide("0.0.0.0:80", "[::1]:80"));
    EXPECT_FALSE(collide("unix:/a", "unix:/b"));
}

}  // namespace
}  // namespace baton::config
