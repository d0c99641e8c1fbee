// Which page a target names, and what it says.
//
// Threads: a pure function over the sources; the admin thread.
// Lifetime: answers own their bytes.
// Cannot: read requests or write responses (session.hpp does).
#pragma once

#include <string>
#include <string_view>

#include "server/admin/sources.hpp"

namespace baton::admin {

struct Page {
    unsigned status = 200;
    std::string_view type;
    std::string body;
};

Page plain(unsigned status, std::string text);
// `target` as in the request line; a query is ignored.
Page page(std::string_view target, const Sources& sources);

}  // namespace baton::admin
