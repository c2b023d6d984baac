/* The block oracle of the sweep with eight doubles a vector. */
#define LANES 8
#define SWEEP sweep_avx512
#define EXP Sleef_expd8_u10avx512f
#define LOG Sleef_logd8_u10avx512f
#define TANH Sleef_tanhd8_u10avx512f
#define EXPM1 Sleef_expm1d8_u10avx512f
#define LOG1P Sleef_log1pd8_u10avx512f
#include "sweep_lanes.h"
