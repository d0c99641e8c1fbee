#include "server/advisor/advisor.hpp"

#include <algorithm>
#include <utility>

#include "server/dispatch/clock.hpp"

namespace baton::advisor {

Report judge(const Window& window, const Facts& facts) {
    Report report;
    report.length = window.length;
    report.requests = window.requests;
    for (const Rule& rule : rules()) {
        Verdict verdict = rule.judge(window, facts);
        if (verdict.lacks) report.lacks.push_back({std::string(rule.id), std::move(*verdict.lacks)});
        std::move(verdict.advice.begin(), verdict.advice.end(), std::back_inserter(report.advice));
    }
    std::stable_sort(report.advice.begin(), report.advice.end(), [](const Advice& a, const Advice& b) {
        return std::pair(a.severity, a.weight) > std::pair(b.severity, b.weight);
    });
    return report;
}

Advisor::Advisor(const metrics::Observatory& observatory, Known known)
    : observatory_(observatory),
      known_(std::move(known)),
      history_(condense(observatory_.observe(), dispatch::now())) {}

void Advisor::tick() {
    const Nanoseconds now = dispatch::now();
    if (history_.due(now)) history_.add(condense(observatory_.observe(), now));
}

Report Advisor::report() const {
    const Nanoseconds at = dispatch::now();
    const metrics::Observation seen = observatory_.observe();
    Facts known = facts(seen);
    known.cpus = known_.cpus;
    if (known_.named_holds) known.named_holds = known_.named_holds();
    return judge(window(history_.then(at), condense(seen, at), seen), known);
}

}  // namespace baton::advisor
