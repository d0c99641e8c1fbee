// Which request an account's owner works for, in words that others may read at any time: a copy, because
// requests come and go without asking who looks.
//
// Threads: one writer, the account's owner, who never waits; read() from any. A sequence number tells readers
// that they were overtaken. Lifetime: the account's, which is never freed.
// Cannot: keep a text in full; what is longer than its field is cut.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "interp/gil/tags.hpp"

namespace baton::gil {

struct RequestText {
    std::string_view id;
    std::string_view method;
    std::string_view path;
};

// All of it is of one and the same request.
struct RequestNow {
    Tag route = kOther;
    std::int64_t since = 0;  // when the thread began with it
    std::string id;
    std::string method;
    std::string path;
};

class RequestNote {
  public:
    static constexpr std::size_t kLongestId = 128;
    static constexpr std::size_t kLongestMethod = 16;
    static constexpr std::size_t kLongestPath = 128;

    // The owner's.
    void write(Tag route, std::int64_t since, const RequestText& text) noexcept;
    // One store: a reader finds the request as it was, or none.
    void clear() noexcept { shape_.store(0, std::memory_order_relaxed); }

    // Nothing when the owner has no request, or when it was stopped in the middle of write() and did not go
    // on.
    std::optional<RequestNow> read() const;

    // In the child of a fork, whose copy may be of the middle of a write().
    void start_over() noexcept;

  private:
    using Word = std::uint64_t;
    static constexpr std::size_t kWords = (kLongestId + kLongestMethod + kLongestPath) / sizeof(Word);

    std::size_t put(std::size_t at, std::string_view text) noexcept;
    std::size_t get(std::size_t at, std::string& text) const;
    bool read_text(std::uint32_t before, Word shape, RequestNow& request) const;

    std::atomic<std::uint32_t> sequence_{0};  // odd while it is being written
    std::atomic<Word> shape_{0};              // route and sizes; 0: no request
    std::atomic<std::int64_t> since_{0};
    std::array<std::atomic<Word>, kWords> words_{};  // id, method, path; each begins with a word
};

// The calling thread works for this request, of which begin_request() has told, from `time` on.
void note_request(Tag route, std::int64_t time, const RequestText& text) noexcept;
void forget_request() noexcept;

}  // namespace baton::gil
