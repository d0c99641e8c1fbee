// Whether the server serves requests: what /readyz says.
//
// Threads: plain values. Lifetime: texts are constants. Cannot: say why not.
#pragma once

#include <string_view>

namespace baton::admin {

enum class Readiness { starting, ready, draining };

// `starting`, `ready` or `draining`.
constexpr std::string_view word(Readiness readiness) {
    switch (readiness) {
        case Readiness::ready:
            return "ready";
        case Readiness::draining:
            return "draining";
        case Readiness::starting:
            break;
    }
    return "starting";
}

}  // namespace baton::admin
