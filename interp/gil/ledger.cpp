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

void on_release(ReleaseHook hook, void* argument) {
    this_thread_state.hook = hook;
    this_thread_state.hook_argument = argument;
}

}  // namespace baton::gil
