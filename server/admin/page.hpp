// One answer of an admin address, before it is HTTP.
//
// Threads: a plain value.
// Lifetime: owns its bytes; `type` is a constant.
// Cannot: say whether it may be kept: no page may.
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
};

inline Page plain(unsigned status, std::string text) {
    return {status, kText, std::move(text)};
}

}  // namespace baton::admin
