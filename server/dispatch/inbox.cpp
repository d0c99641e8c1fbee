#include "server/dispatch/inbox.hpp"

namespace baton::dispatch {

Inbox::~Inbox() {
    for (Exchange* x = newest_.exchange(nullptr); x != nullptr;) {
        const ExchangePtr held(x, false);
        x = x->next_;
    }
}

void Inbox::post(ExchangePtr exchange, bool unhurried) {
    Exchange* const x = exchange.detach();
    x->next_ = newest_.load(std::memory_order_relaxed);
    // Sequentially consistent, as in prepare_sleep(): either the sleeper sees this mail or this thread sees
    // it asleep.
    while (
        !newest_.compare_exchange_weak(x->next_, x, std::memory_order_seq_cst, std::memory_order_relaxed)) {
    }
    const Sleep sleep = sleep_.load(std::memory_order_seq_cst);
    if (sleep == Sleep::none || (unhurried && sleep == Sleep::brief)) return;
    if (sleep_.exchange(Sleep::none, std::memory_order_acq_rel) != Sleep::none) wake_();
}

bool Inbox::drain() {
    Exchange* x = newest_.exchange(nullptr, std::memory_order_acquire);
    if (x == nullptr) return false;
    Exchange* oldest = nullptr;
    while (x != nullptr) {  // newest first becomes oldest first
        Exchange* const next = x->next_;
        x->next_ = oldest;
        oldest = x;
        x = next;
    }
    while (oldest != nullptr) {
        ExchangePtr held(oldest, false);
        oldest = oldest->next_;
        // Cleared before the events are read: what is notified later is posted again.
        held->in_inbox_.exchange(false, std::memory_order_acq_rel);
        // An observer has a reference of its own, and when that is the last one it may use the Exchange
        // again.
        ExchangeObserver* const observer = held->observer;
        held.reset();
        if (observer != nullptr) observer->exchange_event();
    }
    return true;
}

bool Inbox::prepare_sleep(bool briefly) {
    sleep_.store(briefly ? Sleep::brief : Sleep::deep, std::memory_order_seq_cst);
    if (newest_.load(std::memory_order_seq_cst) == nullptr) return true;
    awake();
    return false;
}

}  // namespace baton::dispatch
