// The GIL's timeline for the trace room: recordings of interp/gil in its words.
//
// Threads: as trace::Source; without the GIL. Lifetime: the table outlives the source.
// Cannot: be there twice in a process.
#pragma once

#include "server/routing/route_table.hpp"
#include "server/trace/recording.hpp"

namespace baton::app {

trace::Source timeline(const routing::RouteTable& routes);

}  // namespace baton::app
