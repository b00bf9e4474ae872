/* tests/conformance/searches_made.c - resources of our own beside the records: forms by canonical address in
 * several versions and what was answered to them, of which the examples have too few. */
#include "base/arena.h"
#include "searches.h"
#include "suite.h"

enum { FORMS = 40, ANSWERS = 120 };

static void made(struct buf *b)
{
    if (!buf_ok(b) || !world_load(buf_get(b))) {
        suite_fail(S("made-up resources"), "one is refused");
    }
}

static void number(struct buf *b, unsigned n)
{
    buf_u64(b, n);
}

/* The beginning of a resource, up to the number in its id. */
static struct buf begun(struct str head, unsigned n)
{
    struct buf b;
    buf_init(&b, w.rq.a, 1024);
    buf_str(&b, head);
    number(&b, n);
    return b;
}

/* Form n stands for address n / 2, in version 1 or 2; each fourth address has no second version. */
static void form(unsigned n)
{
    struct buf b = begun(S("{\"resourceType\":\"Questionnaire\",\"id\":\"made-form-"), n);
    BUF_LIT(&b, "\",\"url\":\"http://made.example/form-");
    number(&b, n / 2);
    BUF_LIT(&b, "\",\"version\":\"");
    number(&b, 1 + n % 2);
    BUF_LIT(&b, "\",\"title\":\"");
    buf_str(&b, n % 2 == 0 ? S("First edition ") : S("Second edition "));
    number(&b, n / 2);
    BUF_LIT(&b, "\",\"status\":\"");
    buf_str(&b, n % 5 == 0 ? S("draft") : S("active"));
    BUF_LIT(&b, "\"}");
    made(&b);
}

/* Names address n % 20 in no version, in 1, in 2, or in one there is not. */
static void answer(unsigned n)
{
    static const struct str versions[] = {SI(""), SI("|1"), SI("|2"), SI("|3")};
    static const struct str states[] = {SI("completed"), SI("in-progress"), SI("amended")};
    struct buf b = begun(S("{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"made-answer-"), n);
    BUF_LIT(&b, "\",\"questionnaire\":\"http://made.example/form-");
    number(&b, n % (FORMS / 2));
    buf_str(&b, versions[n / 7 % LEN(versions)]);
    BUF_LIT(&b, "\",\"status\":\"");
    buf_str(&b, states[n % LEN(states)]);
    BUF_LIT(&b, "\",\"subject\":{\"reference\":\"Patient/made-person-");
    number(&b, n % 9);
    BUF_LIT(&b, "\"}}");
    made(&b);
}

static void person(unsigned n)
{
    struct buf b = begun(S("{\"resourceType\":\"Patient\",\"id\":\"made-person-"), n);
    BUF_LIT(&b, "\",\"active\":true}");
    made(&b);
}

void made_load(void)
{
    for (unsigned n = 0; n < 9; n++) {
        person(n);
    }
    for (unsigned n = 0; n < FORMS; n++) {
        if (n % 8 != 7) {
            form(n);
        }
    }
    for (unsigned n = 0; n < ANSWERS; n++) {
        answer(n);
    }
}
