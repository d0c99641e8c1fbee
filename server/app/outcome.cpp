#include "server/app/outcome.hpp"

#include <exception>
#include <iostream>
#include <stdexcept>

#include "interp/runtime.hpp"
#include "server/net/listener.hpp"
#include "server/net/tls.hpp"
#include "server/probe/probe.hpp"

namespace baton::app {

void say(const std::string& text) {
    std::cerr << "baton: " + text + "\n";
}

ExitStatus complain(ExitStatus status, const std::string& text) {
    say(text);
    return status;
}

ExitStatus complain_of_current_exception() {
    try {
        throw;
    } catch (const net::AddressError& error) {
        return complain(kNoAddress, error.what());
    } catch (const probe::AddressError& error) {
        return complain(kNoAddress, error.what());
    } catch (const net::TlsError& error) {
        return complain(kUsage, error.what());
    } catch (const std::invalid_argument& error) {
        return complain(kUsage, error.what());
    } catch (const interp::StartError& error) {
        return complain(kNoApplication, error.what());
    } catch (const std::exception& error) {
        return complain(kFailed, error.what());
    }
}

}  // namespace baton::app
