/* codec/dicom_file_fuzz.c - any bytes after a right start: opened, walked, written as JSON, cut to frames.
 *
 * What is opened can be walked to its end, its JSON is UTF-8 and balanced, each piece of a frame lies
 * within the pixels, and what an address in the JSON names is found. */
#include "codec/dicom_frames.h"
#include "codec/dicom_image.h"
#include "codec/dicom_json.h"
#include "codec/dicom_start_fuzz.h"
#include "codec/json.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA = 32 << 20, JSON_MAX = 8 << 20 };

static bool within(struct str piece, struct str whole)
{
    return piece.n == 0 || (piece.p >= whole.p && piece.p + piece.n <= whole.p + whole.n);
}

static void check_walk(struct req *rq, const struct dicom_file *f)
{
    struct dicom_walk w;
    struct dicom_elem e;
    uint32_t n = 0;
    bool has = true;
    enum err r = dicom_walk_begin(rq, f, &w);
    while (r == OK && has) {
        r = dicom_walk_next(&w, &e, &has);
        if (r == OK && has) {
            uint32_t v;
            double d;
            n++;
            ASSERT(within(e.value, f->data_set) && e.depth <= f->depth);
            struct str text = dicom_elem_text(rq, &e, n % 3);
            ASSERT(text.p == NULL || utf8_is_valid(text));
            (void)dicom_elem_u32(&e, n % 3, &v);
            (void)dicom_elem_double(&e, n % 3, &d);
        }
    }
    ASSERT(r == E_TOO_LARGE || n == f->elements);
}

/* The first address in the JSON names an element. */
static void check_address(struct req *rq, const struct dicom_file *f, struct str json)
{
    struct str mark = S("\"BulkDataURI\":\"bulk/");
    struct dicom_elem e;
    bool has = false;
    struct str rest = str_sub(json, str_find(json, mark), json.n);
    if (rest.n > 0 && !f->unsorted) {
        rest = str_sub(rest, mark.n, rest.n);
        enum err r = dicom_find(rq, f, str_sub(rest, 0, str_find_char(rest, '"')), &e, &has);
        ASSERT(r == E_TOO_LARGE || (r == OK && has));
    }
}

static void check_json(struct req *rq, const struct dicom_file *f, unsigned options)
{
    struct dicom_json_opts o = {
        .inline_max = options & 1 ? 8 : 4096,
        .bulk = options & 2 ? S("bulk/") : S(""),
        .pixels = (options & 4) != 0,
        .charset_as_sent = (options & 8) != 0,
    };
    struct buf b;
    struct json_doc doc;
    buf_init(&b, rq->a, JSON_MAX);
    err_clear(rq);
    enum err r = dicom_json(rq, f, &o, &b);
    ASSERT(r == OK || r == E_TOO_LARGE);
    if (r != OK) {
        return;
    }
    struct str json = buf_get(&b);
    struct json_limits lim = json_default_limits;
    lim.depth = JSON_MAX_DEPTH;
    err_clear(rq);
    r = json_parse(rq, json, &lim, &doc);
    ASSERT(r == OK || r == E_TOO_LARGE);
    check_address(rq, f, json);
}

static void check_pixels(struct req *rq, const struct dicom_file *f, unsigned frame)
{
    struct dicom_image m;
    struct dicom_frame *frames = NULL;
    uint32_t n = 0;
    err_clear(rq);
    if (dicom_image_read(rq, f, frame, &m) == OK) {
        ASSERT(m.windows_n <= DICOM_WINDOWS_MAX);
        ASSERT(within(m.modality_lut.data, f->data_set) && within(m.voi_lut.data, f->data_set));
    }
    err_clear(rq);
    if (dicom_frames(rq, f, &frames, &n) != OK) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t size = 0;
        for (uint32_t k = 0; k < frames[i].n; k++) {
            ASSERT(within(frames[i].pieces[k], f->pixels));
            size += frames[i].pieces[k].n;
        }
        ASSERT(size == frames[i].size);
    }
}

static void check_file(struct str bytes, unsigned options)
{
    static const struct dicom_limits lim = {.depth = 1024, .elements = 100000, .inflated = 1 << 20};
    struct req rq;
    struct dicom_file f;
    struct dicom_head head;
    req_init(&rq, ARENA, (struct instant){0});
    if (dicom_file_open(&rq, bytes, &lim, &f) == OK) {
        enum err r = dicom_file_head(&rq, &f, &head);
        ASSERT(r == OK || r == E_TOO_LARGE);
        check_walk(&rq, &f);
        check_json(&rq, &f, options);
        check_pixels(&rq, &f, options & 3);
    } else {
        ASSERT(rq.err.detail[0] != 0);
    }
    req_done(&rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dicom_both_ways(data, size, 7, check_file);
    return 0;
}
