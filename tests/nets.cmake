# The tests of nets: gradients, cells against their oracle, promises, memory,
# every refusal. Included by tests/CMakeLists.txt.

# ---- gradients: the shipped sources in double, against central differences ---
set(in_double net_case.c check.c numbers.c oracle.c oracle_phi.c phi.c)
srnn_test(gradient/cells LABEL gradient F64
  SOURCES gradient.c gradient_check.c ${in_double})
foreach(part fork lstm norm variants)
  srnn_test(gradient/${part} LABEL gradient F64
    SOURCES gradient_${part}.c gradient_check.c ${in_double})
endforeach()
# Long: minutes under qemu, for the same double precision.
srnn_test(gradient/masks LABEL gradient F64 KINDS release asan
  SOURCES gradient_masks.c masks_case.c gradient_check.c ${in_double})
srnn_test(gradient/graph LABEL gradient F64
  SOURCES gradient_graph.c graph.c graphs.c gradient_check.c ${in_double})
srnn_test(gradient/nodes LABEL gradient F64
  SOURCES gradient_nodes.c node_case.c ${in_double})
srnn_test(gradient/attention LABEL gradient F64
  SOURCES gradient_attention.c attend_case.c gradient_check.c ${in_double})

add_library(srnn_nets STATIC net_case.c record.c record_run.c net_compare.c
  net_oracle.c net_oracle_back.c graph.c graphs.c masks_case.c)
target_link_libraries(srnn_nets PUBLIC srnn_check)

# ---- cells: against a double oracle, with derived bounds ---
foreach(pass forward backward)
  srnn_test(cell/${pass} LABEL cell SOURCES cell_${pass}.c LIBS srnn_nets
    KINDS release asan aarch64 haswell nehalem)
endforeach()
foreach(part init init_bias init_lstm)
  srnn_test(cell/${part} LABEL cell SOURCES cell_${part}.c init_case.c
    LIBS srnn_nets KINDS release asan aarch64 haswell)
endforeach()
srnn_test(cell/nodes LABEL cell SOURCES cell_nodes.c LIBS srnn_nets)
srnn_test(cell/norm LABEL cell SOURCES cell_norm.c LIBS srnn_nets
  KINDS release asan aarch64 haswell nehalem)
srnn_test(cell/masks LABEL cell SOURCES cell_masks.c LIBS srnn_nets)
srnn_test(cell/projected LABEL cell SOURCES cell_projected.c LIBS srnn_nets)
srnn_test(cell/lstm LABEL cell SOURCES cell_lstm.c LIBS srnn_nets)
srnn_test(cell/lstm-hand LABEL cell SOURCES hand_lstm.c LIBS srnn_nets)
srnn_test(cell/update LABEL cell SOURCES cell_update.c LIBS srnn_nets)

# ---- promises: whole nets, bit for bit ---
foreach(promise nets carry resume ragged)
  srnn_test(promise/${promise} LABEL promise SOURCES promise_${promise}.c
    LIBS srnn_nets SHORT control small norm variants lstm carry resume ragged)
endforeach()
srnn_test(promise/step LABEL promise SOURCES promise_step.c LIBS srnn_nets)
srnn_test(promise/graph LABEL promise SOURCES promise_graph.c LIBS srnn_nets
  KINDS release asan tsan aarch64)
srnn_test(promise/through LABEL promise SOURCES promise_through.c
  LIBS srnn_nets KINDS release asan tsan aarch64)
srnn_test(promise/nodes LABEL promise SOURCES promise_nodes.c node_case.c
  LIBS srnn_nets)
srnn_test(promise/attend LABEL promise
  SOURCES promise_attend.c attend_run.c attend_case.c
  LIBS srnn_nets KINDS release asan tsan aarch64 haswell
  ARGS ${here}/promise_attend_hashes.txt)
srnn_test(promise/net-hashes LABEL promise
  SOURCES promise_net_hashes.c LIBS srnn_nets
  KINDS release asan aarch64 haswell ARGS ${here}/promise_net_hashes.txt)
srnn_test(promise/masks LABEL promise SOURCES promise_masks.c LIBS srnn_nets
  KINDS release asan aarch64 haswell ARGS ${here}/promise_mask_hashes.txt
  SHORT ${here}/promise_mask_hashes.txt hashes resume)
srnn_test(promise/mask-axes LABEL promise SOURCES promise_mask_axes.c
  LIBS srnn_nets)

# ---- the interface: refusals, floating-point modes, threads, memory ---
foreach(part nets nodes norm sessions trainers modes sample variants)
  srnn_test(api/${part} LABEL cell SOURCES api_${part}.c LIBS srnn_nets)
endforeach()
srnn_test(api/memory LABEL cell SOURCES api_memory.c LIBS srnn_nets
  KINDS release asan) # qemu passes no advice on
srnn_test(api/masks LABEL cell SOURCES api_masks.c LIBS srnn_nets)
srnn_test(api/init LABEL cell SOURCES api_init.c init_case.c LIBS srnn_nets)
srnn_test(api/attention LABEL cell SOURCES api_attention.c LIBS srnn_nets)
srnn_test(api/threads LABEL cell SOURCES api_threads.c LIBS srnn_nets
  KINDS release asan tsan aarch64)
srnn_test(api/worth LABEL cell SOURCES worth.c LIBS srnn_nets
  KINDS release asan tsan)
srnn_test(api/alloc LABEL cell SOURCES alloc.c heap.c LIBS srnn_nets)
srnn_wrap(api/alloc malloc calloc realloc aligned_alloc free)
srnn_wrap(api/threads pthread_create)
srnn_wrap(api/worth pthread_create)

# ---- generation: a decoder without a net (tree.h), and nets ---
add_library(srnn_tree STATIC tree.c)
target_link_libraries(srnn_tree PUBLIC srnn_nets)
foreach(part beam generate likelihood)
  srnn_test(api/${part} LABEL cell SOURCES api_${part}.c LIBS srnn_tree)
endforeach()
srnn_test(cell/beam LABEL cell SOURCES beam_lists.c LIBS srnn_tree)
srnn_test(promise/generate LABEL promise
  SOURCES promise_generate.c LIBS srnn_tree
  KINDS release asan aarch64 haswell
  ARGS ${here}/promise_generate_hashes.txt)
srnn_test(api/generate-alloc LABEL cell SOURCES generate_alloc.c heap.c
  LIBS srnn_tree)
srnn_wrap(api/generate-alloc malloc calloc realloc aligned_alloc free)
add_library(srnn_seq2seq STATIC seq2seq.c forced.c)
target_link_libraries(srnn_seq2seq PUBLIC srnn_tree)
srnn_test(api/seq2seq LABEL cell SOURCES api_seq2seq.c LIBS srnn_seq2seq)
srnn_test(api/forcing LABEL cell SOURCES api_forcing.c LIBS srnn_seq2seq)
srnn_test(cell/forcing LABEL cell SOURCES forcing.c LIBS srnn_seq2seq)
srnn_test(promise/forcing LABEL promise
  SOURCES promise_forcing.c LIBS srnn_seq2seq
  KINDS release asan tsan aarch64 haswell
  ARGS ${here}/promise_forcing_hashes.txt)

# ---- drawings ---
add_library(srnn_print_case STATIC print_case.c)
target_link_libraries(srnn_print_case PUBLIC srnn_nets)
srnn_test(api/print LABEL cell SOURCES api_print.c LIBS srnn_print_case)
if(SRNN_KIND STREQUAL release)
  srnn_program(print_dot SOURCES print_dot.c LIBS srnn_print_case)
  srnn_add_test(api/print-dot LABEL cell
    COMMAND ${here}/print_dot.sh $<TARGET_FILE:test_print_dot>)
endif()
