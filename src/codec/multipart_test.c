/* codec/multipart_test.c - multipart bodies, in every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/multipart.h"

struct got {
    struct buf b; /* what the parts were, as text */
    bool refuse;
};

static enum err on_begin(void *ctx, const struct multipart_part *part)
{
    struct got *g = ctx;
    BUF_LIT(&g->b, "[");
    buf_str(&g->b, part->name);
    BUF_LIT(&g->b, "|");
    buf_str(&g->b, part->filename);
    BUF_LIT(&g->b, "|");
    buf_str(&g->b, part->type);
    BUF_LIT(&g->b, "|");
    buf_str(&g->b, multipart_header(part, S("x-more")));
    BUF_LIT(&g->b, ":");
    return g->refuse ? E_FORBIDDEN : OK;
}

static enum err on_data(void *ctx, struct str bytes)
{
    struct got *g = ctx;
    assert_true(bytes.n > 0);
    buf_str(&g->b, bytes);
    return OK;
}

static enum err on_end(void *ctx)
{
    struct got *g = ctx;
    BUF_LIT(&g->b, "]");
    return OK;
}

static const struct multipart_limits limits = {.parts = 4, .header_bytes = 300};

static enum err run(struct req *rq, struct str type, struct str body, size_t step, struct got *g)
{
    buf_init(&g->b, rq->a, 10000);
    struct multipart_sink sink = {on_begin, on_data, on_end, g};
    struct multipart *m;
    TRY(multipart_new(rq, type, &limits, &sink, &m));
    for (size_t i = 0; i < body.n; i += step) {
        TRY(multipart_feed(m, str_sub(body, i, step)));
    }
    return multipart_finish(m);
}

static const struct {
    struct str type;
    struct str body;
    enum err e;
    struct str parts;
} rows[] = {
    {SI("multipart/form-data; boundary=XX"),
     SI("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX\r\n"
        "content-disposition: form-data; name=f; filename=\"C:\\x.bin\"\r\n"
        "Content-Type: image/png\r\nX-More: y\r\n z\r\n\r\n\r\n-\r\n--X\r\r\n--XX--\r\n"),
     OK, SI("[a|||:1][f|x.bin|image/png|y   z:\r\n-\r\n--X\r]")},
    {SI("multipart/related; type=\"application/dicom\"; boundary=\"a b'()\""),
     SI("pre\r\namble\r\n--a b'() \t\r\n\r\nbody\r\n--a b'()--epilogue\r\n--a b'()\r\n"), OK,
     SI("[|||:body]")},
    {SI("multipart/form-data; boundary=X"), SI("--X\r\n\r\n\r\n--X\r\nA: b\r\n\r\n--X\r\n\r\n--X--"),
     OK, SI("[|||:][|||:][|||:]")},
    {SI("multipart/form-data; boundary=X"), SI("--X\r\n\r\n--Y\r\n--X--"), OK, SI("[|||:--Y]")},
    {SI("multipart/form-data; boundary=X"), SI("--X--"), OK, SI("")},
    {SI("multipart/form-data; boundary=X"), SI("--X\r\n\r\nabc\r\n--X"), E_SYNTAX, SI("[|||:abc]")},
    {SI("multipart/form-data; boundary=X"), SI("--X\r\n\r\nabc"), E_SYNTAX, SI("[|||:abc")},
    {SI("multipart/form-data; boundary=X"), SI(""), E_SYNTAX, SI("")},
    {SI("multipart/form-data; boundary=X"), SI("--X\n\nabc\n--X--"), E_SYNTAX, SI("")},
    {SI("multipart/form-data; boundary=X"), SI("--XY\r\n\r\nabc"), E_SYNTAX, SI("")},
    {SI("multipart/form-data; boundary=X"), SI("--X-\r\n"), E_SYNTAX, SI("")},
    {SI("multipart/form-data; boundary=X"),
     SI("--X\r\nContent-Transfer-Encoding: base64\r\n\r\nabc\r\n--X--"), E_UNSUPPORTED, SI("")},
    {SI("multipart/form-data; boundary=X"),
     SI("--X\r\n\r\n1\r\n--X\r\n\r\n2\r\n--X\r\n\r\n3\r\n--X\r\n\r\n4\r\n--X\r\n\r\n5\r\n--X--"),
     E_TOO_LARGE, SI("[|||:1][|||:2][|||:3][|||:4]")},
    {SI("multipart/form-data"), SI("--X--"), E_MEDIA_TYPE, SI("")},
    {SI("multipart/form-data; boundary=\"a \""), SI("--a --"), E_MEDIA_TYPE, SI("")},
    {SI("multipart/form-data; boundary=\"a;b\""), SI("--a;b--"), E_MEDIA_TYPE, SI("")},
    {SI("text/plain; boundary=X"), SI("--X--"), E_MEDIA_TYPE, SI("")},
};

static void every_split_gives_the_same_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        for (size_t step = 1; step <= rows[i].body.n + 1; step++) {
            struct req rq;
            req_init(&rq, 1 << 20, (struct instant){0});
            struct got g = {.refuse = false};
            assert_int_equal(run(&rq, rows[i].type, rows[i].body, step, &g), rows[i].e);
            assert_true(str_eq(buf_get(&g.b), rows[i].parts));
            req_done(&rq);
        }
    }
}

static void headers_are_bounded_and_refusals_stop(void **state)
{
    (void)state;
    struct req rq;
    req_init(&rq, 1 << 20, (struct instant){0});
    struct buf b;
    buf_init(&b, rq.a, 1000);
    BUF_LIT(&b, "--X\r\nA: ");
    for (unsigned i = 0; i < 300; i++) {
        buf_char(&b, 'x');
    }
    struct got g = {.refuse = true};
    struct str type = S("multipart/form-data; boundary=X");
    assert_int_equal(run(&rq, type, buf_get(&b), 7, &g), E_TOO_LARGE);
    struct multipart_sink sink = {on_begin, on_data, on_end, &g};
    struct multipart *m;
    assert_int_equal(multipart_new(&rq, type, &limits, &sink, &m), OK);
    assert_int_equal(multipart_feed(m, S("--X\r\n\r\nabc\r\n--X--")), E_FORBIDDEN);
    assert_int_equal(multipart_feed(m, S("abc")), E_SYNTAX);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_gives_the_same_parts),
        cmocka_unit_test(headers_are_bounded_and_refusals_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
