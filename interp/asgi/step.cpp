#include "interp/asgi/step.hpp"

#include "interp/asgi/request.hpp"
#include "interp/asgi/slow_callbacks.hpp"
#include "interp/attach.hpp"
#include "interp/current_request.hpp"
#include "interp/gil/scheduler.hpp"

namespace baton::interp::asgi {

Step::Step(Loop& loop, Request* request, const Due& due) : loop_(loop), request_(request), outer_(loop.step) {
    const Moment at = Moment::now();
    if (outer_ != nullptr) outer_->leave(at);
    if (due.ready != 0) loop_.clock.late_by(at.at - due.ready);
    loop_.step = this;
    enter(at, due.queued, due.queued ? 0 : due.ready);
}

Step::~Step() {
    const Moment at = Moment::now();
    leave(at);
    loop_.step = outer_;
    if (request_ != nullptr) request_->stepped(at);
    if (outer_ != nullptr) outer_->enter(at, false, 0);
}

void Step::enter(const Moment& at, bool queued, dispatch::Nanoseconds due) {
    loop_.clock.step_begins(at);
    loop_.request = request_;
    begun_ = at.at;
    waited_ = at.totals.waited;
    takes_ = at.totals.takes;
    if (request_ == nullptr) return;
    request_->account.runs(at, queued, due);
    if (request_->exchange() == nullptr) return;
    gil::begin_request(static_cast<gil::Tag>(request_->route), at.at, loop_.tempo.held(request_->route));
    current_request.begins(*request_->exchange(), at.at, request_->serial);
}

void Step::leave(const Moment& at) {
    loop_.clock.step_ends(at);
    const dispatch::Nanoseconds cpu = loop_.cpu.spent(at.at - begun_, at.totals.takes != takes_);
    loop_.request = nullptr;
    loop_.long_steps.add(
        request_ != nullptr ? static_cast<std::uint32_t>(request_->route) : LongSteps::kNobody,
        at.at - begun_ - (at.totals.waited - waited_));
    if (loop_.slow != nullptr && at.at - begun_ >= loop_.slow->limit()) report(at.at - begun_);
    if (request_ == nullptr) return;
    request_->account.rests(at, cpu);
    if (request_->exchange() == nullptr) return;
    current_request.ends(at.at);
    gil::end_request(at.at);
}

void Step::report(dispatch::Nanoseconds length) {
    const std::string text = loop_.slow->describe(loop_.clock.serial(), length);
    if (request_ != nullptr) {
        request_->report(spdlog::level::warn, text);
        return;
    }
    const Detach detached;
    loop_.log.warn(text);
}

}  // namespace baton::interp::asgi
