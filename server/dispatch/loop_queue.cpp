#include "server/dispatch/loop_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace baton::dispatch {

LoopQueue::LoopQueue(std::size_t limit) : limit_(limit), fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

LoopQueue::~LoopQueue() {
    while (const ExchangePtr dropped = take()) {
    }
    ::close(fd_);
}

bool LoopQueue::push(ExchangePtr exchange) {
    if (length_.fetch_add(1, std::memory_order_relaxed) >= limit_) {
        length_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    exchange->listener = this;
    exchange->waits_in_mail_ = true;
    post(std::move(exchange));
    return true;
}

void LoopQueue::post(ExchangePtr exchange) {
    if (exchange->in_mail_.exchange(true, std::memory_order_acq_rel)) return;
    Exchange* const x = exchange.detach();
    x->next_mail_ = newest_.load(std::memory_order_relaxed);
    // Sequentially consistent, as woken_ in rest(): either rest() sees this mail or flush() sees the loop at
    // rest.
    while (!newest_.compare_exchange_weak(x->next_mail_, x, std::memory_order_seq_cst,
                                          std::memory_order_relaxed)) {
    }
}

bool LoopQueue::flush(Nanoseconds) {
    if (newest_.load(std::memory_order_seq_cst) != nullptr) wake();
    return false;
}

void LoopQueue::wake() {
    if (woken_.exchange(true, std::memory_order_seq_cst)) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop is awake anyway.
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void LoopQueue::begin() {
    woken_.store(true, std::memory_order_seq_cst);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof count);
}

ExchangePtr LoopQueue::take() {
    if (oldest_ == nullptr) {
        Exchange* x = newest_.exchange(nullptr, std::memory_order_seq_cst);
        while (x != nullptr) {  // newest first becomes oldest first
            Exchange* const next = x->next_mail_;
            x->next_mail_ = oldest_;
            oldest_ = x;
            x = next;
        }
    }
    if (oldest_ == nullptr) return nullptr;
    ExchangePtr taken(oldest_, false);
    oldest_ = oldest_->next_mail_;
    // Cleared before the receiver looks: what is posted later comes again.
    taken->in_mail_.exchange(false, std::memory_order_acq_rel);
    return taken;
}

void LoopQueue::put_back(ExchangePtr exchange) {
    if (exchange->in_mail_.exchange(true, std::memory_order_acq_rel)) return;  // posted again meanwhile
    Exchange* const x = exchange.detach();
    x->next_mail_ = oldest_;
    oldest_ = x;
}

bool LoopQueue::taken(Exchange& exchange) {
    if (!std::exchange(exchange.waits_in_mail_, false)) return false;
    length_.fetch_sub(1, std::memory_order_relaxed);
    return true;
}

bool LoopQueue::rest() {
    if (oldest_ != nullptr) return false;
    woken_.store(false, std::memory_order_seq_cst);
    if (newest_.load(std::memory_order_seq_cst) == nullptr) return true;
    // An I/O thread may have written to the descriptor in between; then begin() is called once too often.
    woken_.store(true, std::memory_order_seq_cst);
    return false;
}

}  // namespace baton::dispatch
