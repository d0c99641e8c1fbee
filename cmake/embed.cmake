# baton_embed(TARGET UNIT NAME FILE [NAME FILE]...): files of the tree as constants of the program. With UNIT `report`
# and NAME `page_css`, TARGET gets
#     #include "embedded/report.hpp"     // namespace embedded::report { extern const std::string_view page_css; }
# Files are relative to the top of the tree; a change of one is seen by the next build. The files are turned into
# source by this very script, run with -P, so that nothing but cmake itself is needed.
if(CMAKE_SCRIPT_MODE_FILE)
    set(source "#include \"embedded/${UNIT}.hpp\"\n\nnamespace embedded::${UNIT} {\n")
    string(REPLACE "," ";" pairs "${PAIRS}")
    while(pairs)
        list(POP_FRONT pairs name file)
        file(READ ${ROOT}/${file} bytes HEX)
        file(SIZE ${ROOT}/${file} size)
        # Pieces of 30 bytes: a literal per line, which the compiler puts together.
        string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
        string(REPEAT "." 120 piece)
        string(REGEX REPLACE "(${piece})" "\\1\"\n    \"" bytes "${bytes}")
        string(APPEND source "const std::string_view ${name}{\n    \"${bytes}\",\n    ${size}};\n")
    endwhile()
    file(WRITE ${OUTPUT} "${source}}  // namespace embedded::${UNIT}\n")
    return()
endif()

set(BATON_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(baton_embed target unit)
    set(folder ${CMAKE_BINARY_DIR}/embedded_${target})
    set(header "#pragma once\n\n#include <string_view>\n\nnamespace embedded::${unit} {\n")
    set(files "")
    set(pairs ${ARGN})
    string(REPLACE ";" "," joined "${pairs}")
    while(pairs)
        list(POP_FRONT pairs name file)
        string(APPEND header "extern const std::string_view ${name};  // ${file}\n")
        list(APPEND files ${PROJECT_SOURCE_DIR}/${file})
    endwhile()
    file(CONFIGURE OUTPUT ${folder}/embedded/${unit}.hpp CONTENT "${header}}  // namespace embedded::${unit}\n" @ONLY)
    add_custom_command(
        OUTPUT ${folder}/embedded/${unit}.cpp
        COMMAND ${CMAKE_COMMAND} -DUNIT=${unit} -DPAIRS=${joined} -DROOT=${PROJECT_SOURCE_DIR}
                -DOUTPUT=${folder}/embedded/${unit}.cpp -P ${BATON_EMBED_SCRIPT}
        DEPENDS ${files} ${BATON_EMBED_SCRIPT}
        COMMENT "Embedding ${unit}"
        VERBATIM)
    target_sources(${target} PRIVATE ${folder}/embedded/${unit}.cpp)
    target_include_directories(${target} PRIVATE ${folder})
endfunction()
