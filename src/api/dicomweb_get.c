/* api/dicomweb_get.c - WADO-RS: files, metadata, frames and values as they are kept (PS3.18 10.4). */
#include "api/dicomweb_int.h"
#include "care/care.h"
#include "codec/dicom_json.h"
#include "dicom/render.h"

#define DICOM S("application/dicom")
#define DICOM_JSON S("application/dicom+json")
#define OCTETS S("application/octet-stream")
#define EXPLICIT S("1.2.840.10008.1.2.1")

enum { METADATA_MAX = 128 * 1024 * 1024, INLINE_MAX = 1024, URL_MAX = 600 };

/* ---- files ---- */

/* Files go out as they came: another transfer syntax than theirs is not to be had. */
static bool file_fits(const struct dw_form *f, const struct dw_item *item)
{
    return !f->asked || (str_eq_nocase(f->type, DICOM)
                         && (f->syntax.n == 0 || str_eq(f->syntax, item->syntax)));
}

static const struct dw_form *form_of(const struct dw_form *forms, uint32_t n,
                                     const struct dw_items *items)
{
    for (uint32_t i = 0; i < n; i++) {
        bool fits = forms[i].multipart || items->n == 1;
        for (size_t k = 0; k < items->n && fits; k++) {
            fits = file_fits(&forms[i], &items->v[k]);
        }
        if (fits) {
            return &forms[i];
        }
    }
    return NULL;
}

static struct str location(struct http_req *h, const struct dw_place *p, const struct dw_item *item)
{
    struct buf b;
    buf_init(&b, h->rq.a, URL_MAX);
    dw_url(h, &b, p->study.uid, item->series, item->sop);
    return buf_get(&b);
}

static enum err one_file(struct http_req *h, const struct dw_item *item)
{
    struct http_disk_file f = {0};
    struct buf name;
    struct buf type;
    struct buf tag;
    buf_init(&name, h->rq.a, 80);
    buf_str(&name, item->sop);
    BUF_LIT(&name, ".dcm");
    buf_init(&type, h->rq.a, 128);
    BUF_LIT(&type, "application/dicom; transfer-syntax=");
    buf_str(&type, item->syntax);
    buf_init(&tag, h->rq.a, 80);
    buf_char(&tag, '"');
    buf_hex(&tag, item->blob.sha, sizeof item->blob.sha);
    buf_char(&tag, '"');
    TRY(blob_open(&h->rq, care_of(&h->rq)->store, item->blob.sha, &f.fd, &f.size_bytes));
    f.type = buf_get(&type);
    f.filename = buf_get(&name);
    f.etag = buf_get(&tag);
    http_reply_cache(h, S("private, no-cache"));
    return http_reply_file(h, &f);
}

enum err api_dicomweb_get(struct http_req *h)
{
    struct dw_place p;
    struct dw_items items;
    struct dw_form forms[DW_FORMS_MAX];
    struct dw_parts parts;

    TRY(dw_open(h, AUDIT_DOWNLOAD, &p));
    TRY(dw_items(h, &p, &items));
    const struct dw_form *form = form_of(forms, dw_accepted(h, forms, DW_FORMS_MAX), &items);
    if (form == NULL) {
        return FAIL(&h->rq, E_NOT_ACCEPT, "application/dicom in the transfer syntax it is kept in");
    }
    if (!form->multipart) {
        return one_file(h, &items.v[0]);
    }
    TRY(dw_parts_begin(h, items.n, items.n, &parts));
    for (size_t i = 0; i < items.n; i++) {
        const struct dw_item *item = &items.v[i];
        dw_part(&parts, DICOM, item->syntax, item->blob.size, location(h, &p, item));
        dw_part_file(&parts, &item->blob);
    }
    return dw_parts_end(&parts, DICOM);
}

/* ---- metadata ---- */

static bool wants_json(struct http_req *h)
{
    struct dw_form forms[DW_FORMS_MAX];
    uint32_t n = dw_accepted(h, forms, DW_FORMS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (!forms[i].asked || str_eq_nocase(forms[i].type, DICOM_JSON)
            || str_eq_nocase(forms[i].type, S("application/json"))) {
            return true;
        }
    }
    return false;
}

enum err api_dicomweb_metadata(struct http_req *h)
{
    struct dw_place p;
    struct dw_items items;
    struct buf out;

    TRY(dw_open(h, AUDIT_READ, &p));
    if (!wants_json(h)) {
        return FAIL(&h->rq, E_NOT_ACCEPT, "application/dicom+json");
    }
    TRY(dw_items(h, &p, &items));
    buf_init(&out, h->rq.a, METADATA_MAX);
    buf_char(&out, '[');
    for (size_t i = 0; i < items.n; i++) {
        struct dicom_file f;
        struct buf bulk;
        buf_init(&bulk, h->rq.a, URL_MAX);
        buf_str(&bulk, location(h, &p, &items.v[i]));
        BUF_LIT(&bulk, "/bulk/");
        struct dicom_json_opts o = {.inline_max = INLINE_MAX, .bulk = buf_get(&bulk), .pixels = true};
        if (i > 0) {
            buf_char(&out, ',');
        }
        TRY(dw_file(h, &items.v[i], &f));
        TRY(dicom_json(&h->rq, &f, &o, &out));
    }
    buf_char(&out, ']');
    if (!buf_ok(&out)) {
        return FAIL(&h->rq, E_TOO_LARGE, "metadata");
    }
    return http_reply(h, 200, DICOM_JSON, buf_get(&out));
}

/* ---- frames ---- */

/* Media types of compressed frames (PS3.18 table 8.7.3-2); others are octets. */
static const struct {
    struct str syntax;
    struct str type;
} frame_types[] = {
    {SI("1.2.840.10008.1.2.4.50"), SI("image/jpeg")},
    {SI("1.2.840.10008.1.2.4.51"), SI("image/jpeg")},
    {SI("1.2.840.10008.1.2.4.57"), SI("image/jpeg")},
    {SI("1.2.840.10008.1.2.4.70"), SI("image/jpeg")},
    {SI("1.2.840.10008.1.2.4.80"), SI("image/jls")},
    {SI("1.2.840.10008.1.2.4.81"), SI("image/jls")},
    {SI("1.2.840.10008.1.2.4.90"), SI("image/jp2")},
    {SI("1.2.840.10008.1.2.4.91"), SI("image/jp2")},
    {SI("1.2.840.10008.1.2.4.92"), SI("image/jpx")},
    {SI("1.2.840.10008.1.2.4.93"), SI("image/jpx")},
    {SI("1.2.840.10008.1.2.4.201"), SI("image/jphc")},
    {SI("1.2.840.10008.1.2.4.202"), SI("image/jphc")},
    {SI("1.2.840.10008.1.2.4.203"), SI("image/jphc")},
    {SI("1.2.840.10008.1.2.5"), SI("image/dicom-rle")},
};

static struct str frame_type(const struct dicom_file *f)
{
    for (size_t i = 0; f->encapsulated && i < LEN(frame_types); i++) {
        if (str_eq(frame_types[i].syntax, f->transfer_syntax)) {
            return frame_types[i].type;
        }
    }
    return OCTETS;
}

/* Frames that are not compressed are little endian octets, whatever the file is. */
static struct str frame_syntax(const struct dicom_file *f)
{
    return f->encapsulated ? f->transfer_syntax : EXPLICIT;
}

static bool frame_fits(const struct dw_form *form, const struct dicom_file *f)
{
    if (!form->asked) {
        return true;
    }
    bool same = form->syntax.n == 0 || str_eq(form->syntax, frame_syntax(f));
    bool as_type = str_eq_nocase(form->type, frame_type(f));
    /* Octets in any syntax: the part says which. */
    bool as_octets = str_eq_nocase(form->type, OCTETS);
    return same && (as_type || as_octets);
}

/* "1,3": numbers from 1. */
static enum err frame_list(struct http_req *h, uint32_t most, uint32_t **ret_v, uint32_t *ret_n)
{
    struct str rest = http_param(h, S("frames"));
    struct str one;
    uint32_t n = 0;
    uint32_t *v = ARENA_ARRAY(h->rq.a, rest.n / 2 + 1, uint32_t);
    TRY_MEM(&h->rq, v);
    while (str_cut(&rest, ',', &one)) {
        uint64_t k = 0;
        if (!str_u64(str_trim(one), &k) || k == 0) {
            return FAIL(&h->rq, E_BAD_INPUT, "frames: numbers from 1 with commas between");
        }
        if (k > most) {
            return FAIL(&h->rq, E_NOT_FOUND, "frame %llu of %u", (unsigned long long)k, most);
        }
        v[n++] = (uint32_t)k;
    }
    *ret_v = v;
    *ret_n = n;
    return OK;
}

/* Bytes of a frame, turned round where the file is big endian. */
static enum err frame_out(struct http_req *h, const struct dicom_file *f, const struct dicom_frame *frame,
                          struct dw_parts *parts)
{
    struct dicom_image m;
    if (!f->big_endian || f->encapsulated) {
        for (uint32_t i = 0; i < frame->n; i++) {
            dw_part_bytes(parts, frame->pieces[i]);
        }
        return OK;
    }
    TRY(dicom_image_read(&h->rq, f, 0, &m));
    char *out = arena_alloc_raw(h->rq.a, frame->size);
    TRY_MEM(&h->rq, out);
    dicom_swap(frame->pieces[0], MAX(m.bits_allocated / 8, 1), out);
    dw_part_bytes(parts, (struct str){out, frame->size});
    return OK;
}

/* Compressed frames asked for as native octets are decoded for it. */
static bool is_native(const struct dw_form *form, const struct dicom_file *f)
{
    return form->asked && f->encapsulated && str_eq_nocase(form->type, OCTETS)
           && str_eq(form->syntax, EXPLICIT);
}

static enum err one_frame(struct http_req *h, struct str type, struct str syntax, struct dw_parts *parts)
{
    struct buf t;
    buf_init(&t, h->rq.a, 128);
    buf_str(&t, type);
    BUF_LIT(&t, "; transfer-syntax=");
    buf_str(&t, syntax);
    /* The head of the part is left out. */
    return http_reply_pieces(h, &(struct http_pieces){.status = 200, .type = buf_get(&t),
                                                      .v = parts->v + 1, .n = parts->n - 1});
}

enum err api_dicomweb_frames(struct http_req *h)
{
    struct dw_place p;
    struct dw_items items;
    struct dicom_file f;
    struct dicom_frame *frames;
    struct dw_form forms[DW_FORMS_MAX];
    struct dw_parts parts;
    uint32_t *list;
    uint32_t n_frames = 0;
    uint32_t n = 0;

    TRY(dw_open(h, AUDIT_READ, &p));
    TRY(dw_items(h, &p, &items));
    TRY(dw_file(h, &items.v[0], &f));
    TRY(dicom_frames(&h->rq, &f, &frames, &n_frames));
    TRY(frame_list(h, n_frames, &list, &n));
    uint32_t n_forms = dw_accepted(h, forms, DW_FORMS_MAX);
    const struct dw_form *form = NULL;
    for (uint32_t i = 0; i < n_forms && form == NULL; i++) {
        bool fits = frame_fits(&forms[i], &f) || is_native(&forms[i], &f);
        form = fits && (forms[i].multipart || n == 1) ? &forms[i] : NULL;
    }
    if (form == NULL) {
        return FAIL(&h->rq, E_NOT_ACCEPT, "frames are kept as %.*s; transfer-syntax=%.*s",
                    STR_ARG(frame_type(&f)), STR_ARG(frame_syntax(&f)));
    }
    size_t pieces = 0;
    for (uint32_t i = 0; i < n; i++) {
        pieces += frames[list[i] - 1].n;
    }
    bool native = is_native(form, &f);
    struct str type = native ? OCTETS : frame_type(&f);
    struct str syntax = native ? EXPLICIT : frame_syntax(&f);
    http_reply_cache(h, S("private, no-cache"));
    TRY(dw_parts_begin(h, n, pieces, &parts));
    for (uint32_t i = 0; i < n; i++) {
        const struct dicom_frame *frame = &frames[list[i] - 1];
        struct str decoded = {0};
        if (native) {
            TRY(render_native(&h->rq, &f, list[i] - 1, care_of(&h->rq)->pixels, &decoded));
            dw_part(&parts, type, syntax, decoded.n, S(""));
            dw_part_bytes(&parts, decoded);
        } else {
            dw_part(&parts, type, syntax, frame->size, S(""));
            TRY(frame_out(h, &f, frame, &parts));
        }
    }
    return form->multipart ? dw_parts_end(&parts, type) : one_frame(h, type, syntax, &parts);
}

/* ---- values ---- */

enum err api_dicomweb_bulk(struct http_req *h)
{
    struct dw_place p;
    struct dw_items items;
    struct dicom_file f;
    struct dicom_elem e;
    struct dw_form forms[DW_FORMS_MAX];
    struct dw_parts parts;
    bool has = false;

    TRY(dw_open(h, AUDIT_READ, &p));
    TRY(dw_items(h, &p, &items));
    TRY(dw_file(h, &items.v[0], &f));
    TRY(dicom_find(&h->rq, &f, http_param(h, S("path")), &e, &has));
    if (!has || (e.kind != DICOM_VALUE && e.kind != DICOM_FRAGMENTS)) {
        return FAIL(&h->rq, E_NOT_FOUND, "value");
    }
    struct str v = e.value;
    size_t unit = dicom_unit(e.vr);
    if (e.big_endian && unit > 1 && e.kind == DICOM_VALUE) {
        char *out = arena_alloc_raw(h->rq.a, v.n);
        TRY_MEM(&h->rq, out);
        dicom_swap(v, unit, out);
        v.p = out;
    }
    v = v.p == NULL ? S("") : v;
    uint32_t n = dw_accepted(h, forms, DW_FORMS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (forms[i].asked && !str_eq_nocase(forms[i].type, OCTETS)) {
            continue;
        }
        if (!forms[i].multipart) {
            return http_reply(h, 200, OCTETS, v);
        }
        TRY(dw_parts_begin(h, 1, 1, &parts));
        dw_part(&parts, OCTETS, S(""), v.n, S(""));
        dw_part_bytes(&parts, v);
        return dw_parts_end(&parts, OCTETS);
    }
    return FAIL(&h->rq, E_NOT_ACCEPT, "application/octet-stream");
}
