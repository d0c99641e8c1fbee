// Exchanges for tests, as a connection would have made them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "server/dispatch/exchange.hpp"
#include "server/dispatch/inbox.hpp"
#include "server/http/request_parser.hpp"

namespace baton::metrics {

inline dispatch::Inbox& inbox() {
    static dispatch::Inbox mute([] {});
    return mute;
}

inline dispatch::ExchangePtr exchange(const std::string& method, const std::string& target) {
    static const http::ParserLimits limits;
    dispatch::ExchangePtr made(new dispatch::Exchange(inbox()));
    http::RequestParser parser(made->request, limits);
    parser.parse_head(method + " " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(parser.head_done()) << parser.reason();
    return made;
}

}  // namespace baton::metrics
