/* work/stamper_test.c - the queue of time stamps: an authority that is gone is not called for each that waits,
 * what cannot be read holds up no other, and a signature changed since is no fault of its reader. The whole
 * of it against an authority: tests/signatures/stamps.mjs. */
#include "work/stamper.h"

#include "care/care_fixture.h"

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
    region_setup(state);
    region.care.stamps = (struct stamp_settings){.url = S("http://tsa.example/")};
    asked = 0;
    return 0;
}

/* A Provenance whose signature cannot be read, queued; its id in keep. */
static struct str queued(struct req *keep)
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
    json_ks(&p.o, S("data"), S("bm90IENNUw==")); /* "not CMS" */
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    MUST(&rq, put_end(&p));
    MUST(&rq, stamping_ask(&rq, tx, id));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
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
        cmocka_unit_test_setup_teardown(what_cannot_be_read_waits_by_itself, setup, region_teardown),
        cmocka_unit_test_setup_teardown(a_signature_changed_since_can_be_looked_at, setup, region_teardown),
        cmocka_unit_test(while_nobody_answers_calls_are_seconds_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
