/* dicom/dimse_fuzz.c - any bytes from a peer: the same answers in one piece and in small ones, each store
 * begun is ended or broken off. */
#include "base/err.h"
#include "dicom/dimse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    unsigned begun;
    unsigned ended;
    uint64_t bytes;
};

static enum dimse_may may(void *ctx, struct str calling, struct str called)
{
    (void)ctx;
    ASSERT(calling.n <= 16 && called.n <= 16);
    return DIMSE_MAY;
}

static enum err begin(void *ctx, const struct dimse_store *s, struct str head)
{
    struct heard *h = ctx;
    h->begun++;
    ASSERT(s->transfer_syntax.n > 0 && head.n > 132);
    return OK;
}

static enum err take(void *ctx, struct str bytes)
{
    struct heard *h = ctx;
    h->bytes += bytes.n;
    return OK;
}

static uint16_t end(void *ctx, bool failed, struct str *ret_comment)
{
    struct heard *h = ctx;
    ASSERT(!failed);
    h->ended++;
    *ret_comment = S("");
    return DIMSE_OK;
}

static void broken(void *ctx)
{
    struct heard *h = ctx;
    h->ended++;
}

static struct str talk(struct arena *a, struct str bytes, size_t step, struct heard *h)
{
    struct buf all;
    bool over = false;
    struct dimse *d = dimse_new(a, &(struct dimse_sink){.may = may, .begin = begin, .data = take,
                                                        .end = end, .broken = broken, .ctx = h});
    buf_init(&all, a, 8 << 20);
    while (bytes.n > 0 && !over) {
        struct buf out;
        size_t used = 0;
        buf_init(&out, a, DIMSE_OUT_MAX);
        dimse_feed(d, str_sub(bytes, 0, step), &out, &used, &over);
        ASSERT(buf_ok(&out) && (used > 0 || over || out.n > 0));
        buf_str(&all, buf_get(&out));
        bytes = str_sub(bytes, used, bytes.n);
    }
    dimse_end(d, NULL);
    ASSERT(h->begun == h->ended);
    return buf_get(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct str bytes = {(const char *)data, size};
    struct heard once = {0};
    struct heard often = {0};
    struct str x = talk(a, bytes, size > 0 ? size : 1, &once);
    struct str y = talk(a, bytes, 5, &often);
    ASSERT(once.begun == often.begun && once.bytes == often.bytes && str_eq(x, y));
    arena_free(a);
    return 0;
}
