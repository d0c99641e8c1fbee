#include "interp/gil/request_note.hpp"

#include <sched.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "interp/gil/protocol.hpp"

namespace baton::gil {

namespace {

static_assert(std::endian::native == std::endian::little, "a word's first byte is a text's");

constexpr int kTries = 1000;

// One word, of which nothing can be torn.
struct Shape {
    Tag route = 0;
    std::uint8_t id = 0;
    std::uint8_t method = 0;
    std::uint8_t path = 0;

    std::uint64_t packed() const noexcept {
        return kThere | std::uint64_t{route} << 32U | std::uint64_t{id} << 16U | std::uint64_t{method} << 8U |
               path;
    }
    static Shape of(std::uint64_t word) noexcept {
        return {static_cast<Tag>(word >> 32U), static_cast<std::uint8_t>(word >> 16U),
                static_cast<std::uint8_t>(word >> 8U), static_cast<std::uint8_t>(word)};
    }

  private:
    static constexpr std::uint64_t kThere = std::uint64_t{1} << 63U;
};

static_assert(RequestNote::kLongestId < 256 && RequestNote::kLongestMethod < 256 &&
              RequestNote::kLongestPath < 256);

}  // namespace

// The order is that of account.cpp: release here and acquire in the reader make a reader that sees any part
// of it also see the odd sequence number before it.
void RequestNote::write(Tag route, std::int64_t since, const RequestText& text) noexcept {
    const std::string_view id = text.id.substr(0, kLongestId);
    const std::string_view method = text.method.substr(0, kLongestMethod);
    const std::string_view path = text.path.substr(0, kLongestPath);
    const std::uint32_t before = sequence_.load(std::memory_order_relaxed);
    sequence_.store(before + 1, std::memory_order_relaxed);
    const Shape shape{route, static_cast<std::uint8_t>(id.size()), static_cast<std::uint8_t>(method.size()),
                      static_cast<std::uint8_t>(path.size())};
    shape_.store(shape.packed(), std::memory_order_release);
    since_.store(since, std::memory_order_release);
    put(put(put(0, id), method), path);
    sequence_.store(before + 2, std::memory_order_release);
}

std::size_t RequestNote::put(std::size_t at, std::string_view text) noexcept {
    Word word = 0;
    for (; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
        std::memcpy(&word, text.data(), sizeof word);
        words_[at++].store(word, std::memory_order_release);
    }
    if (text.empty()) return at;
    // A call of memcpy() takes longer than this.
    word = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        word |= Word{static_cast<unsigned char>(text[i])} << (8 * i);
    words_[at++].store(word, std::memory_order_release);
    return at;
}

std::size_t RequestNote::get(std::size_t at, std::string& text) const {
    for (std::size_t done = 0; done < text.size(); done += sizeof(Word)) {
        const Word word = words_[at++].load(std::memory_order_acquire);
        std::memcpy(text.data() + done, &word, std::min(text.size() - done, sizeof word));
    }
    return at;
}

// `shape` was read after `before`. False: overtaken.
bool RequestNote::read_text(std::uint32_t before, Word shape, RequestNow& request) const {
    const Shape is = Shape::of(shape);
    request.route = is.route;
    request.since = since_.load(std::memory_order_acquire);
    request.id.resize(is.id);
    request.method.resize(is.method);
    request.path.resize(is.path);
    get(get(get(0, request.id), request.method), request.path);
    return sequence_.load(std::memory_order_relaxed) == before;
}

std::optional<RequestNow> RequestNote::read() const {
    RequestNow request;
    for (int i = 0; i < kTries; ++i) {
        const std::uint32_t before = sequence_.load(std::memory_order_acquire);
        const Word shape = shape_.load(std::memory_order_acquire);
        if (shape == 0) return std::nullopt;
        if (before % 2 == 0 && read_text(before, shape, request)) return request;
        sched_yield();
    }
    return std::nullopt;
}

void RequestNote::start_over() noexcept {
    clear();
    sequence_.store(0, std::memory_order_release);
}

void note_request(Tag route, std::int64_t time, const RequestText& text) noexcept {
    Account* const account = this_thread_state.account;
    if (account != nullptr) account->request.write(route, time, text);
}

void forget_request() noexcept {
    Account* const account = this_thread_state.account;
    if (account != nullptr) account->request.clear();
}

}  // namespace baton::gil
