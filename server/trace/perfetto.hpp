// Perfetto's TrackEvent protobuf: a track for each thread and interpreter, slices with what they are about,
// an instant for each forced hand-over and for an end that came too early, arrows between the parts of a
// request, and the waiters as a counter.
//
// Threads: as Format. Lifetime: keeps nothing of the recording but what it numbered.
// Cannot: be read by versions of Perfetto from before TrackEvent (2020).
#pragma once

#include <memory>

#include "server/trace/pieces.hpp"

namespace baton::trace {

std::unique_ptr<Format> perfetto();

}  // namespace baton::trace
