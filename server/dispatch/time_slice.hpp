// Asks the kernel to let the calling thread run soon after it wakes, for less time at a stretch.
//
// Threads: acts for the calling one. Lifetime: until the thread ends. Cannot: give it more of the CPU than
// its share; nor do anything on kernels before 6.12, which do not know it, nor where it is forbidden. Then
// nothing changes.
#pragma once

namespace baton::dispatch {

// I/O threads and interpreter threads wake for tens of microseconds, beside threads that compute: on busy
// cores they would stand behind those for a whole slice, some 3 ms, each time.
void ask_for_short_slices() noexcept;
// For the time of a long computation: threads with short slices interrupt it when they wake.
void ask_for_long_slices() noexcept;

}  // namespace baton::dispatch
