#include "server/http/body_pipe.hpp"

#include <algorithm>

namespace baton::http {

std::size_t BodyPipe::try_write(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return bytes.size();
    const std::size_t room = capacity_ - std::min(capacity_, size());
    const std::size_t taken = std::min(room, bytes.size());
    bytes_.append(bytes.substr(0, taken));
    if (taken > 0) changed_.notify_one();
    return taken;
}

bool BodyPipe::write(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    // One block larger than the pipe goes in when the pipe is empty: splitting it would only add hand-overs,
    // but it must not multiply the memory either, so it goes in by parts.
    while (!bytes.empty()) {
        changed_.wait(lock, [&] { return abandoned_ || size() < capacity_; });
        if (abandoned_) return false;
        const std::size_t taken = std::min(capacity_ - size(), bytes.size());
        bytes_.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        changed_.notify_one();
    }
    return true;
}

bool BodyPipe::has_room(std::size_t bytes) const {
    const std::lock_guard lock(mutex_);
    return abandoned_ || size() + bytes <= capacity_;
}

bool BodyPipe::readable() const {
    const std::lock_guard lock(mutex_);
    return size() > 0 || closed_ || abandoned_;
}

void BodyPipe::close(bool complete) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    complete_ = complete;
    changed_.notify_one();
}

BodyPipe::Read BodyPipe::read(std::string& out, std::size_t most) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return size() > 0 || closed_ || abandoned_; });
    if (size() == 0) return closed_ && complete_ ? Read::end : Read::broken;
    const std::size_t taken = std::min(most, size());
    out.append(bytes_, read_, taken);
    read_ += taken;
    if (read_ == bytes_.size()) {
        bytes_.clear();
        read_ = 0;
    } else if (read_ >= capacity_ / 2) {
        bytes_.erase(0, read_);
        read_ = 0;
    }
    changed_.notify_one();
    return Read::data;
}

BodyPipe::Read BodyPipe::try_take(std::string& out) {
    const std::lock_guard lock(mutex_);
    if (size() > 0) {
        if (read_ > 0) bytes_.erase(0, read_);
        read_ = 0;
        out.swap(bytes_);
        changed_.notify_one();
        return Read::data;
    }
    if (!closed_) return Read::data;
    return complete_ ? Read::end : Read::broken;
}

void BodyPipe::abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    bytes_.clear();
    read_ = 0;
    changed_.notify_all();
}

bool BodyPipe::abandoned() const {
    const std::lock_guard lock(mutex_);
    return abandoned_;
}

void BodyPipe::reset() {
    static constexpr std::size_t kept = 4096;
    if (bytes_.capacity() > kept) bytes_ = std::string();
    bytes_.clear();
    read_ = 0;
    closed_ = complete_ = abandoned_ = false;
}

}  // namespace baton::http
