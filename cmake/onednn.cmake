# oneDNN, a peer of the bench, of version 2: the C interface of 3 makes its
# primitives in another way.
set(wanted "${SRNN_ONEDNN}")
find_path(SRNN_ONEDNN_HEADERS oneapi/dnnl/dnnl_version.h)
mark_as_advanced(SRNN_ONEDNN_HEADERS)
if(wanted AND SRNN_ONEDNN_HEADERS)
  file(STRINGS ${SRNN_ONEDNN_HEADERS}/oneapi/dnnl/dnnl_version.h major
    REGEX "define DNNL_VERSION_MAJOR")
  string(REGEX REPLACE "[^0-9]" "" major "${major}")
  if(NOT major EQUAL 2)
    srnn_missing(${wanted} "oneDNN of version 2 (here is ${major})"
      "the peer oneDNN (SRNN_ONEDNN)")
    set(wanted OFF)
  endif()
endif()
srnn_find(onednn "${wanted}" libdnnl-dev "the peer oneDNN (SRNN_ONEDNN)"
  oneapi/dnnl/dnnl.h dnnl)
