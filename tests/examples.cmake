# What the examples do beside their nets, on examples worked out by hand.
set(examples ${PROJECT_SOURCE_DIR}/examples)

srnn_test(example/score LABEL example LIBS srnn_check KINDS release asan
  SOURCES example_score.c ${examples}/score.c ${examples}/program.c)
srnn_test(example/names LABEL example LIBS srnn_check NEEDS io
  KINDS release asan SOURCES example_names.c ${examples}/names_text.c
    ${examples}/names_batch.c ${examples}/names_judge.c ${examples}/score.c
    ${examples}/program.c)
srnn_test(example/series LABEL example LIBS srnn_check NEEDS io
  KINDS release asan SOURCES example_series.c ${examples}/autoregressive.c
    ${examples}/sunspots_series.c ${examples}/sunspots_forecasts.c
    ${examples}/program.c)
srnn_test(example/pairs LABEL example LIBS srnn_check NEEDS io
  KINDS release asan SOURCES example_pairs.c ${examples}/po.c
    ${examples}/translate_text.c ${examples}/translate_symbols.c
    ${examples}/program.c)
# In one kind of build: fontconfig keeps what a sanitizer calls lost.
srnn_test(example/picture LABEL example LIBS srnn_check NEEDS cairo
  KINDS release SOURCES example_picture.c ${examples}/picture.c
    ${examples}/program.c)
