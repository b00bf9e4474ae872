/* api/dicomweb_shot.c - WADO-RS: rendered images and thumbnails (PS3.18 8.3.5, 10.4.1.1.3, 10.4.1.1.5). */
#include "api/dicomweb_int.h"
#include "care/care.h"
#include "codec/decimal.h"
#include "dicom/render.h"

#define JPEG S("image/jpeg")
#define PNG S("image/png")

enum { THUMBNAIL = 128, SIDE_MAX = 8192 };

struct shot {
    struct render_ask ask;
    uint32_t quality;
    bool png;
};

/* "512", "-600.5": as DS writes numbers. */
static bool number(struct str s, double *ret_v)
{
    struct decimal d;
    if (!decimal_parse(str_trim(s), &d)) {
        return false;
    }
    *ret_v = (double)decimal_to_float(&d);
    return true;
}

/* window=centre,width,function */
static enum err read_window(struct http_req *h, struct render_ask *ask)
{
    static const struct {
        struct str name;
        enum tone_function function;
    } functions[] = {{SI("linear"), TONE_LINEAR}, {SI("linear-exact"), TONE_LINEAR_EXACT},
                     {SI("sigmoid"), TONE_SIGMOID}};
    struct str rest = http_query(h, S("window"));
    struct str centre;
    struct str width;
    struct str name = S("linear");
    if (rest.n == 0) {
        return OK;
    }
    bool ok = str_cut(&rest, ',', &centre) && str_cut(&rest, ',', &width)
              && number(centre, &ask->centre) && number(width, &ask->window) && ask->window > 0;
    (void)str_cut(&rest, ',', &name);
    for (size_t i = 0; i < LEN(functions); i++) {
        if (ok && str_eq(functions[i].name, name)) {
            ask->function = functions[i].function;
            ask->has_window = true;
        }
    }
    return ask->has_window
               ? OK
               : FAIL(&h->rq, E_BAD_INPUT, "window: centre,width,linear|linear-exact|sigmoid");
}

/* viewport=width,height */
static enum err read_viewport(struct http_req *h, struct render_ask *ask)
{
    struct str rest = http_query(h, S("viewport"));
    struct str w;
    struct str t;
    uint64_t width = 0;
    uint64_t height = 0;
    if (rest.n == 0) {
        return OK;
    }
    if (!str_cut(&rest, ',', &w) || !str_cut(&rest, ',', &t) || rest.n > 0 || !str_u64(w, &width)
        || !str_u64(t, &height) || width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX) {
        return FAIL(&h->rq, E_BAD_INPUT, "viewport: width,height from 1 to %d", SIDE_MAX);
    }
    ask->width = (uint32_t)width;
    ask->height = (uint32_t)height;
    return OK;
}

static enum err read_form(struct http_req *h, struct shot *s)
{
    struct dw_form forms[DW_FORMS_MAX];
    uint32_t n = dw_accepted(h, forms, DW_FORMS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        bool any = !forms[i].asked || str_eq(forms[i].type, S("image/*"));
        if (any || str_eq_nocase(forms[i].type, JPEG) || str_eq_nocase(forms[i].type, PNG)) {
            s->png = !any && str_eq_nocase(forms[i].type, PNG);
            return OK;
        }
    }
    return FAIL(&h->rq, E_NOT_ACCEPT, "image/jpeg or image/png");
}

static enum err read_shot(struct http_req *h, struct shot *s)
{
    struct str quality = http_query(h, S("quality"));
    struct str frame = http_param(h, S("frames"));
    uint64_t v = PICTURE_QUALITY;
    uint64_t k = 1;
    TRY(read_form(h, s));
    TRY(read_window(h, &s->ask));
    TRY(read_viewport(h, &s->ask));
    if (quality.n > 0 && (!str_u64(quality, &v) || v < 1 || v > 100)) {
        return FAIL(&h->rq, E_BAD_INPUT, "quality: 1 to 100");
    }
    if (frame.n > 0 && (!str_u64(frame, &k) || k == 0 || k > UINT32_MAX)) {
        return FAIL(&h->rq, E_BAD_INPUT, "frames: one number from 1");
    }
    s->quality = (uint32_t)v;
    s->ask.frame = (uint32_t)(k - 1);
    return OK;
}

/* The picture follows from the bytes and the question, and from how this program draws. */
static struct str tag_of(struct http_req *h, const struct dw_item *item)
{
    struct buf b;
    buf_init(&b, h->rq.a, 128);
    BUF_LIT(&b, "\"p1-");
    buf_hex(&b, item->blob.sha, 16);
    buf_char(&b, '-');
    buf_u64(&b, str_hash(str_or_empty(h->query)));
    buf_char(&b, '-');
    buf_u64(&b, str_hash(str_or_empty(http_header(h, "Accept"))));
    buf_char(&b, '"');
    return buf_get(&b);
}

static enum err reply(struct http_req *h, const struct dw_item *item, const struct shot *s)
{
    struct dicom_file f;
    struct picture pic;
    struct str bytes;

    http_reply_cache(h, S("private, no-cache"));
    if (http_is_fresh(h, tag_of(h, item), (struct instant){0})) {
        return http_reply_empty(h, 304);
    }
    struct render_ask ask = s->ask;
    ask.helper = care_of(&h->rq)->pixels;
    TRY(dw_file(h, item, &f));
    TRY(render_frame(&h->rq, &f, &ask, &pic));
    TRY(s->png ? picture_png(&h->rq, &pic, &bytes) : picture_jpeg(&h->rq, &pic, s->quality, &bytes));
    return http_reply(h, 200, s->png ? PNG : JPEG, bytes);
}

enum err api_dicomweb_rendered(struct http_req *h)
{
    struct dw_place p;
    struct dw_items items;
    struct shot s = {0};

    TRY(read_shot(h, &s));
    TRY(dw_open(h, AUDIT_READ, &p));
    TRY(dw_items(h, &p, &items));
    return reply(h, &items.v[0], &s);
}

enum err api_dicomweb_thumbnail(struct http_req *h)
{
    struct dw_place p;
    struct dw_item item;
    struct shot s = {.ask = {.width = THUMBNAIL, .height = THUMBNAIL}};

    TRY(read_shot(h, &s));
    TRY(dw_open(h, AUDIT_READ, &p));
    TRY(dw_middle(h, &p, &item));
    if (http_param(h, S("frames")).n == 0) {
        s.ask.frame = item.frames / 2;
    }
    return reply(h, &item, &s);
}
