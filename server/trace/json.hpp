// The timeline as JSON: Chrome's trace events, which Perfetto and chrome://tracing open, and beside them what
// the live page needs; docs/gil_timeline.md describes it.
//
// Threads: as Format. Lifetime: keeps nothing of the recording. Cannot: draw arrows between requests' parts.
#pragma once

#include <memory>

#include "server/trace/pieces.hpp"

namespace baton::trace {

std::unique_ptr<Format> json();

}  // namespace baton::trace
