/* care/filetype_fuzz.c - a file's name and its bytes: it is judged, and the name shown can be shown and
 * saved under. The first line is the name. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "care/filetype.h"
#include "codec/utf8.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct req *rq, struct str name, const struct file_kind *kind, bool renamed)
{
    struct str shown = file_name_clean(rq->a, name, kind, renamed);
    ASSERT(shown.n > 0 && shown.n <= 120 && (!utf8_is_valid(name) || utf8_is_valid(shown)));
    for (size_t i = 0; i < shown.n; i++) {
        unsigned char c = (unsigned char)shown.p[i];
        ASSERT(c >= 0x20 && c != 0x7f && c != '"' && c != '/' && c != '\\');
    }
    ASSERT(!renamed || str_ends(shown, kind->ext));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    struct req rq;
    struct file_finding f;
    struct str bytes = {(const char *)data, size};
    struct str name = {NULL, 0};
    if (fd < 0) {
        fd = memfd_create("file", MFD_CLOEXEC);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    (void)str_cut(&bytes, '\n', &name);
    req_init(&rq, 1u << 20, (struct instant){0});
    ASSERT(fd >= 0 && ftruncate(fd, 0) == 0 && os_write_at(&rq, fd, 0, bytes.p, bytes.n) == OK);
    check_name(&rq, name, NULL, false);
    check_name(&rq, name, file_kind_find(S("application/pdf")), true);
    if (bytes.n > 0 && file_judge(&rq, path, name, &f) == OK) {
        ASSERT((f.verdict == FILE_TAKEN) == (f.kind != NULL));
        check_name(&rq, name, f.kind, f.kind != NULL && f.renamed);
    }
    req_done(&rq);
    return 0;
}
