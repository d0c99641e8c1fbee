// /trace: a recording of the GIL's timeline, as long as asked for, and then as a file.
//
// Threads: the admin thread; while it records, the thread does other things. Lifetime: `source` outlives the
// reply. Cannot: record twice at a time.
#pragma once

#include <string_view>

#include "server/admin/stream.hpp"
#include "server/trace/recording.hpp"

namespace baton::admin {

Reply trace_page(std::string_view target, const trace::Source& source);

}  // namespace baton::admin
