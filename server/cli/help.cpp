#include "server/cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "server/config/access_format.hpp"
#include "server/config/options.hpp"

namespace baton::cli {

namespace {

constexpr std::size_t kColumn = 30;
constexpr std::size_t kWidth = 100;

// `left`, and `right` in lines beside it; below it when there is no room.
std::string two_columns(const std::string& left, std::string_view right) {
    std::string out = "  " + left;
    std::size_t used = out.size();
    if (used + 1 > kColumn) {
        out += '\n';
        used = 0;
    }
    out.append(kColumn - used, ' ');
    for (std::size_t column = kColumn; !right.empty();) {
        const std::size_t length = std::min(right.find(' '), right.size());
        if (column > kColumn && column + 1 + length > kWidth) {
            out += '\n' + std::string(kColumn, ' ');
            column = kColumn;
        } else if (column > kColumn) {
            out += ' ';
            ++column;
        }
        out += right.substr(0, length);
        column += length;
        right.remove_prefix(std::min(length + 1, right.size()));
    }
    return out + '\n';
}

std::string description(const config::Option& option) {
    std::string text(option.help);
    if (option.kind == config::Kind::list) text += "; repeatable";
    if (option.has_default_value()) return fmt::format("{} (default: {})", text, option.default_text);
    if (option.default_text.empty()) return text + " (default: none)";
    return fmt::format("{} (default: {})", text,
                       option.default_text.substr(1, option.default_text.size() - 2));
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
    // The parts begin and end with line ends of their own; one empty line between them is enough.
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
    while (text.ends_with("\n\n")) text.pop_back();
    return text;
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string) const {
    if (!app->get_parent()) return "Usage: baton COMMAND [options]\n";
    return fmt::format("Usage: baton {} [options] MODULE:CALLABLE\n", app->get_name());
}

std::string HelpFormatter::make_positionals(const CLI::App*) const {
    return {};
}

std::string HelpFormatter::make_group(std::string group, bool positional,
                                      std::vector<const CLI::Option*> opts) const {
    std::string out = fmt::format("\n{}:\n", group);
    for (const CLI::Option* option : opts) out += make_option(option, positional);
    return out;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool) const {
    const std::string flag = CLI::detail::find_and_replace(option->get_name(false, true), ",", ", ");
    const config::Option* row =
        option->get_lnames().empty() ? nullptr : config::find_option(option->get_lnames().front());
    if (!row) return two_columns(flag, option->get_description());
    return two_columns(row->placeholder.empty() ? flag : fmt::format("{} {}", flag, row->placeholder),
                       description(*row));
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
    return two_columns(command->get_name(), command->get_description());
}

std::string options_footer() {
    std::string out =
        "\nEvery option is also an environment variable (BATON_QUEUE_LIMIT=64; lists are separated by "
        "commas)\n"
        "and a key of the --config file (queue-limit = 64; lists are arrays). Flags win over the "
        "environment,\n"
        "that over the file, that over the defaults. A list from one source replaces that of another.\n"
        "\nSIZE: bytes, or with k, M or G (powers of 1024): 65536, 64k, 1M, 1GiB.\n"
        "TIME: seconds, or with ms, s, m or h: 250ms, 10s, 2m; off or 0: no limit.\n"
        "\nAtoms of --access-log FORMAT ({{ and }} are braces; what is not known is -):\n";
    for (const config::AtomInfo& atom : config::atoms()) {
        out += two_columns(fmt::format("{{{}}}", atom.name), atom.meaning);
    }
    return out;
}

}  // namespace baton::cli
