#include "server/http/upgrade.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/http/request_parser.hpp"

namespace baton::http {
namespace {

using testing::ElementsAre;

constexpr std::string_view kUsual = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
constexpr std::string_view kVersion = "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

struct Parsed {
    Request request;
    explicit Parsed(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
        RequestParser parser(request, {});
        parser.parse_head(line + "\r\nHost: h\r\n" + fields + "\r\n");
        EXPECT_EQ(parser.fault(), Fault::none) << fields;
        EXPECT_TRUE(parser.head_done()) << fields;
    }
};

std::string all(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text.append(part);
    return text;
}

TEST(Upgrade, IsSeenWhateverItsSpelling) {
    EXPECT_TRUE(asks_for_web_socket(Parsed(std::string(kUsual)).request));
    EXPECT_TRUE(asks_for_web_socket(
        Parsed("CONNECTION: foo\r\nconnection: UPGRADE\r\nupgrade: h2c, WebSocket\r\n").request));
}

TEST(Upgrade, IsIgnoredWhereItMeansNothing) {
    EXPECT_FALSE(asks_for_web_socket(Parsed("Upgrade: websocket\r\n").request));
    EXPECT_FALSE(asks_for_web_socket(Parsed("Connection: Upgrade\r\n").request));
    EXPECT_FALSE(asks_for_web_socket(Parsed("Connection: Upgrade\r\nUpgrade: h2c\r\n").request));
    EXPECT_FALSE(asks_for_web_socket(Parsed("Connection: Upgrades\r\nUpgrade: websocket\r\n").request));
    EXPECT_FALSE(asks_for_web_socket(Parsed(std::string(kUsual), "GET / HTTP/1.0").request));
    EXPECT_FALSE(asks_for_web_socket(Parsed(std::string(kUsual), "POST / HTTP/1.1").request));
}

TEST(Upgrade, TheHandshakeOfTheRfcIsFaultless) {
    EXPECT_EQ(check_web_socket(Parsed(all({kUsual, kVersion, kKey})).request).status, 0);
}

TEST(Upgrade, OtherVersionsLearnOurs) {
    for (const std::string_view version :
         {"", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 13, 8\r\n",
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"}) {
        const UpgradeFault fault = check_web_socket(Parsed(all({kUsual, version, kKey})).request);
        EXPECT_EQ(fault.status, 426) << version;
        EXPECT_NE(fault.fields.find("Sec-WebSocket-Version: 13\r\n"), std::string_view::npos);
        EXPECT_NE(fault.fields.find("Upgrade: websocket\r\n"), std::string_view::npos);
    }
}

TEST(Upgrade, KeysAreSixteenBytes) {
    for (const std::string_view key : {
             "",                                                    //
             "Sec-WebSocket-Key:\r\n",                              //
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n",         // 15 bytes
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=\r\n",     // 17
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n",     // bits left over
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n",     // no digit
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==AAAA\r\n"  //
         }) {
        EXPECT_EQ(check_web_socket(Parsed(all({kUsual, kVersion, key})).request).status, 400) << key;
    }
    EXPECT_EQ(check_web_socket(Parsed(all({kUsual, kVersion, kKey, kKey})).request).status, 400)
        << "two keys";
}

TEST(Upgrade, HasNoFieldsThatBeastWouldThrowAt) {
    for (const std::string name : {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"}) {
        // Together they are too long, each by itself is not.
        const std::string half = name + ": " + std::string(kHandshakeFieldBytes / 2, 'a') + "\r\n";
        const auto status = [&](const std::string& fields) {
            return check_web_socket(Parsed(all({kUsual, kVersion, kKey, fields})).request).status;
        };
        EXPECT_EQ(status(half), 0) << name;
        EXPECT_EQ(status(half + half), 431) << name;
    }
}

TEST(Upgrade, HasNoBody) {
    EXPECT_EQ(check_web_socket(Parsed(all({kUsual, kVersion, kKey, "Content-Length: 3\r\n"})).request).status,
              400);
    EXPECT_EQ(check_web_socket(Parsed(all({kUsual, kVersion, kKey, "Content-Length: 0\r\n"})).request).status,
              0);
    EXPECT_EQ(
        check_web_socket(Parsed(all({kUsual, kVersion, kKey, "Transfer-Encoding: chunked\r\n"})).request)
            .status,
        400);
}

TEST(Upgrade, ListsGoOverAllLines) {
    const Parsed parsed("Sec-WebSocket-Protocol: chat,  v2.chat ,\r\nsec-websocket-protocol: last\r\n");
    EXPECT_THAT(list_of(parsed.request, "Sec-WebSocket-Protocol"), ElementsAre("chat", "v2.chat", "last"));
    EXPECT_EQ(joined(parsed.request, "Sec-WebSocket-Protocol"), "chat,  v2.chat ,, last");
    EXPECT_EQ(joined(parsed.request, "Sec-WebSocket-Extensions"), "");
}

}  // namespace
}  // namespace baton::http
