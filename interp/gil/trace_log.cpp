#include "interp/gil/trace_log.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "interp/gil/account.hpp"
#include "interp/gil/clock.hpp"

namespace baton::gil::trace {

constinit std::atomic<std::uint32_t> current{0};

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kChunks = kPoolBytes / sizeof(Chunk);

constinit Chunk* pool = nullptr;
constinit std::atomic<std::size_t> taken{0};
constinit std::atomic<std::int64_t> full_since{kNever};
constinit std::atomic<Naming> naming{nullptr};

// Zeroed memory of the kernel's.
Chunk* next_chunk() noexcept {
    if (taken.load(std::memory_order_relaxed) >= kChunks) return nullptr;
    const std::size_t number = taken.fetch_add(1, std::memory_order_relaxed);
    return number < kChunks ? pool + number : nullptr;
}

void is_full(std::int64_t time) noexcept {
    std::int64_t before = full_since.load(std::memory_order_relaxed);
    while (time < before && !full_since.compare_exchange_weak(before, time, std::memory_order_relaxed)) {
    }
}

std::size_t slots_for(std::size_t bytes) noexcept {
    return (bytes + sizeof(Slot) - 1) / sizeof(Slot);
}

// How much of `text` there is room for; a character of UTF-8 is not cut.
std::size_t fitting(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text.size();
    for (std::size_t end = most; end + 4 > most; --end) {
        if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U) return end;
    }
    return most;  // no UTF-8
}

}  // namespace

void name_requests_by(Naming by) {
    naming.store(by, std::memory_order_relaxed);
}

bool open(std::uint32_t recording) noexcept {
    void* const memory =
        mmap(nullptr, kPoolBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    pool = static_cast<Chunk*>(memory);
    taken.store(0, std::memory_order_relaxed);
    full_since.store(kNever, std::memory_order_relaxed);
    current.store(recording);
    return true;
}

void close() noexcept {
    current.store(0);
}

void drop() noexcept {
    // Forgotten first: the child of a fork in between must not unmap what is somebody else's by then.
    Chunk* const memory = std::exchange(pool, nullptr);
    if (memory != nullptr) munmap(memory, kPoolBytes);
}

std::int64_t full_at() noexcept {
    return full_since.load(std::memory_order_relaxed);
}

// Says that an entry is being made and then looks whether it may be: who closes does it the other way round,
// so one of the two sees the other.
class Log::Entry {
  public:
    explicit Entry(Log& log) noexcept : log_(log) {
        log_.busy_.exchange(1);
        recording_ = current.load();
    }
    ~Entry() { log_.busy_.store(0, std::memory_order_release); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool wanted() const noexcept { return recording_ != 0; }
    // The owner's first in this recording?
    bool first() noexcept {
        if (log_.recording_ != recording_) {
            log_.recording_ = recording_;
            log_.attached_ = false;
            log_.first_ = log_.last_ = nullptr;
            log_.lost_ = 0;
        }
        return !log_.attached_;
    }

  private:
    Log& log_;
    std::uint32_t recording_ = 0;
};

void Log::note(const Account& account, Event event, std::int64_t time, Tag tag) noexcept {
    Entry entry(*this);
    if (!entry.wanted()) return;
    at_ = time;
    if (entry.first()) attach(account);
    put({.time = time, .tag = tag, .event = event});
}

void Log::name(const Account& account, const RequestName& name) noexcept {
    Entry entry(*this);
    if (!entry.wanted()) return;
    const bool first = entry.first();
    if (first) at_ = now();
    if (first) attach(account);  // which has named it
    if (!first) put_name(name);
}

void Log::end(const Account& account, std::int64_t time) noexcept {
    Entry entry(*this);
    if (!entry.wanted()) return;
    at_ = time;
    if (entry.first()) attach(account);
    attached_ = false;
    Slot* const slots = room(2);
    if (slots == nullptr) return;
    slots[0] = {.time = time, .value = static_cast<std::uint32_t>(account.thread_id()), .event = Event::over};
    pthread_getname_np(pthread_self(), reinterpret_cast<char*>(&slots[1]), sizeof(Slot));
}

void Log::attach(const Account& account) noexcept {
    attached_ = true;
    put({.time = account.since(),
         .value = static_cast<std::uint32_t>(account.thread_id()),
         .tag = account.tag(),
         .event = Event::attached,
         .detail = static_cast<std::uint8_t>(account.state())});
    const Naming by = naming.load(std::memory_order_relaxed);
    if (by == nullptr || !is_program_tag(account.tag())) return;
    const RequestName name = by();
    if (!name.id.empty()) put_name(name);
}

void Log::put(const Slot& slot) noexcept {
    Slot* const place = room(1);
    if (place != nullptr) *place = slot;
}

void Log::put_name(const RequestName& name) noexcept {
    const std::size_t id = fitting(name.id, kLongestId);
    const std::size_t path = fitting(name.path, kLongestPath);
    const NameShape shape{static_cast<std::uint32_t>(id + path), name.number & NameShape::kMostNumber};
    Slot* const slots = room(1 + slots_for(id + path));
    if (slots == nullptr) return;
    slots[0] = {
        .time = at_, .value = shape.packed(), .event = Event::named, .detail = static_cast<std::uint8_t>(id)};
    char* const text = reinterpret_cast<char*>(&slots[1]);
    std::memcpy(text, name.id.data(), id);
    if (path > 0) std::memcpy(text + id, name.path.data(), path);
}

// What belongs together is in one chunk.
Slot* Log::room(std::size_t slots) noexcept {
    if (lost_ == 0 && (last_ == nullptr || last_->used + slots > Chunk::kSlots)) {
        Chunk* const chunk = next_chunk();
        if (chunk != nullptr) {
            (last_ == nullptr ? first_ : last_->next) = chunk;
            last_ = chunk;
        } else {
            is_full(at_);
            ++lost_;
            return nullptr;
        }
    }
    if (lost_ > 0) {  // what follows a gap would be misunderstood
        ++lost_;
        return nullptr;
    }
    Slot* const place = last_->slots.data() + last_->used;
    last_->used += slots;
    return place;
}

const Chunk* Log::first(std::uint32_t recording) const noexcept {
    return recording_ == recording ? first_ : nullptr;
}

std::uint64_t Log::lost(std::uint32_t recording) const noexcept {
    return recording_ == recording ? lost_ : 0;
}

void Log::start_over() noexcept {
    busy_.store(0);
    recording_ = 0;
    attached_ = false;
}

}  // namespace baton::gil::trace
