#include "server/advisor/advice.hpp"

#include <charconv>

namespace baton::advisor {

std::string_view word(Severity severity) {
    switch (severity) {
        case Severity::warning:
            return "warning";
        case Severity::hint:
            return "hint";
        case Severity::info:
            break;
    }
    return "info";
}

bool Facts::has_interpreters() const {
    const std::string_view text = python_version;
    if (!text.starts_with("3.")) return text > "3";
    int minor = 0;
    std::from_chars(text.data() + 2, text.data() + text.size(), minor);
    return minor >= 12;
}

Facts facts(const metrics::Observation& seen) {
    Facts facts;
    facts.gil = seen.gils.empty() || seen.gils.front().enabled;
    facts.exact = seen.has_gil_books();
    if (!facts.gil) {
        facts.why_not = "this Python runs without a GIL";
    } else if (!facts.exact) {
        facts.why_not = "the GIL ledger is off: " + seen.runtime.ledger;
    }
    facts.policy = seen.runtime.gil_policy;
    facts.python_version = seen.runtime.python_version;
    const metrics::ThreadStates& threads = seen.threads;
    facts.threads = threads.running + threads.waiting + threads.off_gil + threads.idle;
    facts.most_threads = threads.keeper.limits.max;
    facts.automatic = threads.keeper.limits.automatic();
    facts.controller = threads.keeper.text;
    return facts;
}

}  // namespace baton::advisor
