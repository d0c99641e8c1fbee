#include "server/dispatch/exchange.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "server/dispatch/inbox.hpp"
#include "server/dispatch/loop_queue.hpp"

namespace baton::dispatch {

FileRegion::FileRegion(FileRegion&& other) noexcept
    : fd(std::exchange(other.fd, -1)), offset(other.offset), length(other.length) {}

FileRegion& FileRegion::operator=(FileRegion&& other) noexcept {
    std::swap(fd, other.fd);
    offset = other.offset;
    length = other.length;
    return *this;
}

FileRegion::~FileRegion() {
    if (fd >= 0) ::close(fd);
}

bool Exchange::claim(Nanoseconds at) {
    Stage expected = Stage::queued;
    if (!stage_.compare_exchange_strong(expected, Stage::claimed, std::memory_order_acq_rel)) return false;
    timeline.claimed = at;
    return true;
}

bool Exchange::expire() {
    Stage expected = Stage::queued;
    return stage_.compare_exchange_strong(expected, Stage::expired, std::memory_order_acq_rel);
}

void Exchange::commit() {
    if (committed()) return;
    events_.fetch_or(kCommitted, std::memory_order_release);
    notify();
}

bool Exchange::write(std::string_view bytes) {
    // By parts, each announced: the pipe has room again only when the I/O thread has been told to take what
    // is there.
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, kPipeCapacity / 2);
        if (!pipe_.write(part)) return false;
        notify();
        bytes.remove_prefix(part.size());
    }
    return true;
}

bool Exchange::try_write(std::string_view& bytes) {
    const std::size_t taken = pipe_.try_write(bytes);
    bytes.remove_prefix(taken);
    if (taken > 0) notify();
    return bytes.empty();
}

void Exchange::hint(std::string_view fields) {
    {
        const std::lock_guard lock(hints_mutex_);
        hints_.append(fields);
    }
    notify();
}

std::string Exchange::take_hints() {
    const std::lock_guard lock(hints_mutex_);
    return std::exchange(hints_, {});
}

void Exchange::want_body() {
    if (!body_wanted_.exchange(true, std::memory_order_acq_rel)) notify();
}

void Exchange::tell_application() {
    if (listener != nullptr) listener->post(ExchangePtr(this));
}

void Exchange::client_left() {
    left_.store(true, std::memory_order_release);
    tell_application();
}

void Exchange::mark_finished(bool complete) {
    pipe_.close(complete);
    const unsigned incomplete = complete ? 0U : kIncomplete;
    events_.fetch_or(kCommitted | kFinished | incomplete, std::memory_order_release);
}

void Exchange::finish(bool complete, bool unhurried) {
    if (finished()) return;
    mark_finished(complete);
    notify(unhurried);
}

void Exchange::hand_back(ExchangePtr exchange, const Books& books, Nanoseconds at, bool unhurried) {
    Exchange& x = *exchange;
    if (!x.finished()) x.mark_finished(true);
    x.books_ = books;
    x.timeline.done = at;
    x.events_.fetch_or(kDone, std::memory_order_release);
    if (x.in_inbox_.exchange(true, std::memory_order_acq_rel)) return;
    Inbox& home = x.home_;
    home.post(std::move(exchange), unhurried);
}

void Exchange::notify(bool unhurried) {
    if (!in_inbox_.exchange(true, std::memory_order_acq_rel)) home_.post(ExchangePtr(this), unhurried);
}

bool Exchange::renew() {
    if (references_.load(std::memory_order_acquire) != 1) return false;
    request.clear();
    route = 0;
    body.clear();
    web_socket.reset();
    head.clear();
    route_name.clear();
    file.reset();
    path.clear();
    trailers.clear();
    start.clear();
    mount = nullptr;
    client = nullptr;
    listener = nullptr;
    body_wanted_.store(false, std::memory_order_relaxed);
    left_.store(false, std::memory_order_relaxed);
    if (!hints_.empty()) hints_.clear();
    pipe_.reset();
    timeline = {};
    events_.store(0, std::memory_order_relaxed);
    stage_.store(Stage::queued, std::memory_order_relaxed);
    return true;
}

}  // namespace baton::dispatch
