#include "server/app/loading.hpp"

#include <optional>

namespace baton::app {

namespace {

std::optional<interp::Interface> wish(config::Interface interface) {
    switch (interface) {
        case config::Interface::wsgi:
            return interp::Interface::wsgi;
        case config::Interface::asgi:
            return interp::Interface::asgi;
        case config::Interface::automatic:
            break;
    }
    return std::nullopt;
}

}  // namespace

std::variant<std::vector<Loaded>, std::string> load_all(interp::Runtime& runtime,
                                                        const config::Python& python) {
    std::vector<config::MountedApplication> named{{"", python.application, python.factory}};
    named.insert(named.end(), python.mounts.begin(), python.mounts.end());
    std::vector<Loaded> applications;
    for (const config::MountedApplication& one : named) {
        interp::LoadResult loaded =
            interp::load_application(runtime, {one.application, one.factory, wish(python.interface)});
        if (const auto* error = std::get_if<interp::LoadError>(&loaded))
            return one.prefix.empty() ? error->text : "--mount " + one.prefix + ": " + error->text;
        applications.push_back({one.prefix, std::get<interp::LoadedApplication>(std::move(loaded))});
    }
    return applications;
}

std::string describe(const std::vector<Loaded>& applications) {
    std::string text;
    for (const Loaded& one : applications) {
        if (!one.prefix.empty()) text += one.prefix + ": ";
        text += one.application.description() + "\n";
    }
    return text;
}

}  // namespace baton::app
