/* fhir/defc.c - the build-time program: defc PACKAGE_DIR OUR_DIR OUT. Compiles the definitions. */
#include <stdio.h>

#include "fhir/defs_compile.h"
#include "os/file.h"

enum { DEFC_FILE_MAX = 256 << 20 };

static enum err run(struct req *rq, char **argv)
{
    struct str files[DEF_FILE_COUNT];
    struct str block;
    for (unsigned i = 0; i < DEF_FILE_COUNT; i++) {
        char path[OS_PATH_MAX];
        bool own;
        const char *name = defs_file_name((enum def_file)i, &own);
        TRY(os_path(rq, str_z(own ? argv[2] : argv[1]), str_z(name), path));
        TRY(os_read_file(rq, path, DEFC_FILE_MAX, &files[i]));
    }
    TRY(defs_compile(rq, files, &block));
    return os_write_file(rq, argv[3], block, 0644);
}

int main(int argc, char **argv)
{
    struct req rq;
    if (argc != 4) {
        fprintf(stderr, "defc PACKAGE_DIR OUR_DIR OUT\n");
        return 2;
    }
    req_init(&rq, (size_t)2 << 30, (struct instant){0});
    enum err e = run(&rq, argv);
    if (e != OK) {
        fprintf(stderr, "defc: %s: %s\n", err_name(e), rq.err.detail);
    }
    req_done(&rq);
    return e == OK ? 0 : 1;
}
