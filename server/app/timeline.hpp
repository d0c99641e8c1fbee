// The GIL's timeline for the trace room: recordings of interp/gil in its words.
//
// Threads: as trace::Source; without the GIL. Lifetime: table and runtime outlive the source.
// Cannot: be there twice in a process.
#pragma once

#include "interp/runtime.hpp"
#include "server/routing/route_table.hpp"
#include "server/trace/recording.hpp"

namespace baton::app {

trace::Source timeline(const routing::RouteTable& routes, const interp::Runtime& runtime);

}  // namespace baton::app
