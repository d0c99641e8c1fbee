// Which page a target names, and what it says.
//
// Threads: a function over the sources; the admin thread.
// Lifetime: answers own their bytes.
// Cannot: read requests or write responses (session.hpp does).
#pragma once

#include <string_view>

#include "server/admin/sources.hpp"
#include "server/admin/stream.hpp"
#include "server/admin/trace_page.hpp"

namespace baton::admin {

// `target` as in the request line; where no query is expected it is ignored.
Reply page(std::string_view target, const Sources& sources, TracePage& traces);

}  // namespace baton::admin
