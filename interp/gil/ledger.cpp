#include "interp/gil/ledger.hpp"

#include <algorithm>

#include "interp/gil/clock.hpp"
#include "interp/gil/protocol.hpp"
#include "interp/gil/registry.hpp"

namespace baton::gil {

Totals& Totals::operator+=(const Totals& other) {
    held += other.held;
    waited += other.waited;
    lock_waited += other.lock_waited;
    takes += other.takes;
    contended += other.contended;
    forced += other.forced;
    voluntary += other.voluntary;
    return *this;
}

Totals& Totals::operator-=(const Totals& other) {
    held -= other.held;
    waited -= other.waited;
    lock_waited -= other.lock_waited;
    takes -= other.takes;
    contended -= other.contended;
    forced -= other.forced;
    voluntary -= other.voluntary;
    return *this;
}

Totals this_thread() {
    Totals sum;
    if (registry.is_off()) return sum;
    const Account* account = this_thread_state.accounts;
    if (account == nullptr) return sum;
    const std::int64_t time = now();
    for (; account != nullptr; account = account->next_of_thread) sum += account->own_totals(time);
    return sum;
}

std::vector<Snapshot> snapshot() {
    std::vector<Snapshot> all;
    if (registry.is_off()) return all;
    for (Gil* gil = registry.first(); gil != nullptr; gil = gil->next()) all.push_back(gil->snapshot());
    std::reverse(all.begin(), all.end());
    return all;
}

std::vector<ThreadBook> threads() {
    std::vector<ThreadBook> all;
    if (registry.is_off()) return all;
    for (Gil* gil = registry.first(); gil != nullptr; gil = gil->next()) {
        if (gil->objects() == nullptr) continue;
        const std::int64_t time = now();
        for (const Account* account = gil->accounts(); account != nullptr; account = account->next_of_gil) {
            if (account->owner() == nullptr) continue;
            Account::Reading reading = account->read();
            add_progress(reading.totals, reading.state, reading.since, time);
            ThreadBook& book = all.emplace_back();
            book = {gil->entry(),
                    account->tag(),
                    account->name(),
                    doing(reading.state),
                    std::max<std::int64_t>(0, time - reading.since),
                    reading.totals};
            book.thread_id = account->thread_id();
            book.request = account->request.read();
            if (!book.request) continue;
            book.tag = book.request->route;
            book.request_time = std::max<std::int64_t>(0, time - book.request->since);
        }
    }
    return all;
}

void on_long_hold(std::int64_t limit, LongHoldHook hook, void* argument) {
    long_holds = hook == nullptr ? LongHolds{} : LongHolds{limit, hook, argument};
}

void on_release(ReleaseHook hook, void* argument) {
    this_thread_state.hook = hook;
    this_thread_state.hook_argument = argument;
}

}  // namespace baton::gil
