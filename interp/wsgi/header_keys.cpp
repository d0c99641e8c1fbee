#include "interp/wsgi/header_keys.hpp"

#include <cstring>

namespace baton::interp::wsgi {

namespace {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

HeaderKeys::Role role_of(std::string_view lowered) {
    using Role = HeaderKeys::Role;
    if (lowered == "content-type") return Role::content_type;
    if (lowered == "content-length") return Role::content_length;
    if (lowered == "cookie") return Role::cookie;
    // As HTTP_PROXY it would be taken for the proxy of the process by client libraries (CVE-2016-5385).
    if (lowered == "proxy") return Role::dropped;
    const bool secret = lowered == "authorization" || lowered == "proxy-authorization";
    return secret ? Role::secret : Role::plain;
}

}  // namespace

Owned LastValue::get(std::string_view bytes) {
    if (last_ && static_cast<std::size_t>(PyUnicode_GET_LENGTH(last_.get())) == bytes.size() &&
        std::memcmp(PyUnicode_1BYTE_DATA(last_.get()), bytes.data(), bytes.size()) == 0) {
        return borrow(last_);
    }
    Owned text = steal(latin1(bytes));
    if (text && bytes.size() <= kLongest) last_ = borrow(text);
    return text;
}

std::size_t HeaderKeys::Hash::operator()(std::string_view name) const {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a, without regard to case
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c | 0x20)) * 0x100000001b3ULL;
    return static_cast<std::size_t>(hash);
}

bool HeaderKeys::Equal::operator()(std::string_view a, std::string_view b) const {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

// Those with a meaning of their own are there before a client can fill the table with others.
HeaderKeys::HeaderKeys(const Strings& strings) : strings_(strings) {
    for (const char* name :
         {"Content-Type", "Content-Length", "Cookie", "Authorization", "Proxy-Authorization", "Proxy", "Host",
          "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Referer"}) {
        add(name);
    }
}

HeaderKeys::Entry* HeaderKeys::find(std::string_view name) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) return &found->second;
    return entries_.size() < kMost && name.size() <= kLongestName ? add(name) : nullptr;
}

HeaderKeys::Entry* HeaderKeys::add(std::string_view name) {
    std::string lowered(name);
    for (char& c : lowered) c = lower(c);
    Entry entry;
    entry.role = role_of(lowered);
    if (entry.role == Role::content_type) {
        entry.key = borrow(strings_.content_type);
    } else if (entry.role == Role::content_length) {
        entry.key = borrow(strings_.content_length);
    } else {
        PyObject* key = make_key(name).release();
        if (key != nullptr) PyUnicode_InternInPlace(&key);
        entry.key = steal(key);
    }
    if (!entry.key) {
        PyErr_Clear();
        return nullptr;
    }
    return &entries_.emplace(std::move(lowered), std::move(entry)).first->second;
}

Owned HeaderKeys::make_key(std::string_view name) {
    std::string key = "HTTP_";
    for (const char c : name) key.push_back(c == '-' ? '_' : upper(c));
    return steal(latin1(key));
}

}  // namespace baton::interp::wsgi
