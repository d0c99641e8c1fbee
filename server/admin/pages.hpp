// Which page a target names, and what it says.
//
// Threads: a pure function over the sources; the admin thread.
// Lifetime: answers own their bytes.
// Cannot: read requests or write responses (session.hpp does).
#pragma once

#include <string_view>

#include "server/admin/page.hpp"
#include "server/admin/sources.hpp"

namespace baton::admin {

// `target` as in the request line; a query is ignored.
Page page(std::string_view target, const Sources& sources);

}  // namespace baton::admin
