/* care/form_fuzz.c - any questionnaire and anything typed into it: problems, or answers that are JSON and
 * read back as what was typed. The input is an array: the Questionnaire, then the fields as drafts keep
 * them, then a QuestionnaireResponse. */
#include "care/care.h"
#include "care/content_int.h"
#include "care/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Answers as a resource has them: the lines they are shown in. */
static void lines_read(struct req *rq, const struct form *f, struct jv answers)
{
    struct fields back;
    const struct form_line *lines;
    uint32_t n = 0;
    if (form_read_items(rq, f, answers, &back) == OK) {
        (void)!form_lines(rq, f, &back, &lines, &n);
    }
}

static void answers(struct req *rq, const struct form *f, const struct fields *typed)
{
    struct problems p = {.n = 0};
    struct buf b;
    struct json_out o;
    struct json_doc doc;
    if (form_check(rq, f, typed, false, &p) != OK || p.n > 0) {
        err_clear(rq);
        return;
    }
    buf_init(&b, rq->a, 8u << 20);
    json_out_init(&o, &b);
    json_obj(&o);
    form_write_items(&o, rq, f, typed);
    json_obj_end(&o);
    const struct json_limits deep = {16u << 20, JSON_MAX_DEPTH, 1000000};
    if (buf_ok(&b) && json_parse(rq, buf_get(&b), &deep, &doc) == OK) {
        lines_read(rq, f, json_root(&doc));
    }
    ASSERT(rq->err.code == OK || rq->err.code == E_TOO_LARGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct care care;
    struct req rq;
    struct json_doc doc;
    struct form f;
    struct fields typed;
    care_init(&care);
    req_init(&rq, 64u << 20, (struct instant){INT64_C(1795000000000)});
    rq.app = (struct app *)&care;
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK
        && form_load(&rq, json_at(json_root(&doc), 0), &f) == OK) {
        struct jv fields = json_at(json_root(&doc), 1);
        if (json_has(fields) && fields_parse(&rq, json_raw(fields), &typed) == OK) {
            answers(&rq, &f, &typed);
        }
        err_clear(&rq);
        lines_read(&rq, &f, json_at(json_root(&doc), 2));
    }
    req_done(&rq);
    return 0;
}
