/* The block oracle of the sweep with four doubles a vector. */
#define LANES 4
#define SWEEP sweep_avx2
#define EXP Sleef_expd4_u10avx2
#define LOG Sleef_logd4_u10avx2
#define TANH Sleef_tanhd4_u10avx2
#define EXPM1 Sleef_expm1d4_u10avx2
#define LOG1P Sleef_log1pd4_u10avx2
#include "sweep_lanes.h"
