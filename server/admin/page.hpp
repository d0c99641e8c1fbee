// One answer of an admin address, before it is HTTP.
//
// Threads: a plain value.
// Lifetime: owns its bytes; `type` is a constant.
// Cannot: be large: it is copied.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace baton::admin {

inline constexpr std::string_view kText = "text/plain; charset=utf-8";

struct Page {
    unsigned status = 200;
    std::string_view type;
    std::string body;
    std::string etag{};         // in quotes; empty: it may not be kept
    bool immutable = false;     // with an etag: nobody needs to ask again
    std::string_view policy{};  // Content-Security-Policy, a constant; empty: it fetches nothing
};

inline Page plain(unsigned status, std::string text) {
    return {status, kText, std::move(text)};
}

}  // namespace baton::admin
