/* work/stamper_test.c - the queue of time stamps: an authority that is gone is not called for each that waits,
 * what cannot be read holds up no other, and a signature changed since is no fault of its reader. The whole
 * of it against an authority: tests/signatures/stamps.mjs. */
#include "work/stamper.h"

#include <sqlite3.h>
#include <stdio.h>

#include "care/sign_fixture.h"
#include "codec/b64.h"

static unsigned asked;

static void nobody(struct req *rq, struct str request, struct str *ret_reply, unsigned *ret_status)
{
    (void)rq;
    (void)request;
    asked++;
    *ret_reply = (struct str){0};
    *ret_status = 0;
}

static int setup(void **state)
{
    static const char *const people[] = {"cons1"};
    if (sign_setup(state, people, LEN(people)) != 0) {
        return -1;
    }
    region.care.stamps = (struct stamp_settings){.url = S("http://tsa.example/")};
    asked = 0;
    return 0;
}

/* A Provenance with this signature, in base64, queued; its id in keep. */
static struct str queued_with(struct req *keep, struct str data)
{
    struct req rq;
    struct put p;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    struct str id = put_new_id(keep);
    put_begin(&p, &rq, tx, T_PROVENANCE, id, 1 << 20);
    p.patient = a_patient(keep);
    p.expect = TX_CREATE;
    json_k(&p.o, S("target"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_PATIENT, p.patient);
    json_arr_end(&p.o);
    json_ks(&p.o, S("recorded"), S("2026-11-23T10:00:00Z"));
    json_k(&p.o, S("agent"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_ref(&p.o, S("who"), T_PRACTITIONER, S("cons1"));
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_k(&p.o, S("signature"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_k(&p.o, S("type"));
    json_arr(&p.o);
    put_one_coding(&p.o, S("urn:iso-astm:E1762-95:2013"), S("1.2.840.10065.1.12.1.1"), (struct str){0});
    json_arr_end(&p.o);
    put_instant(&p.o, S("when"), rq.now);
    put_ref(&p.o, S("who"), T_PRACTITIONER, S("cons1"));
    json_ks(&p.o, S("data"), data);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    MUST(&rq, put_end(&p));
    MUST(&rq, stamping_ask(&rq, tx, id));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

/* A Provenance whose signature cannot be read. */
static struct str queued(struct req *keep)
{
    return queued_with(keep, S("bm90IENNUw==")); /* "not CMS" */
}

/* A signature that carries n time stamps of others, in base64. */
static struct str signature_with(struct req *keep, uint32_t n)
{
    struct sign_result r;
    struct req rq;
    struct buf b;
    as(&rq, person_who(keep, "cons1"));
    MUST(&rq, sign_document_as(&rq, MAY_ANSWER, S(PASSWORD), S("{}"), &r));
    for (uint32_t i = 0; i < n; i++) {
        MUST(&rq, stamp_attach(&rq, r.cms, S("\x30\x00"), &r.cms));
    }
    buf_init(&b, keep->a, b64_chars(r.cms.n) + 1);
    b64_write(&b, r.cms.p, r.cms.n, B64_STD);
    req_done(&rq);
    return buf_get(&b);
}

/* What stands in the database file of a resource is no resource any more. */
static void spoil(struct str id)
{
    char path[200];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    assert_true(snprintf(path, sizeof path, "%s/consilium.db", region.dir) > 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    const char *sql = "UPDATE ver SET body = x'00' WHERE vid = (SELECT vid FROM res WHERE id = ?1)";
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(st, 1, id.p, (int)id.n, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(db), 1);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
}

static struct stamping stamping_now(struct str provenance, struct str cms)
{
    struct req rq;
    struct stamping s = {.state = STAMPING_NONE};
    struct str out;
    as(&rq, NULL);
    MUST(&rq, stamping_of(&rq, provenance, cms, region.now, &s, &out));
    assert_true(str_eq(out, cms));
    req_done(&rq);
    return s;
}

static uint64_t given_up(enum stamp_why why)
{
    struct req rq;
    uint64_t n = 0;
    as(&rq, NULL);
    MUST(&rq, stamping_given_up(&rq, why, &n));
    req_done(&rq);
    return n;
}

static enum stamper_did stepped(int64_t later_ms)
{
    struct req rq;
    enum stamper_did did = STAMPER_NOTHING;
    as(&rq, NULL);
    struct instant now = {region.now.ms + later_ms};
    assert_int_equal(stamper_step(&region.care, rq.db, now, nobody, &did), OK);
    req_done(&rq);
    return did;
}

static void what_cannot_be_read_waits_by_itself(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    (void)queued(&keep);
    (void)queued(&keep);
    assert_int_equal(stepped(0), STAMPER_TRIED);
    assert_int_equal(stepped(0), STAMPER_TRIED);
    assert_int_equal(stepped(0), STAMPER_NOTHING);
    assert_int_equal(stepped(MS_HOUR), STAMPER_TRIED);
    assert_int_equal(asked, 0);
    req_done(&keep);
}

/* One whose Provenance is damaged in the database steps aside, and is given up after eight attempts. */
static void what_is_damaged_holds_up_nobody(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    struct str first = queued(&keep);
    struct str second = queued_with(&keep, signature_with(&keep, 0));
    spoil(first);
    assert_int_equal(stepped(0) + stepped(0), STAMPER_TRIED + STAMPER_SILENCE);
    assert_int_equal(asked, 1);
    assert_int_equal(stamping_now(first, S("")).state, STAMPING_WAITS);
    assert_int_equal(stamping_now(first, S("")).why, STAMP_UNREADABLE);
    for (int64_t i = 1; i < 8; i++) {
        assert_int_equal(stepped(i * MS_DAY) + stepped(i * MS_DAY), STAMPER_TRIED + STAMPER_SILENCE);
    }
    assert_int_equal(stamping_now(first, S("")).state, STAMPING_NEVER);
    assert_int_equal(stamping_now(second, S("")).state, STAMPING_WAITS);
    assert_int_equal(given_up(STAMP_UNREADABLE), 1);
    assert_int_equal(stepped(9 * MS_DAY), STAMPER_SILENCE); /* the other alone */
    assert_int_equal(stepped(9 * MS_DAY), STAMPER_NOTHING);
    /* Asked for again by somebody: it waits from the first attempt on; and once is enough. */
    struct req rq;
    uint64_t n = 0;
    for (uint64_t want = 1;; want--) {
        as(&rq, NULL);
        struct tx *tx = tx_new(&rq);
        MUST(&rq, stamping_retry(&rq, tx, &n));
        assert_int_equal(n, want);
        assert_int_equal(commit_end(&rq, tx), OK);
        assert_int_equal(given_up(STAMP_UNREADABLE), 0);
        if (want == 0) {
            break;
        }
    }
    assert_int_equal(stamping_now(first, S("")).state, STAMPING_WAITS);
    assert_int_equal(stepped(9 * MS_DAY), STAMPER_TRIED);
    assert_int_equal(stamping_now(first, S("")).why, STAMP_UNREADABLE);
    struct str url = region.care.stamps.url;
    region.care.stamps.url = (struct str){0};
    as(&rq, NULL);
    assert_int_equal(stamping_retry(&rq, tx_new(&rq), &n), E_UNSUPPORTED);
    req_done(&rq);
    region.care.stamps.url = url;
    req_done(&keep);
}

/* Readers look at four time stamps of a signature: ours would be the fifth. */
static void four_of_others_leave_no_room(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    struct str three = queued_with(&keep, signature_with(&keep, 3));
    assert_int_equal(stepped(0), STAMPER_SILENCE);
    struct str four = queued_with(&keep, signature_with(&keep, 4));
    assert_int_equal(stepped(0), STAMPER_TRIED);
    assert_int_equal(asked, 1);
    assert_int_equal(stamping_now(four, S("")).state, STAMPING_NEVER);
    assert_int_equal(stamping_now(four, S("")).why, STAMP_CROWDED);
    assert_int_equal(stamping_now(three, S("")).state, STAMPING_WAITS);
    assert_int_equal(given_up(STAMP_CROWDED), 1);
    req_done(&keep);
}

static void a_signature_changed_since_can_be_looked_at(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct stamping s;
    struct str out;
    as(&keep, NULL);
    struct stamping_due due = {.provenance = queued(&keep)};
    as(&rq, NULL);
    rq.who = &who_clock;
    struct tx *tx = tx_new(&rq);
    MUST(&rq, stamping_keep(&rq, tx, &due, S("a token")));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, NULL);
    MUST(&rq, stamping_of(&rq, due.provenance, S("not CMS"), region.now, &s, &out));
    assert_int_equal(s.state, STAMPING_BAD);
    assert_true(str_eq(out, S("not CMS")));
    req_done(&rq);
    req_done(&keep);
}

static void while_nobody_answers_calls_are_seconds_apart(void **state)
{
    (void)state;
    unsigned hurt = 0;
    assert_int_equal(stamper_pause_ms(OK, STAMPER_TRIED, &hurt), 1);
    assert_int_equal(stamper_pause_ms(OK, STAMPER_SILENCE, &hurt), 1000);
    assert_int_equal(stamper_pause_ms(OK, STAMPER_SILENCE, &hurt), 2000);
    assert_int_equal(stamper_pause_ms(OK, STAMPER_SILENCE, &hurt), 4000);
    assert_int_equal(stamper_pause_ms(OK, STAMPER_TRIED, &hurt), 1);
    assert_int_equal(stamper_pause_ms(OK, STAMPER_NOTHING, &hurt), 1000);
    assert_int_equal(stamper_pause_ms(E_IO, STAMPER_TRIED, &hurt), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_cannot_be_read_waits_by_itself, setup, sign_teardown),
        cmocka_unit_test_setup_teardown(what_is_damaged_holds_up_nobody, setup, sign_teardown),
        cmocka_unit_test_setup_teardown(four_of_others_leave_no_room, setup, sign_teardown),
        cmocka_unit_test_setup_teardown(a_signature_changed_since_can_be_looked_at, setup, sign_teardown),
        cmocka_unit_test(while_nobody_answers_calls_are_seconds_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
