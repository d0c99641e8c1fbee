// Which page a target names, and what it says.
//
// Threads: a function over the sources; the admin thread.
// Lifetime: answers own their bytes.
// Cannot: read requests or write responses (session.hpp does).
#pragma once

#include "server/admin/session.hpp"
#include "server/admin/sources.hpp"
#include "server/admin/stream.hpp"
#include "server/admin/trace_page.hpp"

namespace baton::admin {

// Its target is that of the request line; where no query is expected it is ignored.
Reply page(const Asked& asked, const Sources& sources, TracePage& traces);

}  // namespace baton::admin
