# What every file of this project is compiled with: C11, warnings as errors,
# no fused multiply-add but those written, code aligned so that layout does not
# move a benchmark.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(SRNN_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wvla
  -Wpointer-arith -Wwrite-strings)
set(SRNN_C_WARNINGS -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition)
add_compile_options(${SRNN_WARNINGS}
  "$<$<COMPILE_LANGUAGE:C>:${SRNN_C_WARNINGS}>")
if(SRNN_WERROR)
  add_compile_options(-Werror)
endif()

add_compile_options(-ffp-contract=off)
foreach(flag -falign-functions=64 -falign-loops=64)
  string(MAKE_C_IDENTIFIER SRNN_HAS${flag} has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options(${flag})
  endif()
endforeach()

# A shared library must name all that it needs; a sanitizer's run-time library
# comes only with the executable.
if(NOT SRNN_SANITIZE)
  set(shared $<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>)
  add_link_options($<${shared}:-Wl,-z,defs>)
else()
  add_compile_options(-fsanitize=${SRNN_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SRNN_SANITIZE})
endif()
