/* fhir/issue.c - collecting issues and writing them as an OperationOutcome. See issue.h. */
#include "fhir/issue.h"

#include "base/text.h"

static const char *const severities[] = {
    [ISSUE_ERROR] = "error",
    [ISSUE_WARNING] = "warning",
    [ISSUE_INFORMATION] = "information",
};

struct fhir_issues *fhir_issues(struct req *rq)
{
    if (rq->issues == NULL) {
        rq->issues = ARENA_NEW(rq->a, struct fhir_issues);
    }
    return rq->issues;
}

void fhir_issue_add(struct req *rq, enum fhir_severity severity, const char *code,
                    const char *text, struct str subject, struct str expression)
{
    struct fhir_issues *list = fhir_issues(rq);
    if (list == NULL) {
        return;
    }
    list->n_errors += severity == ISSUE_ERROR ? 1 : 0;
    if (list->n == FHIR_ISSUES_MAX) {
        list->n_more++;
        for (uint32_t i = list->n; severity == ISSUE_ERROR && i > 0; i--) {
            if (list->items[i - 1].severity != ISSUE_ERROR) { /* an error is worth more */
                list->items[i - 1] = (struct fhir_issue){severity, code, text, subject, expression};
                break;
            }
        }
        return;
    }
    list->items[list->n++] = (struct fhir_issue){severity, code, text, subject, expression};
}

uint32_t fhir_issue_errors(const struct req *rq)
{
    return rq->issues != NULL ? rq->issues->n_errors : 0;
}

void fhir_issues_clear(struct req *rq)
{
    rq->issues = NULL;
}

static void issue_write(struct json_out *o, struct req *rq, const struct fhir_issue *i)
{
    struct buf b;
    buf_init(&b, rq->a, 4096);
    buf_str(&b, tr(rq->lang, i->text));
    if (i->subject.n > 0) {
        BUF_LIT(&b, " (");
        buf_str(&b, str_sub(i->subject, 0, 200));
        buf_char(&b, ')');
    }
    json_obj(o);
    json_ks(o, S("severity"), str_z(severities[i->severity]));
    json_ks(o, S("code"), str_z(i->code));
    json_ks(o, S("diagnostics"), buf_get(&b));
    if (i->expression.n > 0) {
        json_k(o, S("expression"));
        json_arr(o);
        json_v_str(o, i->expression);
        json_arr_end(o);
    }
    json_obj_end(o);
}

static void failure_write(struct json_out *o, struct req *rq, enum err code)
{
    json_obj(o);
    json_ks(o, S("severity"), code == OK ? S("information") : S("error"));
    json_ks(o, S("code"), str_z(err_issue(code)));
    json_k(o, S("details"));
    json_obj(o);
    json_ks(o, S("text"), code == OK ? S("OK") : tr(rq->lang, err_text(code)));
    json_obj_end(o);
    if (code != OK && rq->err.code != OK && rq->err.detail[0] != 0) {
        json_ks(o, S("diagnostics"), str_z(rq->err.detail));
    }
    json_obj_end(o);
}

void fhir_outcome_write(struct req *rq, enum err code, struct json_out *o)
{
    const struct fhir_issues *list = rq->issues;
    json_obj(o);
    json_ks(o, S("resourceType"), S("OperationOutcome"));
    json_k(o, S("issue"));
    json_arr(o);
    if (list == NULL || list->n == 0 || (code != OK && list->n_errors == 0)) {
        failure_write(o, rq, code);
    }
    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        issue_write(o, rq, &list->items[i]);
    }
    json_arr_end(o);
    json_obj_end(o);
}
