/* care/verify_test.c - a downloaded conclusion: good as it is, and not when anything was changed; what is
 * said of a protocol's signatures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "care/consilium_verify.h"
#include "care/sign_example.h"
#include "care/verify.h"

struct files {
    struct req rq;
    struct sign_doc doc;
    struct example_keys keys;
    struct str bundle;
    struct str cms;
};

static int files_make(void **state)
{
    static struct files f;
    req_init(&f.rq, 256 * 1024 * 1024, (struct instant){0});
    sign_example(&f.rq, &f.doc);
    sign_example_keys(&f.rq, &f.doc, &f.keys);
    assert_int_equal(sign_doc_build(&f.rq, &f.doc, &f.bundle), OK);
    struct cms_ask ask = {f.keys.key, f.keys.cert, f.keys.ca, f.bundle, f.doc.at};
    assert_int_equal(cms_sign(&f.rq, &ask, &f.cms), OK);
    *state = &f;
    return 0;
}

static int files_end(void **state)
{
    req_done(&((struct files *)*state)->rq);
    return 0;
}

static struct str text_of(struct req *rq, const struct verify_report *r)
{
    struct buf b;
    buf_init(&b, rq->a, 65536);
    verify_write(&b, r);
    return buf_get(&b);
}

static void good_files_are_valid(void **state)
{
    struct files *f = *state;
    struct verify_report r;
    struct str prov;
    assert_int_equal(verify_document(&f->rq, f->bundle, f->cms, f->keys.ca, &r), OK);
    struct str text = text_of(&f->rq, &r);
    if (!r.good) {
        print_message("%.*s\n", STR_ARG(text));
    }
    assert_true(r.good);
    assert_true(str_ends(text, S("VALID\n")));
    assert_int_equal(str_find(text, S("FAIL")), text.n);
    /* Nothing of the patient. */
    assert_int_equal(str_find(text, S("Ахметова")), text.n);
    assert_int_equal(sign_doc_provenance(&f->rq, &f->doc, f->bundle, f->cms, &prov), OK);
    assert_int_equal(verify_document(&f->rq, f->bundle, prov, (struct str){0}, &r), OK);
    assert_true(r.good && !r.verdict.ca_is_trusted);
    assert_true(str_find(text_of(&f->rq, &r), S("compare its SHA-256")) < 65536);
    assert_int_equal(verify_kind(&f->rq, f->bundle), VERIFY_BUNDLE);
    assert_int_equal(verify_kind(&f->rq, f->cms), VERIFY_SIGNATURE);
    assert_int_equal(verify_kind(&f->rq, prov), VERIFY_SIGNATURE);
    assert_int_equal(verify_kind(&f->rq, S("hello")), VERIFY_UNKNOWN);
}

static void any_changed_word_is_found(void **state)
{
    struct files *f = *state;
    static const struct {
        struct str from;
        struct str to;
    } changes[] = {{SI("female"), SI("femala")},
                   {SI("Ахметова"), SI("Ахметовы")},
                   {SI("\"final\""), SI("\"fanal\"")},
                   {SI("document"), SI("Document")}};
    for (size_t i = 0; i < LEN(changes); i++) {
        struct verify_report r;
        struct str copy = arena_str(f->rq.a, f->bundle);
        size_t at = str_find(copy, changes[i].from);
        assert_true(at < copy.n && changes[i].from.n == changes[i].to.n);
        memcpy((char *)(uintptr_t)copy.p + at, changes[i].to.p, changes[i].to.n);
        assert_int_equal(verify_document(&f->rq, copy, f->cms, f->keys.ca, &r), OK);
        assert_false(r.good);
        assert_false(r.lines[0].ok);
        err_clear(&f->rq);
    }
}

static void another_persons_signature_is_found(void **state)
{
    struct files *f = *state;
    struct verify_report r;
    struct example_keys k = f->keys;
    struct str cms;
    struct instant from = {f->doc.at.ms - MS_DAY};
    struct instant until = {f->doc.at.ms + MS_DAY};
    struct cert_ask ask = {k.key,
                           {.common_name = S("Another Doctor"),
                            .organization = f->doc.organization_name,
                            .serial_number = S("pr2")},
                           from,
                           until,
                           k.ca_key,
                           k.ca};
    assert_int_equal(cert_make(&f->rq, &ask, &k.cert), OK);
    struct cms_ask sign = {k.key, k.cert, k.ca, f->bundle, f->doc.at};
    assert_int_equal(cms_sign(&f->rq, &sign, &cms), OK);
    assert_int_equal(verify_document(&f->rq, f->bundle, cms, k.ca, &r), OK);
    assert_true(r.lines[0].ok && r.lines[2].ok);
    assert_false(r.good);
}

static void unknown_authority_and_wrong_time_are_found(void **state)
{
    struct files *f = *state;
    struct verify_report r;
    struct example_keys other;
    struct str cms;
    sign_example_keys(&f->rq, &f->doc, &other);
    assert_int_equal(verify_document(&f->rq, f->bundle, f->cms, other.ca, &r), OK);
    assert_true(r.lines[0].ok && !r.lines[2].ok && !r.good);
    struct cms_ask late = {f->keys.key, f->keys.cert, f->keys.ca, f->bundle,
                           {f->doc.at.ms + 2 * MS_DAY}};
    assert_int_equal(cms_sign(&f->rq, &late, &cms), OK);
    assert_int_equal(verify_document(&f->rq, f->bundle, cms, f->keys.ca, &r), OK);
    assert_false(r.good);
}

static void unreadable_files_are_refused(void **state)
{
    struct files *f = *state;
    struct verify_report r;
    assert_int_equal(verify_document(&f->rq, S("x"), f->cms, f->keys.ca, &r), E_SYNTAX);
    err_clear(&f->rq);
    assert_int_equal(verify_document(&f->rq, f->bundle, S("x"), f->keys.ca, &r), E_SYNTAX);
    err_clear(&f->rq);
    assert_int_equal(verify_document(&f->rq, f->bundle, f->cms, S("x"), &r), E_SYNTAX);
    err_clear(&f->rq);
}

/* Of a member's own token the line names whom the authority names, and what a late stamp does not show. */
static void the_line_of_a_member_claims_no_more_than_was_looked_at(void **state)
{
    struct files *f = *state;
    struct consilium_report *r = ARENA_NEW(f->rq.a, struct consilium_report);
    struct buf b;
    assert_non_null(r);
    r->n = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct consilium_signer *s = &r->voices[i];
        *s = (struct consilium_signer){.name = S("Famous"), .is_signed = true, .since = i == 0};
        s->verdict = (struct cms_verdict){.is_outside = true, .has_signer = true};
        s->verdict.signer.subject.common_name = S("Unknown");
        s->verdict.signer.until.ms = 10 * MS_DAY;
        s->stamp = (struct verify_stamp){.carries = true, .looked = true, .facts.by = S("TSA")};
        s->stamp.facts.at.ms = (i == 0 ? 9 : 10) * MS_DAY;
    }
    buf_init(&b, f->rq.a, 65536);
    consilium_verify_write(&b, r);
    struct str text = buf_get(&b);
    struct str early;
    struct str late;
    assert_true(str_cut(&text, '\n', &early) && str_cut(&text, '\n', &late));
    assert_true(str_find(early, S(" of Unknown, issued by ")) < early.n);
    assert_true(str_find(early, S("after the certificate had expired")) == early.n);
    assert_true(str_find(early, S("revoked after the signature was made")) < early.n);
    assert_true(str_find(late, S(" by TSA after the certificate had expired")) < late.n);
    assert_true(str_find(late, S("revoked after")) == late.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_are_valid),
        cmocka_unit_test(any_changed_word_is_found),
        cmocka_unit_test(another_persons_signature_is_found),
        cmocka_unit_test(unknown_authority_and_wrong_time_are_found),
        cmocka_unit_test(unreadable_files_are_refused),
        cmocka_unit_test(the_line_of_a_member_claims_no_more_than_was_looked_at),
    };
    return cmocka_run_group_tests(tests, files_make, files_end);
}
