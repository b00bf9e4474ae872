/* os/lines_fuzz.c - a file of lines: those read one after the other are the file, each can be found again by
 * its place, and one that is too long is told. The first byte is the longest line that is taken. */
#include <sys/mman.h>
#include <unistd.h>

#include "os/file.h"
#include "os/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The end of the line that begins at from. */
static size_t line_end(struct str text, size_t from)
{
    return from + str_find_char(str_sub(text, from, text.n), '\n');
}

static struct str bare(struct str line)
{
    bool has_cr = line.n > 0 && line.p[line.n - 1] == '\r';
    return str_sub(line, 0, line.n - (has_cr ? 1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct req rq;
    struct os_lines lines;
    struct str text = size > 0 ? (struct str){(const char *)data + 1, size - 1} : S("");
    size_t most = size > 0 ? (size_t)data[0] + 1 : 1;
    size_t at = 0;
    bool has = true;
    if (fd < 0) {
        fd = memfd_create("lines", MFD_CLOEXEC);
    }
    ASSERT(fd >= 0 && ftruncate(fd, 0) == 0);
    req_init(&rq, 1u << 20, (struct instant){0});
    ASSERT(os_write_at(&rq, fd, 0, text.p, text.n) == OK);
    os_lines_of(dup(fd), 0, most, &lines);
    while (has) {
        struct str line;
        size_t end = line_end(text, at);
        enum err e = os_lines_next(&rq, &lines, &line, &has);
        if (e != OK) {
            ASSERT(e == E_TOO_LARGE && end - at > most);
            break;
        }
        ASSERT(has == (at < text.n));
        if (has) {
            ASSERT(str_eq(line, bare(str_sub(text, at, end - at))));
            size_t next = MIN(end + 1, text.n);
            ASSERT(lines.at == next);
            os_lines_seek(&lines, at);
            ASSERT(os_lines_next(&rq, &lines, &line, &has) == OK && has && lines.at == next);
            at = next;
        }
    }
    os_lines_close(&lines);
    req_done(&rq);
    return 0;
}
