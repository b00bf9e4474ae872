/* dicom/dimse_test.c - associations in bytes: accepted, rejected, echoes, stores, broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/dicom.h"
#include "dicom/dimse.h"

/* ---- what a sender writes ---- */

static void be16(struct buf *b, unsigned v)
{
    buf_char(b, (char)(v >> 8));
    buf_char(b, (char)(v & 0xff));
}

static void be32(struct buf *b, uint32_t v)
{
    be16(b, v >> 16);
    be16(b, v & 0xffff);
}

static void item(struct buf *b, int type, struct str v)
{
    buf_char(b, (char)type);
    buf_char(b, 0);
    be16(b, (unsigned)v.n);
    buf_str(b, v);
}

static void pdu(struct buf *b, int type, struct str v)
{
    buf_char(b, (char)type);
    buf_char(b, 0);
    be32(b, (uint32_t)v.n);
    buf_str(b, v);
}

struct proposal {
    unsigned char id;
    struct str abstract;
    struct str transfers[2];
};

#define ECHO S("1.2.840.10008.1.1")
#define CT S("1.2.840.10008.5.1.4.1.1.2")
#define FIND S("1.2.840.10008.5.1.4.1.2.2.1")
#define IMPLICIT S("1.2.840.10008.1.2")
#define JPEG S("1.2.840.10008.1.2.4.50")

static struct arena *a;

static void put_context(struct buf *b, const struct proposal *p)
{
    struct buf v;
    buf_init(&v, a, 1024);
    buf_char(&v, (char)p->id);
    buf_bytes(&v, "\0\0\0", 3);
    item(&v, 0x30, p->abstract);
    for (size_t i = 0; i < 2 && p->transfers[i].n > 0; i++) {
        item(&v, 0x40, p->transfers[i]);
    }
    item(b, 0x20, buf_get(&v));
}

static struct str request(struct str application, const struct proposal *p, size_t n)
{
    struct buf v;
    struct buf b;
    static const char zeros[32];
    buf_init(&v, a, 4096);
    be16(&v, 1);
    be16(&v, 0);
    BUF_LIT(&v, "CONSILIUM       ");
    BUF_LIT(&v, "CT-ROOM-1       ");
    buf_bytes(&v, zeros, sizeof zeros);
    item(&v, 0x10, application);
    for (size_t i = 0; i < n; i++) {
        put_context(&v, &p[i]);
    }
    item(&v, 0x50, S("\x51\0\0\x04\0\0\x40\0"));
    buf_init(&b, a, 8192);
    pdu(&b, 1, buf_get(&v));
    return buf_get(&b);
}

#define APPLICATION S("1.2.840.10008.3.1.1.1")
static const struct proposal usual[] = {
    {1, SI("1.2.840.10008.1.1"), {SI("1.2.840.10008.1.2")}},
    {3, SI("1.2.840.10008.5.1.4.1.1.2"), {SI("1.2.840.10008.1.2.4.50"), SI("1.2.840.10008.1.2")}},
    {5, SI("1.2.840.10008.5.1.4.1.2.2.1"), {SI("1.2.840.10008.1.2")}},
    {7, SI("1.2.840.10008.5.1.4.1.1.4"), {SI("1.2.3.4")}},
};

static void us(struct buf *b, unsigned tag, unsigned v)
{
    char e[10] = {0, 0, (char)tag, (char)(tag >> 8), 2, 0, 0, 0, (char)v, (char)(v >> 8)};
    buf_bytes(b, e, sizeof e);
}

static void ui(struct buf *b, unsigned tag, struct str v)
{
    char e[8] = {0, 0, (char)tag, (char)(tag >> 8), (char)(v.n + v.n % 2), 0, 0, 0};
    buf_bytes(b, e, sizeof e);
    buf_str(b, v);
    if (v.n % 2 != 0) {
        buf_char(b, 0);
    }
}

static struct str command(unsigned field, struct str sop_class, struct str instance, bool data)
{
    struct buf b;
    buf_init(&b, a, 1024);
    ui(&b, 0x0002, sop_class);
    us(&b, 0x0100, field);
    us(&b, 0x0110, 9);
    us(&b, 0x0800, data ? 0x0000 : 0x0101);
    if (instance.n > 0) {
        ui(&b, 0x1000, instance);
    }
    return buf_get(&b);
}

/* A message in fragments of at most n bytes, each in a PDU of its own. */
static void message(struct buf *b, int context, int control, struct str v, size_t n)
{
    do {
        struct str now = str_sub(v, 0, n);
        v = str_sub(v, now.n, v.n);
        buf_char(b, 4);
        buf_char(b, 0);
        be32(b, (uint32_t)now.n + 6);
        be32(b, (uint32_t)now.n + 2);
        buf_char(b, (char)context);
        buf_char(b, (char)(control | (v.n == 0 ? 2 : 0)));
        buf_str(b, now);
    } while (v.n > 0);
}

/* ---- what receives ---- */

struct heard {
    struct buf file;
    unsigned stores;
    unsigned broken;
    uint16_t status;
    bool refuse;
    bool reject;
};

static enum dimse_may may(void *ctx, struct str calling, struct str called)
{
    struct heard *h = ctx;
    if (h->reject || !str_eq(calling, S("CT-ROOM-1"))) {
        return DIMSE_NOT_CALLING;
    }
    return str_eq(called, S("CONSILIUM")) ? DIMSE_MAY : DIMSE_NOT_CALLED;
}

static enum err begin(void *ctx, const struct dimse_store *s, struct str head)
{
    struct heard *h = ctx;
    (void)s;
    buf_truncate(&h->file, 0);
    buf_str(&h->file, head);
    return h->refuse ? E_FULL : OK;
}

static enum err data(void *ctx, struct str bytes)
{
    struct heard *h = ctx;
    buf_str(&h->file, bytes);
    return OK;
}

static uint16_t end(void *ctx, bool failed, struct str *ret_comment)
{
    struct heard *h = ctx;
    h->stores++;
    *ret_comment = failed ? S("no room") : S("");
    return failed ? DIMSE_NO_ROOM : h->status;
}

static void broken(void *ctx)
{
    ((struct heard *)ctx)->broken++;
}

/* Feeds bytes in pieces of step; gives what was answered. */
static struct str talk(struct dimse *d, struct str bytes, size_t step, bool *ret_over)
{
    struct buf all;
    char room[DIMSE_OUT_MAX];
    buf_init(&all, a, 1 << 20);
    *ret_over = false;
    while (bytes.n > 0 && !*ret_over) {
        struct buf out = {.p = room, .size = sizeof room, .cap = sizeof room};
        size_t used = 0;
        dimse_feed(d, str_sub(bytes, 0, step), &out, &used, ret_over);
        assert_true(buf_ok(&out));
        buf_str(&all, buf_get(&out));
        bytes = str_sub(bytes, used, bytes.n);
    }
    return buf_get(&all);
}

static struct dimse *fresh(struct heard *h)
{
    *h = (struct heard){.status = DIMSE_OK};
    buf_init(&h->file, a, 1 << 16);
    return dimse_new(a, &(struct dimse_sink){.may = may, .begin = begin, .data = data, .end = end,
                                             .broken = broken, .ctx = h});
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* ---- the tests ---- */

static struct str store_talk(bool refuse, struct str *ret_data)
{
    struct buf b;
    *ret_data = S("\x08\0\x16\0\x1a\0\0\0" "1.2.840.10008.5.1.4.1.1.2\0"
                  "\x08\0\x18\0\x06\0\0\0" "1.2.3\0" "\x10\0\x20\0\x04\0\0\0" "PID1");
    (void)refuse;
    buf_init(&b, a, 1 << 16);
    buf_str(&b, request(APPLICATION, usual, LEN(usual)));
    message(&b, 1, 1, command(0x30, ECHO, S(""), false), 7);
    message(&b, 3, 1, command(0x01, CT, S("1.2.3"), true), 1000);
    message(&b, 3, 0, *ret_data, 5);
    message(&b, 5, 1, S("x"), 10); /* a context that was not accepted: the end */
    return buf_get(&b);
}

static void an_image_arrives(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 2, 3, 7, 100, 100000};
    for (size_t i = 0; i < LEN(steps); i++) {
        struct heard h;
        struct str sent;
        bool over = false;
        struct dimse *d = fresh(&h);
        struct req rq = {.a = a};
        struct dicom_head head;
        struct str out = talk(d, store_talk(false, &sent), steps[i], &over);
        assert_true(over);
        assert_int_equal(h.stores, 1);
        assert_int_equal(out.p[0], 2); /* accepted */
        /* contexts: JPEG as proposed first, C-FIND and an unknown coding refused */
        assert_true(str_find(out, S("\x21\0\0\x1e\x03\0\0\0\x40\0\0\x16" "1.2.840.10008.1.2.4.50")) < out.n);
        assert_true(str_find(out, S("\x21\0\0\x19\x05\0\x03\0")) < out.n);
        assert_true(str_find(out, S("\x21\0\0\x19\x07\0\x04\0")) < out.n);
        assert_true(str_find(out, S("\x30\x80")) < out.n); /* C-ECHO-RSP */
        assert_true(str_find(out, S("\x01\x80")) < out.n); /* C-STORE-RSP */
        assert_int_equal(out.p[out.n - 10], 7);            /* A-ABORT */
        struct str file = buf_get(&h.file);
        assert_true(str_ends(file, sent));
        assert_int_equal(dicom_read(&rq, file, true, &head), OK);
        assert_true(str_eq(head.transfer_syntax, JPEG));
        assert_true(str_eq(dimse_calling(d), S("CT-ROOM-1")));
    }
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct heard h;
    struct str sent;
    bool over = false;
    struct dimse *d = fresh(&h);
    h.refuse = true;
    struct str out = talk(d, store_talk(true, &sent), 100, &over);
    assert_true(str_find(out, S("\0\0\0\x09\x02\0\0\0\x00\xa7")) < out.n);
    assert_true(str_find(out, S("no room")) < out.n);
}

static void who_may_not_is_rejected(void **state)
{
    (void)state;
    static const struct {
        struct str application;
        bool reject;
        struct str want;
    } rows[] = {
        {SI("1.2.840.10008.3.1.1.1"), true, SI("\x03\0\0\0\0\x04\0\x01\x01\x03")},
        {SI("1.2.3"), false, SI("\x03\0\0\0\0\x04\0\x01\x01\x02")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct heard h;
        bool over = false;
        struct dimse *d = fresh(&h);
        h.reject = rows[i].reject;
        struct str out = talk(d, request(rows[i].application, usual, 1), 50, &over);
        assert_true(over);
        assert_true(str_eq(out, rows[i].want));
    }
}

/* What breaks midway is ended, and the receiver told when a data set was under way. */
static void broken_associations_end(void **state)
{
    (void)state;
    static const struct str garbage[] = {
        SI("GET / HTTP/1.1\r\n"), SI("\x01\0\xff\xff\xff\xff"), SI("\x04\0\0\0\0\x06"),
        SI("\x01\0\0\0\0\x02xx"),
    };
    bool over = false;
    struct heard h;
    for (size_t i = 0; i < LEN(garbage); i++) {
        struct str out = talk(fresh(&h), garbage[i], 3, &over);
        assert_true(over);
        assert_int_equal(out.p[0], 7);
    }
    struct buf b;
    buf_init(&b, a, 1 << 16);
    buf_str(&b, request(APPLICATION, usual, LEN(usual)));
    message(&b, 3, 1, command(0x01, CT, S("1.2.3"), true), 1000);
    size_t before = b.n;
    message(&b, 3, 0, S("0123456789"), 5);
    struct dimse *d = fresh(&h);
    (void)talk(d, str_sub(buf_get(&b), 0, before), 100, &over);
    assert_false(dimse_is_idle(d));
    dimse_end(d, NULL);
    assert_int_equal(h.broken, 1);
    b.p[before + 6] = 1; /* a fragment longer than its PDU */
    d = fresh(&h);
    struct str out = talk(d, buf_get(&b), 100, &over);
    assert_true(over);
    assert_int_equal(h.broken, 1);
    assert_int_equal(out.p[out.n - 10], 7);
}

static void release_is_answered(void **state)
{
    (void)state;
    struct heard h;
    bool over = false;
    struct buf b;
    buf_init(&b, a, 1 << 16);
    buf_str(&b, request(APPLICATION, usual, 1));
    pdu(&b, 5, S("\0\0\0\0"));
    struct str out = talk(fresh(&h), buf_get(&b), 9, &over);
    assert_true(over);
    assert_true(str_ends(out, S("\x06\0\0\0\0\x04\0\0\0\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_arrives),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(who_may_not_is_rejected),
        cmocka_unit_test(broken_associations_end),
        cmocka_unit_test(release_is_answered),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
