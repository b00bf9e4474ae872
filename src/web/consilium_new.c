/* web/consilium_new.c - calling a consilium from a case, or putting its patient on the agenda of one that is
 * being formed. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { FIELDS_MAX = 80, FORMING_MAX = 20 };

struct calling {
    struct case_view v;
    const struct policy *policy;
    const struct directory *dir;
    struct problems problems;
};

static enum err open_case(struct http_req *h, struct calling **ret_a)
{
    struct calling *a = ARENA_NEW(h->rq.a, struct calling);
    TRY_MEM(&h->rq, a);
    TRY(consult_view(&h->rq, http_param(h, S("case")), &a->v));
    TRY(directory_get(&h->rq, &a->dir));
    const struct dir_org *org = dir_org(a->dir, h->rq.who->audit.org);
    a->policy = org != NULL ? org->policy : care_of(&h->rq)->policy;
    *ret_a = a;
    return OK;
}

static void set_check(struct http_req *h, struct val *root, const char *name, const char *label,
                      const char *text)
{
    struct val *f = page_field(h, root, name, label, S(""));
    val_set_bool(f, "many", true);
    page_option(f, S("1"), tr(h->rq.lang, text));
}

/* Chair and secretary are chosen among those ticked, by a second look at the form: until then who calls. */
static void set_posts(struct http_req *h, const struct calling *a, struct val *root)
{
    struct str key;
    struct str value;
    struct val *chair = page_field(h, root, "chair", T("Chair"), S(""));
    struct val *secretary = page_field(h, root, "secretary", T("Secretary"), h->rq.who->person);
    page_option(chair, h->rq.who->person, h->rq.who->name);
    page_option(secretary, h->rq.who->person, h->rq.who->name);
    for (uint32_t i = 0; http_form_each(h, i, &key, &value); i++) {
        for (uint32_t k = 0; str_eq(key, S("member")) && k < a->dir->n_people; k++) {
            const struct dir_person *p = &a->dir->people[k];
            for (uint32_t r = 0; r < p->n_roles; r++) {
                if (str_eq(p->roles[r].id, value)) {
                    page_option(chair, p->id, p->name);
                    page_option(secretary, p->id, p->name);
                }
            }
        }
    }
}

static void set_keeper(struct http_req *h, struct val *root)
{
    set_check(h, root, "keeper", T("Vote of the secretary"),
              T("The secretary keeps the protocol without a vote"));
}

static void set_quorum(struct http_req *h, const struct calling *a, struct val *root)
{
    struct val *f = page_field(h, root, "quorum", T("Quorum"), S(""));
    struct buf b;
    val_set_z(f, "mode", "numeric");
    val_set_z(f, "width", "w4");
    if (a->policy->consilium_least == 0) {
        val_set_str(f, "hint", tr(h->rq.lang, T("The policy names no number: say how many must take part.")));
    } else {
        struct buf n;
        buf_init(&n, h->rq.a, 16);
        buf_u64(&n, a->policy->consilium_least);
        buf_init(&b, h->rq.a, 1000);
        text_fill(&b, tr(h->rq.lang, T("The policy demands {n}; you may ask for more.")),
                  &(struct text_arg){S("n"), buf_get(&n)}, 1);
        val_set_str(f, "hint", buf_get(&b));
    }
    if (!a->policy->consilium_least_from.verified) {
        val_set_str(root, "source", text4_get(&a->policy->consilium_least_from.source, h->rq.lang));
    }
}

static enum err set_form(struct http_req *h, const struct calling *a, struct val *root)
{
    struct val *f = page_field(h, root, "question", T("What is the consilium asked"), a->v.question);
    val_set_i64(f, "rows", 4);
    val_set_bool(f, "required", true);
    f = page_field(h, root, "urgency", T("Kind"), S("planned"));
    page_option(f, S("planned"), tr(h->rq.lang, T("Planned")));
    page_option(f, S("emergency"), tr(h->rq.lang, T("Emergency: it begins as soon as the quorum is there")));
    f = page_field(h, root, "start", T("Begins at (planned)"), S(""));
    val_set_z(f, "type", "datetime-local");
    set_check(h, root, "written", T("How it is held"), T("In writing, within a time, instead of live"));
    f = page_field(h, root, "until", T("Ends at (in writing: opinions are given until then)"), S(""));
    val_set_z(f, "type", "datetime-local");
    set_check(h, root, "hidden", T("Opinions"), T("Hidden from the others until all are given"));
    set_check(h, root, "self", T("You"), T("I am a member too, not only the secretary"));
    set_posts(h, a, root);
    set_keeper(h, root);
    set_quorum(h, a, root);
    return consilium_people(h, a->policy, "member", T("Members"), true, root);
}

/* root.forming: consilia of this person whose agenda is open. */
static enum err set_forming(struct http_req *h, struct val *root)
{
    struct consilium *all = ARENA_ARRAY(h->rq.a, FORMING_MAX, struct consilium);
    uint32_t n = 0;
    uint32_t shown = 0;
    TRY_MEM(&h->rq, all);
    TRY(consilium_list(&h->rq, 0, all, FORMING_MAX, &n));
    struct val *f = page_field(h, root, "to", T("Put this patient on the agenda of"), S(""));
    for (uint32_t i = 0; i < n; i++) {
        if (consilium_state_of(&all[i]) == CONSILIUM_FORMING
            && (all[i].actor & (ACTOR_SECRETARY | ACTOR_CHAIR))) {
            page_option(f, all[i].id, case_number(h->rq.a, all[i].id));
            shown++;
        }
    }
    val_set_bool(root, "forming", shown > 0);
    return OK;
}

static enum err show(struct http_req *h, const struct calling *a, unsigned status)
{
    struct val *root = NULL;
    TRY(case_begin(h, &a->v, T("Call a consilium"), &root));
    page_kind(root, "narrow");
    for (uint32_t i = 0; i < a->problems.n; i++) {
        page_error(h, root, arena_cstr(h->rq.a, a->problems.v[i].field), a->problems.v[i].text);
    }
    TRY(set_form(h, a, root));
    TRY(set_forming(h, root));
    return page_reply_status(h, status, root, tpl_consilium_new);
}

enum err web_consilium_new(struct http_req *h)
{
    struct calling *a = NULL;
    TRY(open_case(h, &a));
    return show(h, a, 200);
}

static enum err fields_sent(struct http_req *h, struct fields *ret_fields)
{
    struct field *all = ARENA_ARRAY(h->rq.a, FIELDS_MAX, struct field);
    struct str key;
    struct str value;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    for (uint32_t i = 0; n < FIELDS_MAX && http_form_each(h, i, &key, &value); i++) {
        all[n++] = (struct field){key, str_trim(value)};
    }
    *ret_fields = (struct fields){all, n};
    return OK;
}

enum err web_consilium_call(struct http_req *h)
{
    struct calling *a = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct fields typed;
    struct str id = {0};
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY(open_case(h, &a));
    if (page_sent(h, "find").n > 0) { /* the list of people anew, with what is typed */
        return show(h, a, 200);
    }
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(fields_sent(h, &typed));
    e = consilium_call(&h->rq, tx, a->v.row.id, &typed, &a->problems, &id);
    if (e == E_BAD_INPUT && a->problems.n > 0) {
        err_clear(&h->rq);
        return show(h, a, 422);
    }
    TRY(e);
    return page_commit(h, tx, consilium_path(h, id, "?done=consilium-called"));
}

enum err web_consilium_add(struct http_req *h)
{
    struct str case_id = http_param(h, S("case"));
    struct str to = page_sent(h, "to");
    struct tx *tx = tx_new(&h->rq);
    const char *field = NULL;
    const char *text = NULL;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = consilium_add(&h->rq, tx, to, case_id, page_sent(h, "question"));
    if (e != OK && consilium_fault(h, e, &field, &text)) {
        struct calling *a = NULL;
        err_clear(&h->rq);
        TRY(open_case(h, &a));
        problem_add(&a->problems, S("to"), text, (struct str){0}, NULL);
        return show(h, a, 422);
    }
    TRY(e);
    return page_commit(h, tx, consilium_path(h, to, "?done=consilium-added"));
}
