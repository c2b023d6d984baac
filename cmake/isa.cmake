# The flags that a rung's own file gets, and no other file.

# The scalar rung stays scalar: the bench compares it with what the compiler's
# own vectorisation makes of the same file.
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  set(SRNN_NO_VECTORS -fno-vectorize -fno-slp-vectorize)
else()
  set(SRNN_NO_VECTORS -fno-tree-vectorize)
endif()
set_source_files_properties(${SRNN_SCALAR} PROPERTIES
  COMPILE_OPTIONS "${SRNN_NO_VECTORS}")

# Every vector rung of the target is compiled in; dispatch.c chooses.
set(SRNN_RUNGS)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(SRNN_RUNGS avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(SRNN_RUNGS neon)
endif()
set(SRNN_FLAGS_avx2 -mavx2 -mfma)
set(SRNN_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma
  -mprefer-vector-width=512)
set(SRNN_FLAGS_neon) # part of AArch64

set(SRNN_RUNG_SOURCES)
foreach(rung IN LISTS SRNN_RUNGS)
  list(APPEND SRNN_RUNG_SOURCES kernels/${rung}.c)
  set_source_files_properties(kernels/${rung}.c PROPERTIES
    COMPILE_OPTIONS "${SRNN_FLAGS_${rung}}")
endforeach()
