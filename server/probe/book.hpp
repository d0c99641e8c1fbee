// The books of one process as they lie in a file: written by libbaton-gil.so inside the process, read by
// `baton probe` outside. The one header that both sides of the GIL's probe include; it needs the system
// alone.
//
// Threads: a page has one writer; any process may read at any time. Lifetime: the file's; when the process is
// killed, the last book that was complete stays readable. Cannot: be read by a program of another version;
// `size` tells.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace baton::probe {

// What the environment tells the library.
inline constexpr const char* kDirectoryVariable = "LIBBATON_GIL_BOOKS";
inline constexpr const char* kPolicyVariable = "LIBBATON_GIL_POLICY";  // cpython or latency
inline constexpr const char* kBookSuffix = ".book";

inline constexpr std::size_t kBuckets = 18;
inline constexpr std::size_t kGils = 16;  // further ones are added to the last

// Do the numbers count?
enum class Verdict : std::uint32_t {
    undecided,  // the self-test has not run yet
    exact,
    refused,  // there are no numbers; `fault` says why
};

// Times in nanoseconds; histograms have the bounds of the ledger.
struct GilBook {
    std::uint64_t entry = 0;
    std::uint64_t alive = 0;
    std::int64_t held = 0;
    std::int64_t waited = 0;
    std::int64_t lock_waited = 0;
    std::uint64_t takes = 0;
    std::uint64_t contended = 0;
    std::uint64_t forced = 0;
    std::uint64_t voluntary = 0;
    std::uint64_t waiters = 0;
    std::int64_t longest_hold = 0;
    std::array<std::uint64_t, kBuckets> holds{};
    std::array<std::uint64_t, kBuckets> waits{};
    std::int64_t holds_sum = 0;
    std::int64_t waits_sum = 0;
};

struct Book {
    std::int64_t pid = 0;
    std::int64_t parent = 0;
    std::int64_t started = 0;  // CLOCK_MONOTONIC: the library was loaded, or the process forked
    std::int64_t written = 0;  // likewise
    std::int64_t cpu = 0;      // of the process
    Verdict verdict = Verdict::undecided;
    std::uint32_t ended = 0;   // the last book of a process that ended by itself
    std::uint32_t python = 0;  // the process has run Python, not just linked it
    std::uint32_t gil_count = 0;
    std::array<char, 128> version{};   // Py_GetVersion()
    std::array<char, 1024> command{};  // spaces between the arguments
    std::array<char, 384> fault{};
    std::array<GilBook, kGils> gils{};
};

// Two books, so that one of them is always complete: the latest is books[published % 2].
struct BookPage {
    static constexpr std::uint64_t kMagic = 0x314B'4F4F'424C'4947;  // "GILBOOK1"
    std::uint64_t magic = 0;
    std::uint64_t size = 0;
    std::atomic<std::uint64_t> published{0};
    std::array<Book, 2> books;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace baton::probe
