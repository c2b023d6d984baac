/* Modules, each loaded so that none of its symbols is taken from another. */
#define _GNU_SOURCE /* dladdr */
#include "runner.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GET "gate_module_get"

typedef const gate_module *get_fn(void);

/* POSIX lets a function's address pass through a data pointer, C does not. */
static get_fn *find_get(void *handle)
{
    void *symbol = dlsym(handle, GET);
    get_fn *get;

    memcpy(&get, &symbol, sizeof get);
    return get;
}

const gate_module *load_module(const char *path, char *why)
{
    char file[4096];
    const gate_module *module;
    get_fn *get;
    void *handle;

    /* Without a slash it would be looked for among the system's libraries. */
    snprintf(file, sizeof file, "%s%s", strchr(path, '/') ? "" : "./", path);
    handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(why, WHY, "%s", dlerror());
        return NULL;
    }
    get = find_get(handle);
    if (!get) {
        snprintf(why, WHY, "%s exports no " GET, path);
        return NULL;
    }
    module = get();
    if (module->version == GATE_VERSION)
        return module;
    snprintf(why, WHY, "%s is of version %u of the gate's interface, not %u",
             path, module->version, GATE_VERSION);
    return NULL;
}

int load_same_file(const char *a, const char *b)
{
    struct stat one, two;

    return !stat(a, &one) && !stat(b, &two) && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

int load_same_code(const void *a, const void *b)
{
    Dl_info one, two;

    return a == b || (dladdr(a, &one) && dladdr(b, &two) &&
                      one.dli_fbase == two.dli_fbase);
}

void load_close(gate_row *row)
{
    if (row->close)
        row->close(row);
}
