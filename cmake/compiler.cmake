# Warnings, hardening and the sanitizers. Warnings are errors: a build that prints nothing is a build to trust.
set(BATON_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
    -Wconversion -Wno-sign-conversion -Woverloaded-virtual -Werror)
# g++ 12 sees overlapping copies in "text" + std::to_string(n) when it optimises (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND BATON_WARNINGS -Wno-restrict)
endif()

set(BATON_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")
if(BATON_SANITIZE)
    add_compile_options(-fsanitize=${BATON_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${BATON_SANITIZE})
    if(BATON_SANITIZE MATCHES "thread")
        add_compile_options(-Wno-tsan)  # Asio uses fences, which ThreadSanitizer does not model; g++ 12 warns of each
    endif()
endif()

add_compile_options(-fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    add_compile_options(-g1)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()

# Asio: no deprecated names. A request is a dozen nested coroutines, and Asio keeps only two frames for the next one
# unless told otherwise.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)

find_program(BATON_CCACHE ccache)
if(BATON_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${BATON_CCACHE})
endif()
find_program(BATON_MOLD mold)
if(BATON_MOLD)
    add_link_options(-fuse-ld=mold)
endif()
