#include "interp/gil/discovery.hpp"

#include <utility>

namespace baton::gil {

void Discovery::mutex_initialised(pthread_mutex_t* mutex) noexcept {
    if (step_ == Step::kMutex && mutex == &candidate_->switch_mutex) {
        step_ = Step::kSwitchMutex;
        return;
    }
    candidate_ = GilObjects::around(mutex);  // as good a first mutex as any
    step_ = Step::kMutex;
}

GilObjects* Discovery::cond_initialised(pthread_cond_t* cond) noexcept {
    const Step before = std::exchange(step_, Step::kNothing);
    if (before == Step::kSwitchMutex && cond == &candidate_->cond) step_ = Step::kCond;
    if (before == Step::kCond && cond == &candidate_->switch_cond) return candidate_;
    return nullptr;
}

}  // namespace baton::gil
