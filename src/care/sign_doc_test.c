/* care/sign_doc_test.c - the conclusion as a document: valid FHIR, the same bytes twice, hostile text
 * harmless, signed, checked and printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "care/pdf_case.h"
#include "care/sign_example.h"
#include "codec/b64.h"
#include "fhir/validate.h"

static void valid(struct req *rq, struct str json, enum fhir_type type)
{
    struct json_doc doc;
    assert_int_equal(json_parse(rq, json, NULL, &doc), OK);
    enum err e = fhir_validate(rq, json_root(&doc), type);
    if (e != OK) {
        struct fhir_issues *all = fhir_issues(rq);
        for (uint32_t i = 0; i < all->n; i++) {
            print_message("%.*s: %s (%.*s)\n", STR_ARG(all->items[i].expression),
                          all->items[i].text, STR_ARG(all->items[i].subject));
        }
    }
    assert_int_equal(e, OK);
}

static void document_is_valid_and_repeats(void **state)
{
    (void)state;
    struct req rq;
    struct sign_doc d;
    struct str one;
    struct str two;
    req_init(&rq, 32 * 1024 * 1024, (struct instant){0});
    sign_example(&rq, &d);
    assert_int_equal(sign_doc_build(&rq, &d, &one), OK);
    assert_int_equal(sign_doc_build(&rq, &d, &two), OK);
    assert_true(str_eq(one, two));
    valid(&rq, one, T_BUNDLE);
    struct json_doc doc;
    assert_int_equal(json_parse(&rq, one, NULL, &doc), OK);
    struct jv first = json_path(json_root(&doc), S("entry.0.resource"));
    assert_true(json_is(json_get(first, S("resourceType")), S("Composition")));
    assert_true(json_is(json_get(first, S("status")), S("final")));
    assert_true(json_is(json_path(first, S("section.0.code.coding.0.code")), S("consultation")));
    assert_int_equal(str_find(one, S("ni:///sha-256;")) < one.n, 1);
    /* Nothing of the patient's that a conclusion does not need. */
    assert_int_equal(str_find(one, S("+7 701")), one.n);
    req_done(&rq);
}

static void correction_names_what_it_replaces(void **state)
{
    (void)state;
    struct req rq;
    struct sign_doc d;
    struct str bytes;
    req_init(&rq, 32 * 1024 * 1024, (struct instant){0});
    sign_example(&rq, &d);
    d.version = 2;
    d.replaces = S("aaaaabbbbbcccccddddd");
    d.replace_reason = S("Уточнена доза");
    assert_int_equal(sign_doc_build(&rq, &d, &bytes), OK);
    valid(&rq, bytes, T_BUNDLE);
    struct json_doc doc;
    assert_int_equal(json_parse(&rq, bytes, NULL, &doc), OK);
    struct jv c = json_path(json_root(&doc), S("entry.0.resource"));
    assert_true(json_is(json_get(c, S("status")), S("amended")));
    assert_true(json_is(json_path(c, S("relatesTo.0.targetIdentifier.value")), d.replaces));
    assert_true(str_find(bytes, S("Уточнена доза")) < bytes.n);
    req_done(&rq);
}

static void hostile_text_stays_text(void **state)
{
    (void)state;
    struct req rq;
    struct sign_doc d;
    struct str bytes;
    struct str pdf;
    req_init(&rq, 32 * 1024 * 1024, (struct instant){0});
    sign_example(&rq, &d);
    struct sign_line lines[] = {
        {S("</b><script>"), S("</p></div><script>alert(1)</script>&\"'\n\x01 <br/> end")},
    };
    struct sign_section s = {S("x"), S("<b>"), lines, 1};
    d.sections = &s;
    d.n_sections = 1;
    assert_int_equal(sign_doc_build(&rq, &d, &bytes), OK);
    assert_int_equal(str_find(bytes, S("<script")), bytes.n);
    valid(&rq, bytes, T_BUNDLE);
    struct pdf_conclusion c = {.bundle = bytes, .offset_min = 300};
    assert_int_equal(pdf_conclusion(&rq, &c, &pdf), OK);
    req_done(&rq);
}

static void missing_parts_are_refused(void **state)
{
    (void)state;
    struct req rq;
    struct sign_doc d;
    struct str bytes = {0};
    req_init(&rq, 32 * 1024 * 1024, (struct instant){0});
    sign_example(&rq, &d);
    d.patient = (struct jv){0};
    assert_int_equal(sign_doc_build(&rq, &d, &bytes), E_BAD_INPUT);
    err_clear(&rq);
    sign_example(&rq, &d);
    d.code = S("short");
    assert_int_equal(sign_doc_build(&rq, &d, &bytes), E_BAD_INPUT);
    err_clear(&rq);
    sign_example(&rq, &d);
    d.n_sections = 0;
    assert_int_equal(sign_doc_build(&rq, &d, &bytes), E_BAD_INPUT);
    err_clear(&rq);
    assert_null(bytes.p);
    req_done(&rq);
}

static void signed_printed_and_checked(void **state)
{
    (void)state;
    struct req rq;
    struct sign_doc d;
    struct str bytes;
    struct str cms;
    struct str prov;
    struct str pdf;
    struct str again;
    struct cms_verdict v;
    struct json_doc doc;
    struct example_keys k;
    req_init(&rq, 32 * 1024 * 1024, (struct instant){0});
    sign_example(&rq, &d);
    sign_example_keys(&rq, &d, &k);
    assert_int_equal(sign_doc_build(&rq, &d, &bytes), OK);
    struct cms_ask ask = {k.key, k.cert, k.ca, bytes, d.at};
    assert_int_equal(cms_sign(&rq, &ask, &cms), OK);
    assert_int_equal(sign_doc_provenance(&rq, &d, bytes, cms, &prov), OK);
    valid(&rq, prov, T_PROVENANCE);
    assert_int_equal(json_parse(&rq, prov, NULL, &doc), OK);
    struct str data = json_str(rq.a, json_path(json_root(&doc), S("signature.0.data")));
    assert_true(str_eq(b64_decoded(rq.a, data, B64_STD), cms));
    assert_int_equal(cms_verify(&rq, cms, bytes, k.ca, &v), OK);
    assert_true(cms_is_good(&v));
    struct pdf_conclusion c = {.bundle = bytes, .signature = &v, .offset_min = 300};
    assert_int_equal(pdf_conclusion(&rq, &c, &pdf), OK);
    assert_int_equal(pdf_conclusion(&rq, &c, &again), OK);
    assert_true(str_eq(pdf, again));
    char *keep = getenv("CONSILIUM_KEEP_PDF");
    if (keep != NULL) {
        FILE *f = fopen(keep, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(pdf.p, 1, pdf.n, f), pdf.n);
        assert_int_equal(fclose(f), 0);
    }
    struct pdf_request r = {.lang = LANG_RU,
                            .offset_min = 300,
                            .at = d.at,
                            .organization = d.asker_org,
                            .title = S("Направление на консультацию"),
                            .question = d.question,
                            .author = d.asker,
                            .number = d.case_id,
                            .patient = d.patient,
                            .sections = d.sections,
                            .n_sections = d.n_sections,
                            .files = d.seen,
                            .n_files = d.n_seen};
    assert_int_equal(pdf_request(&rq, &r, &pdf), OK);
    assert_true(str_starts(pdf, S("%PDF-")));
    req_done(&rq);
}

static void codes_are_well_formed(void **state)
{
    (void)state;
    char one[SIGN_CODE_LEN + 1];
    char two[SIGN_CODE_LEN + 1];
    sign_code_make(one);
    sign_code_make(two);
    assert_true(sign_code_is_valid(str_z(one)) && sign_code_is_valid(str_z(two)));
    assert_string_not_equal(one, two);
    assert_false(sign_code_is_valid(S("../../../etc/passwd0")));
    assert_false(sign_code_is_valid(S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(document_is_valid_and_repeats),
        cmocka_unit_test(correction_names_what_it_replaces),
        cmocka_unit_test(hostile_text_stays_text),
        cmocka_unit_test(missing_parts_are_refused),
        cmocka_unit_test(signed_printed_and_checked),
        cmocka_unit_test(codes_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
