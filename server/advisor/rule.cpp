#include "server/advisor/rule.hpp"

#include <array>

namespace baton::advisor {

std::span<const Rule> rules() {
    static constexpr std::array<Rule, 14> kRules = {{
        {"cpu_bound", cpu_bound},
        {"io_bound", io_bound},
        {"native", native},
        {"convoyed", convoyed},
        {"lock_wait", lock_wait},
        {"ceiling", ceiling},
        {"parallel", parallel},
        {"long_hold", long_hold},
        {"gc_pauses", gc_pauses},
        {"threads", threads},
        {"too_few_threads", too_few_threads},
        {"queue_rejecting", queue_rejecting},
        {"loop_blocked", loop_blocked},
        {"loop_full", loop_full},
    }};
    return kRules;
}

}  // namespace baton::advisor
