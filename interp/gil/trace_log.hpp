// What an account's owner writes down while the timeline is being recorded: each change of its state, and
// which request it works for. Nothing otherwise: a load and a branch for each change.
//
// Threads: note() and its kin by the account's owner alone; open() and close() by who records (trace.cpp),
// one at a time; a log is read after close(). Lifetime: the pool's memory is there from open() to drop(); a
// Log lives with its account, which is never freed. Cannot: write more than the pool holds: what comes then
// is counted and left out.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "interp/gil/tags.hpp"

namespace baton::gil {

class Account;

namespace trace {

// The number of the recording under way; 0: none.
extern constinit std::atomic<std::uint32_t> current;

inline bool on() noexcept {
    return current.load(std::memory_order_relaxed) != 0;
}

enum class Event : std::uint8_t {
    attached,  // the owner's first: `detail` is its state, since `time`; `value` its thread id
    off,       // states, from `time` on
    waiting,
    held,
    in_lock,
    forced,     // let go because another asked; in line again
    hand_over,  // in line since the last change
    begins,     // a request of route `tag`
    named,   // its name: NameShape(value) says how much text is in the slots that follow; `detail` bytes of
             // it are the id, the rest is the path
    ends,    // no request any more
    awaits,  // stands in line for a request that it will get
    over,    // the thread `value` ends; its name is in the slot that follows
};

struct Slot {
    std::int64_t time = 0;
    std::uint32_t value = 0;
    Tag tag = 0;
    Event event = Event::off;
    std::uint8_t detail = 0;
};
static_assert(sizeof(Slot) == 16);

struct Chunk {
    static constexpr std::size_t kSlots = 511;
    Chunk* next;
    std::uint64_t used;
    std::array<Slot, kSlots> slots;
};
static_assert(sizeof(Chunk) == 8192);

inline constexpr std::size_t kLongestId = 128;
inline constexpr std::size_t kLongestPath = 64;

// Two numbers in a slot's `value`.
struct NameShape {
    static constexpr std::uint32_t kMostNumber = (1U << 24U) - 1;

    std::uint32_t size = 0;
    std::uint32_t number = 0;

    static NameShape of(std::uint32_t value) noexcept { return {value & 0xFFU, value >> 8U}; }
    std::uint32_t packed() const noexcept { return number << 8U | size; }
};
static_assert(kLongestId + kLongestPath < 256);

// What the calling thread's request is called, for threads that have one when the recording begins. Called on
// threads that write, between locking and unlocking: it must neither lock nor throw. Empty: none.
struct RequestName {
    std::string_view id;
    std::string_view path;
    // Up to NameShape::kMostNumber: the same for all turns of a request that has its turns one by one; 0: it
    // does not.
    std::uint32_t number = 0;
};
using Naming = RequestName (*)() noexcept;
void name_requests_by(Naming naming);

class Log {
  public:
    // The account's state as it was before `event`.
    void note(const Account& account, Event event, std::int64_t time, Tag tag = 0) noexcept;
    // The request that has just begun.
    void name(const Account& account, const RequestName& name) noexcept;
    // The owner ends.
    void end(const Account& account, std::int64_t time) noexcept;

    // For who records, after close(): the first chunk, null when nothing was written in this recording.
    const Chunk* first(std::uint32_t recording) const noexcept;
    std::uint64_t lost(std::uint32_t recording) const noexcept;
    bool busy() const noexcept { return busy_.load() != 0; }
    void start_over() noexcept;  // in the child of a fork

  private:
    class Entry;
    void attach(const Account& account) noexcept;
    Slot* room(std::size_t slots) noexcept;
    void put(const Slot& slot) noexcept;
    void put_name(const RequestName& name) noexcept;

    std::atomic<std::uint32_t> busy_{0};  // an entry is being made
    std::uint32_t recording_ = 0;         // to which all that follows belongs
    bool attached_ = false;
    Chunk* first_ = nullptr;
    Chunk* last_ = nullptr;
    std::int64_t at_ = 0;  // the entry being made
    std::uint64_t lost_ = 0;
};

// The pool. open() is false without memory. After close() nobody writes: who is in the middle of an entry has
// to be waited for (Log::busy()).
inline constexpr std::size_t kPoolBytes = std::size_t{32} * 1024 * 1024;
bool open(std::uint32_t recording) noexcept;
void close() noexcept;
void drop() noexcept;
// When the first entry did not fit; the largest value when all did.
std::int64_t full_at() noexcept;

}  // namespace trace

}  // namespace baton::gil
