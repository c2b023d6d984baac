/* A library that objects.sh must refuse: it exports a foreign name and needs
 * a library (tests/CMakeLists.txt) that simdrnn must not. */
#include <simdrnn/base.h>

SRNN_API const char *leak(void);

const char *leak(void)
{
    return srnn_version();
}
