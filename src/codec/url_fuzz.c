/* codec/url_fuzz.c - what decodes encodes back to the same text; a form written reads the same. */
#include "codec/url.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip_form(struct req *rq, struct str s)
{
    struct url_pairs f;
    if (form_parse(rq, s, 1000, &f) != OK) {
        return;
    }
    struct buf b;
    buf_init(&b, rq->a, s.n * 3 + 4000);
    for (size_t i = 0; i < f.n; i++) {
        form_add(&b, f.v[i].name, f.v[i].value);
    }
    struct url_pairs again;
    ASSERT(buf_ok(&b) && form_parse(rq, buf_get(&b), 1000, &again) == OK && again.n == f.n);
    for (size_t i = 0; i < f.n; i++) {
        ASSERT(str_eq(again.v[i].name, f.v[i].name) && str_eq(again.v[i].value, f.v[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    req_init(&rq, 64u << 20, (struct instant){0});
    struct str s = {(const char *)data, size};
    struct str text;
    if (url_decode(&rq, s, URL_PLUS_IS_PLUS, &text) == OK) {
        struct buf b;
        buf_init(&b, rq.a, text.n * 3 + 1);
        url_encode(&b, text, URL_COMPONENT);
        struct str again;
        ASSERT(buf_ok(&b) && url_decode(&rq, buf_get(&b), URL_PLUS_IS_PLUS, &again) == OK);
        ASSERT(str_eq(text, again));
    }
    round_trip_form(&rq, s);
    struct str segs[8];
    size_t n;
    if (url_path_split(&rq, s, LEN(segs), segs, &n) == OK) {
        for (size_t i = 0; i < n; i++) {
            ASSERT(utf8_is_valid(segs[i]) && str_find_char(segs[i], '/') == segs[i].n);
        }
    }
    struct url u;
    if (url_split(s, &u)) {
        ASSERT(u.host.n > 0 && u.scheme.n > 0);
    }
    req_done(&rq);
    return 0;
}
