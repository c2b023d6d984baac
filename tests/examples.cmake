# What the examples do beside their nets, on examples worked out by hand.
set(examples ${PROJECT_SOURCE_DIR}/examples)

srnn_test(example/score LABEL example LIBS srnn_check KINDS release asan
  SOURCES example_score.c ${examples}/score.c ${examples}/program.c)
