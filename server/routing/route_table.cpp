#include "server/routing/route_table.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>

#include "server/routing/collapse.hpp"

namespace baton::routing {
namespace {

constexpr std::string_view kOtherLabel = "_OTHER";

std::size_t hash(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

}  // namespace

RouteTable::RouteTable(const std::vector<std::string>& templates) {
    add(kOtherLabel);
    for (const std::string& text : templates) {
        Template parsed(text);
        const Answer answer = find_or_add(text, false);
        if (answer.id == kOther) {
            throw std::invalid_argument(
                fmt::format("route template \"{}\": not text, or more than {} of them", text, kLimit));
        }
        templates_.emplace_back(std::move(parsed), answer.id);
    }
}

RouteTable::Answer RouteTable::of_path(std::string_view path, bool known_only) {
    for (const auto& [pattern, id] : templates_) {
        if (pattern.matches(path)) return {id, true};
    }
    thread_local std::string label;
    collapse(path, label);
    return find_or_add(label, known_only);
}

RouteId RouteTable::of_name(std::string_view name) {
    return find_or_add(name, false).id;
}

std::string_view RouteTable::label(RouteId id) const {
    if (id >= size()) {
        std::fprintf(stderr, "baton: route id %u does not exist\n", id);
        std::abort();
    }
    return labels_[id];
}

RouteTable::Found RouteTable::find(std::string_view label) const {
    for (std::size_t i = hash(label) % kSlots;; i = (i + 1) % kSlots) {
        const std::uint32_t slot = slots_[i].load(std::memory_order_acquire);
        if (slot == 0) return {false, kOther};
        if (labels_[slot - 1] == label) return {true, slot - 1};
    }
}

RouteTable::Answer RouteTable::find_or_add(std::string_view label, bool known_only) {
    if (const Found found = find(label); found.known) return {found.id, true};
    if (!is_label(label) || size() == kIds) return {kOther, true};
    if (known_only) return {kOther, false};
    const std::lock_guard lock(adding_);
    if (const Found found = find(label); found.known) return {found.id, true};
    return {size() < kIds ? add(label) : kOther, true};
}

// The text first, then the slot that leads to it: whoever finds the slot may read the text.
RouteId RouteTable::add(std::string_view label) {
    const std::size_t id = size_.load(std::memory_order_relaxed);
    labels_[id] = label;
    size_.store(id + 1, std::memory_order_release);
    std::size_t i = hash(label) % kSlots;
    while (slots_[i].load(std::memory_order_relaxed) != 0) i = (i + 1) % kSlots;
    slots_[i].store(static_cast<std::uint32_t>(id + 1), std::memory_order_release);
    return static_cast<RouteId>(id);
}

}  // namespace baton::routing
