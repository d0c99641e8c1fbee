// Looks back over the last minute and says what could be better: the origin of /advice.json.
//
// Threads: one at a time (the admin thread). Never waits for the GIL.
// Lifetime: the Observatory and what `known` refers to outlive it.
// Cannot: change anything, or look back further than a minute, nor to before it was made: loading the
// application is none of its subjects.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/advisor/advice.hpp"
#include "server/advisor/history.hpp"
#include "server/advisor/rule.hpp"
#include "server/metrics/observatory.hpp"

namespace baton::advisor {

struct Lack {
    std::string id;  // the rule's
    std::string what;
};

struct Report {
    Nanoseconds length = 0;
    std::uint64_t requests = 0;
    std::vector<Advice> advice;  // the most important first
    std::vector<Lack> lacks;
};

// Asks all rules.
Report judge(const Window& window, const Facts& facts);

class Advisor {
  public:
    // What the observation does not say. `named_holds` may be empty.
    struct Known {
        double cpus = 1;
        std::function<std::vector<NamedHold>()> named_holds;
    };

    Advisor(const metrics::Observatory& observatory, Known known);

    // To be called about once a second; looks every History::kStep.
    void tick();
    Report report() const;

  private:
    const metrics::Observatory& observatory_;
    const Known known_;
    History history_;
};

}  // namespace baton::advisor
