#include "interp/asgi/header_names.hpp"

#include <algorithm>
#include <array>

namespace baton::interp::asgi {

namespace {

Owned make_bytes(std::string_view bytes) {
    return steal(PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
}

std::string lower(std::string_view name) {
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return text;
}

// What must not stay in memory, or differs each time anyway.
bool is_secret(std::string_view lower_name) {
    constexpr std::array<std::string_view, 4> kSecrets = {"authorization", "cookie", "proxy-authorization",
                                                          "sec-websocket-key"};
    return std::find(kSecrets.begin(), kSecrets.end(), lower_name) != kSecrets.end();
}

std::string_view value_of(const Owned& field) {
    PyObject* const value = PyTuple_GET_ITEM(field.get(), 1);
    return {PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value))};
}

}  // namespace

// FNV-1a.
std::size_t HeaderNames::Hash::operator()(std::string_view name) const {
    std::size_t hash = 0xcbf29ce484222325U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

HeaderNames::Entry* HeaderNames::find(std::string_view name) {
    const auto known = entries_.find(name);
    if (known != entries_.end()) return &known->second;
    if (entries_.size() >= kMost || name.size() > kLongestName) return nullptr;
    const std::string text = lower(name);
    Entry entry{make_bytes(text), {}, is_secret(text)};
    if (!entry.name) return nullptr;
    return &entries_.emplace(name, std::move(entry)).first->second;
}

Owned HeaderNames::field(std::string_view name, std::string_view value) {
    Entry* const entry = find(name);
    if (entry == nullptr && PyErr_Occurred() != nullptr) return {};
    if (entry != nullptr && entry->last && value_of(entry->last) == value) return borrow(entry->last);
    const Owned name_bytes = entry != nullptr ? borrow(entry->name) : make_bytes(lower(name));
    const Owned value_bytes = make_bytes(value);
    if (!name_bytes || !value_bytes) return {};
    Owned field = steal(PyTuple_Pack(2, name_bytes.get(), value_bytes.get()));
    if (field && entry != nullptr && !entry->secret && value.size() <= kLongestValue)
        entry->last = borrow(field);
    return field;
}

}  // namespace baton::interp::asgi
