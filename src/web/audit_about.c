/* web/audit_about.c - whom and what a record is about. See audit_about.h. */
#include "web/audit_about.h"

#include "base/text.h"
#include "care/account.h"
#include "care/care.h"
#include "care/content.h"
#include "care/record.h"
#include "care/record_about.h"
#include "codec/utf8.h"
#include "fhir/type.h"
#include "web/page.h"

enum { SHOWN = 4, NAMES = 64, LINE_MAX = 2000 };

bool audit_is_own(const struct audit_row *r)
{
    return r->type != T_PRACTITIONER || r->role.n == 0 || str_eq(r->actor, r->id);
}

/* ---- by name ---- */

/* A login that holds no account any more is none. */
static enum err login_of(struct req *rq, struct str person, struct str *ret_login)
{
    struct account acc;
    enum err e = account_by_person(rq, person, &acc);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_login = S("");
        return OK;
    }
    TRY(e);
    *ret_login = acc.login;
    return OK;
}

static struct str role_title(struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

static enum err set_one(struct http_req *h, const struct directory *dir, const struct record_about *a,
                        struct val *m)
{
    const struct dir_person *p = a->person.n > 0 ? dir_person(dir, a->person) : NULL;
    if (p != NULL) {
        struct str login = {0};
        struct buf href;
        TRY(login_of(&h->rq, p->id, &login));
        buf_init(&href, h->rq.a, 1024);
        BUF_LIT(&href, "/record");
        page_query(&href, "about", login.n > 0 ? login : p->name);
        val_set_str(m, "name", p->name);
        val_set_str(m, "login", login);
        val_set_str(m, "href", buf_get(&href));
    }
    if (a->role.n > 0) {
        val_set_str(m, "role", role_title(h, a->role));
    }
    if (a->service.n > 0) {
        val_set_str(m, "service", dir_service_name(dir, a->service));
    }
    if (a->org.n > 0) {
        val_set_str(m, "org", dir_org_name(dir, a->org));
        val_set_str(m, "org_href", page_path(h, "/directory/", a->org, ""));
    }
    return OK;
}

/* What is not of the directory is told by its kind alone. */
static const char *of_kind(const struct audit_row *r)
{
    bool account = record_is(RECORD_SIGN_IN, r) || record_is(RECORD_ADMIN, r) || r->action == AUDIT_INVITE;
    return !account                      ? NULL
           : r->type == T_PATIENT        ? T("a patient's account")
           : r->type == T_RELATED_PERSON ? T("a relative's account")
                                         : NULL;
}

static bool is_empty(const struct record_about *a)
{
    return a->person.n == 0 && a->org.n == 0 && a->service.n == 0;
}

/* with_own: the actor themselves, too. */
static enum err about_set(struct http_req *h, const struct directory *dir, const struct audit_row *r,
                          bool with_own, struct val *m)
{
    struct audit_name names[NAMES];
    struct val *list = val_set_list(m, "about");
    const char *kind = of_kind(r);
    size_t n = 0;
    size_t shown = 0;
    size_t more = 0;
    if (kind != NULL) {
        val_set_str(val_add_map(list), "name", tr(h->rq.lang, kind));
        return OK;
    }
    TRY(audit_named(&h->rq, r, 0, LEN(names), names, &n));
    for (size_t i = 0; i < n; i++) {
        struct record_about a;
        TRY(record_about(&h->rq, names[i].type, names[i].id, &a));
        bool own = a.org.n == 0 && a.service.n == 0 && str_eq(a.person, r->actor);
        if (is_empty(&a) || (own && !with_own)) {
            continue;
        }
        if (shown < SHOWN) {
            shown++;
            TRY(set_one(h, dir, &a, val_add_map(list)));
        } else {
            more++;
        }
    }
    val_set_i64(m, "more", n < NAMES ? (int64_t)more : 0);
    val_set_bool(m, "many", n == NAMES);
    return OK;
}

enum err audit_about_set(struct http_req *h, const struct directory *dir, const struct audit_row *r,
                         struct val *m)
{
    return about_set(h, dir, r, false, m);
}

static void line_add(struct buf *b, const struct val *m, const char *key, const char *between)
{
    const struct val *v = val_find(m, str_z(key));
    if (v != NULL && v->kind == VAL_STR && v->s.n > 0) {
        buf_str(b, b->n > 0 ? str_z(between) : S(""));
        buf_str(b, v->s);
    }
}

enum err audit_about_text(struct http_req *h, const struct directory *dir, const struct audit_row *r,
                          struct str *ret_text)
{
    static const char *const keys[] = {"login", "role", "service", "org"};
    struct val *m = val_map(h->rq.a);
    struct buf b;
    TRY_MEM(&h->rq, m);
    TRY(about_set(h, dir, r, true, m));
    buf_init(&b, h->rq.a, LINE_MAX);
    const struct val *list = val_find(m, S("about"));
    for (const struct val_item *i = list != NULL ? val_first(list) : NULL; i != NULL; i = val_next(i)) {
        const struct val *one = val_item_value(i);
        line_add(&b, one, "name", "; ");
        for (size_t k = 0; k < LEN(keys); k++) {
            line_add(&b, one, keys[k], ", ");
        }
    }
    *ret_text = buf_get(&b);
    return OK;
}

/* ---- looking for people ---- */

static bool name_fits(struct req *rq, struct str words, struct str name)
{
    struct arena_mark mark = arena_mark(rq->a);
    struct str word;
    struct buf hay;
    bool fits = true;
    buf_init(&hay, rq->a, 1024);
    utf8_fold(&hay, name);
    while (fits && str_cut(&words, ' ', &word)) {
        fits = word.n == 0 || str_find(buf_get(&hay), word) < hay.n;
    }
    arena_back(rq->a, mark);
    return fits;
}

enum err audit_people_find(struct http_req *h, const struct directory *dir, struct str words,
                           struct audit_people *ret_people)
{
    struct audit_people p = {.in = ARENA_ARRAY(h->rq.a, dir->n_people + 1, bool)};
    struct account acc;
    struct buf folded;
    TRY_MEM(&h->rq, p.in);
    buf_init(&folded, h->rq.a, 512);
    utf8_fold(&folded, words);
    enum err e = account_by_login(&h->rq, buf_get(&folded), &acc);
    if (e == OK) {
        uint32_t at = acc.of_patient ? DIR_NONE : dir_person_at(dir, acc.person);
        p.in[at != DIR_NONE ? at : dir->n_people] = true;
    } else if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        for (uint32_t i = 0; i < dir->n_people; i++) {
            p.in[i] = name_fits(&h->rq, buf_get(&folded), dir->people[i].name);
        }
    } else {
        return e;
    }
    *ret_people = p;
    return OK;
}

static enum err names_fit(struct req *rq, const struct directory *dir, const struct audit_name *names,
                          size_t n, const struct audit_people *people, bool *ret_is)
{
    for (size_t i = 0; i < n && !*ret_is; i++) {
        struct record_about a;
        TRY(record_about(rq, names[i].type, names[i].id, &a));
        uint32_t at = a.person.n > 0 ? dir_person_at(dir, a.person) : DIR_NONE;
        *ret_is = at != DIR_NONE && people->in[at];
    }
    return OK;
}

enum err audit_is_about(struct req *rq, const struct directory *dir, const struct audit_row *r,
                        const struct audit_people *people, bool *ret_is)
{
    struct audit_name *names = ARENA_ARRAY(rq->a, NAMES, struct audit_name);
    size_t skip = 0;
    size_t n = NAMES;
    bool is = false;
    TRY_MEM(rq, names);
    while (n == NAMES && !is) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(audit_named(rq, r, skip, NAMES, names, &n));
        TRY(names_fit(rq, dir, names, n, people, &is));
        skip += n;
        arena_back(rq->a, mark);
    }
    *ret_is = is;
    return OK;
}
