#include "interp/gil/tags.hpp"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cctype>
#include <cstring>

#include "interp/gil/spin_lock.hpp"

namespace baton::gil {

namespace {

constexpr Tag kFirstName = kOtherThreads + 1;
constexpr std::size_t kNames = kNobody - kFirstName;
using Name = std::array<char, 16>;  // as long as the kernel's

constinit std::array<Name, kNames> names{};  // [0, known) are constant
constinit std::atomic<std::size_t> known{0};
constinit std::atomic_flag adding = ATOMIC_FLAG_INIT;

// Every run of digits becomes one N.
Name general(const char* name) noexcept {
    Name out{};
    std::size_t length = 0;
    for (bool in_number = false; *name != '\0' && length + 1 < out.size(); ++name) {
        const bool digit = *name >= '0' && *name <= '9';
        if (!digit) out[length++] = std::isprint(static_cast<unsigned char>(*name)) != 0 ? *name : '?';
        if (digit && !in_number) out[length++] = 'N';
        in_number = digit;
    }
    return out;
}

std::size_t find(const Name& name, std::size_t from, std::size_t to) noexcept {
    while (from < to && names[from] != name) ++from;
    return from;
}

}  // namespace

Tag tag_of_thread(const char* text) noexcept {
    const Name name = general(text);
    const std::size_t before = known.load(std::memory_order_acquire);
    std::size_t at = find(name, 0, before);
    if (at == before) {
        const SpinLock lock(adding);
        const std::size_t now = known.load(std::memory_order_relaxed);
        at = find(name, before, now);
        if (at == kNames) return kOtherThreads;
        if (at == now) {
            names[at] = name;
            known.store(now + 1, std::memory_order_release);
        }
    }
    return static_cast<Tag>(kFirstName + at);
}

Tag tag_of_this_thread() noexcept {
    Name name{};
    if (pthread_getname_np(pthread_self(), name.data(), name.size()) != 0) return kOtherThreads;
    return tag_of_thread(name.data());
}

void names_start_over() noexcept {
    adding.clear(std::memory_order_release);
}

std::string name_of(Tag tag) {
    if (tag >= kFirstName && tag < kFirstName + known.load(std::memory_order_acquire)) {
        return names[tag - kFirstName].data();
    }
    return tag == kNobody ? "(free)" : "(other threads)";
}

}  // namespace baton::gil
