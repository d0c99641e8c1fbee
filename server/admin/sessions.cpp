#include "server/admin/sessions.hpp"

#include <algorithm>
#include <utility>

namespace baton::admin {

Sessions::Place::Place(std::shared_ptr<Sessions> sessions, boost::beast::tcp_stream& stream)
    : sessions_(std::move(sessions)), stream_(stream) {
    sessions_->places_.push_back(this);
}

Sessions::Place::~Place() {
    if (!closed_) sessions_->places_.remove(this);
}

void Sessions::Place::is(Doing doing) {
    doing_ = doing;
    if (closed_) return;
    std::list<Place*>& all = sessions_->places_;
    all.splice(all.end(), all, std::find(all.begin(), all.end(), this));
}

bool Sessions::make_room() {
    if (places_.size() < kMost) return true;
    const auto first = [this](Doing doing) {
        return std::find_if(places_.begin(), places_.end(),
                            [doing](const Place* place) { return place->doing_ == doing; });
    };
    auto found = first(Doing::idle);
    if (found == places_.end()) found = first(Doing::answering);  // to somebody who does not read
    if (found == places_.end()) return false;
    Place& place = **found;
    places_.erase(found);
    place.closed_ = true;
    place.stream_.close();
    return true;
}

}  // namespace baton::admin
