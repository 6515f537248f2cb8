# The standard library's headers, and GoogleTest's, are parsed once a build instead of once a file:
# that was nearly half of a build's time. One set for the program, one for its tests, because gcc
# takes a precompiled header only where the same macros are defined. Not with ccache, which keeps
# whole objects, and not with clang, whose build reads every header where it is asked for.
include_guard()
option(PRINTFLEET_PCH "Precompile the standard library's headers" ON)

set(standard_headers
  <algorithm> <array> <chrono> <cstdint> <deque> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <unordered_map> <utility> <variant> <vector>)

if(PRINTFLEET_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
  add_library(printfleet_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(printfleet_precompiled PRIVATE printfleet_flags)
  target_precompile_headers(printfleet_precompiled PRIVATE ${standard_headers})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 takes moved strings for overruns, above all where their header is precompiled (the
  # sanitizers' builds look for real ones).
  target_compile_options(printfleet_flags INTERFACE -Wno-array-bounds -Wno-stringop-overread
    -Wno-stringop-overflow -Wno-restrict)
endif()

# printfleet_precompiled(<target>): a target without macros of its own.
function(printfleet_precompiled target)
  if(TARGET printfleet_precompiled)
    target_precompile_headers(${target} REUSE_FROM printfleet_precompiled)
  endif()
endfunction()

# printfleet_test(<target> <sources>…): a program of GoogleTest that knows where the sources are.
function(printfleet_test target)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE printfleet_flags GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE PRINTFLEET_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(NOT TARGET printfleet_precompiled)
    return()
  endif()
  if(NOT TARGET printfleet_precompiled_test)
    add_library(printfleet_precompiled_test STATIC ${CMAKE_BINARY_DIR}/precompiled.cc)
    target_link_libraries(printfleet_precompiled_test PRIVATE printfleet_flags GTest::gtest_main)
    target_compile_definitions(printfleet_precompiled_test PRIVATE
      PRINTFLEET_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_precompile_headers(printfleet_precompiled_test PRIVATE ${standard_headers} <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM printfleet_precompiled_test)
endfunction()
