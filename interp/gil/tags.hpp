// On whose behalf a thread uses the GIL: one of the program's own tags (Baton has one for each route), or the
// name of the thread.
//
// Threads: any. Making a tag of a name takes a spin lock, reading takes none.
// Lifetime: the whole process; a tag means the same for ever.
// Cannot: tell more names apart than there is room for; the rest share kOtherThreads.
#pragma once

#include <cstdint>
#include <string>

namespace baton::gil {

using Tag = std::uint16_t;

inline constexpr Tag kOther = 0;           // the program's tag for everything that has none of its own
inline constexpr Tag kProgramTags = 101;   // tags below this are the program's
inline constexpr Tag kOtherThreads = 101;  // threads whose names found no room
inline constexpr Tag kNobody = 126;        // the GIL was free: somebody had let go, the next was on its way
inline constexpr Tag kNotKnownYet = 127;   // a thread that stands in line for a request that it will get
inline constexpr Tag kTags = 128;

// The tag of threads with this name. Numbers count as the same: "Thread-1" and "Thread-2" are "Thread-N".
Tag tag_of_thread(const char* name) noexcept;
// The tag of the calling thread by its name in the kernel.
Tag tag_of_this_thread() noexcept;

inline bool is_program_tag(Tag tag) {
    return tag < kProgramTags;
}
// In the child of a fork: whoever was adding a name is not there.
void names_start_over() noexcept;

// Of a tag that is not the program's: the thread's name, "(other threads)" or "(free)".
std::string name_of(Tag tag);

}  // namespace baton::gil
