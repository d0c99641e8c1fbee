#include "server/dispatch/mounts.hpp"

#include <algorithm>
#include <stdexcept>

namespace baton::dispatch {

Mounts::Mounts(std::vector<Mount> mounts) : mounts_(std::move(mounts)) {
    std::stable_sort(mounts_.begin(), mounts_.end(),
                     [](const Mount& a, const Mount& b) { return a.prefix.size() > b.prefix.size(); });
    if (mounts_.empty() || !mounts_.back().prefix.empty())
        throw std::invalid_argument("no application serves the root");
    for (std::size_t i = 0; i < mounts_.size(); ++i) {
        const auto same = [&](const Mount& other) { return other.prefix == mounts_[i].prefix; };
        if (std::count_if(mounts_.begin(), mounts_.end(), same) > 1)
            throw std::invalid_argument("two applications are mounted at '" + mounts_[i].prefix + "/'");
        Dispatcher* const dispatcher = mounts_[i].dispatcher;
        if (std::find(dispatchers_.begin(), dispatchers_.end(), dispatcher) == dispatchers_.end())
            dispatchers_.push_back(dispatcher);
    }
}

const Mount& Mounts::of(std::string_view path) const {
    for (const Mount& mount : mounts_) {
        if (!path.starts_with(mount.prefix)) continue;
        if (mount.prefix.empty() || path.size() == mount.prefix.size() || path[mount.prefix.size()] == '/')
            return mount;
    }
    return mounts_.back();
}

}  // namespace baton::dispatch
