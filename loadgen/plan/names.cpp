#include "loadgen/plan/names.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace loadgen::plan {

namespace {

constexpr int kStyles = 5;

// From the shortest to the one that says most.
std::string candidate(const Endpoint& endpoint, int style) {
    const std::string& path = endpoint.target.path;
    std::string bare = path.substr(0, path.find('?'));
    switch (style) {
        case 0:
            return bare;
        case 1:
            return path;
        case 2:
            return endpoint.method + " " + bare;
        case 3:
            return endpoint.method + " " + path;
        default:
            return endpoint.method + " " +
                   (endpoint.target.unix_socket.empty() ? endpoint.target.authority
                                                        : endpoint.target.unix_socket) +
                   path;
    }
}

}  // namespace

void name_endpoints(std::vector<Endpoint>& endpoints) {
    std::set<std::string> taken;
    std::vector<Endpoint*> nameless;
    for (Endpoint& endpoint : endpoints) {
        if (endpoint.name.empty()) {
            nameless.push_back(&endpoint);
        } else {
            taken.insert(endpoint.name);
        }
    }
    // A name that two would have is neither's: "/" for one of two hosts would mislead.
    for (int style = 0; style < kStyles; ++style) {
        std::map<std::string, int> wanted;
        for (const Endpoint* endpoint : nameless) ++wanted[candidate(*endpoint, style)];
        for (Endpoint* endpoint : nameless) {
            std::string name = candidate(*endpoint, style);
            if (wanted[name] == 1 && taken.insert(name).second) endpoint->name = std::move(name);
        }
        std::erase_if(nameless, [](const Endpoint* endpoint) { return !endpoint->name.empty(); });
    }
    for (Endpoint* endpoint : nameless) {
        const std::string base = candidate(*endpoint, 0);
        for (int number = 1; endpoint->name.empty(); ++number) {
            std::string name = base + " #" + std::to_string(number);
            if (taken.insert(name).second) endpoint->name = std::move(name);
        }
    }
}

}  // namespace loadgen::plan
