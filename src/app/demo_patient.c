/* app/demo_patient.c - people of the region act, and made-up patients are registered by them. */
#include "app/demo.h"

#include "care/account.h"
#include "store/tx.h"

enum { ACT_CAP = 96 << 20, TRIES = 60 };

/* ---- acting ---- */

static struct who *who_new(struct req *rq, const struct dir_person *p, struct str org,
                           struct str code)
{
    struct who *w = ARENA_NEW(rq->a, struct who);

    if (w == NULL) {
        return NULL;
    }
    *w = (struct who){.person = p->id, .name = p->name, .roles = p->roles, .n_roles = p->n_roles,
                      .active = p->n_roles, .principals = p->principals,
                      .n_principals = p->n_principals, .scopes = SCOPE_ALL, .role_chosen = true,
                      .lang = rq->lang};
    for (uint32_t i = 0; i < p->n_roles; i++) {
        if (str_eq(p->roles[i].org, org) && str_eq(p->roles[i].code, code)) {
            w->active = i;
            w->rights = p->roles[i].rights;
            w->audit.role = p->roles[i].code;
            w->audit.org = p->roles[i].org;
        }
    }
    w->audit.actor = p->id;
    w->audit.login = p->id;
    return w;
}

enum err demo_as(struct demo *d, struct req *rq, struct str login, struct str org, struct str code,
                 struct instant at, enum lang lang)
{
    const struct directory *dir = NULL;

    req_init(rq, ACT_CAP, at);
    rq->app = d->rq->app;
    rq->db = d->rq->db;
    rq->lang = lang;
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, login);
    if (p == NULL) {
        return FAIL(rq, E_NOT_FOUND, "person");
    }
    struct who *w = who_new(rq, p, org, code);
    TRY_MEM(rq, w);
    rq->who = w;
    struct account acc;
    TRY(account_by_person(rq, login, &acc));
    w->account = acc.id;
    return who_role(w) != NULL ? OK : FAIL(rq, E_FORBIDDEN, "no such post");
}

enum err demo_end(struct demo *d, struct req *rq, struct tx *tx, enum err e)
{
    struct store *store = care_of(d->rq)->store;

    if (e == OK) {
        e = tx != NULL ? store_commit(store, rq, tx) : store_commit_audit(store, rq);
    }
    if (e != OK) {
        d->rq->err = rq->err;
    }
    (void)db_idle(rq->db);
    req_done(rq);
    return e;
}

/* ---- patients ---- */

/* What is typed to register one. */
struct typing {
    struct field v[12];
    uint32_t n;
};

static void type(struct typing *t, struct str name, struct str value)
{
    if (value.n > 0 && t->n < LEN(t->v)) {
        t->v[t->n++] = (struct field){name, value};
    }
}

/* A number of the kind usual where the language is spoken. False: no luck with these throws. */
static bool number_make(struct demo_dice *dice, enum lang lang, const struct civil *birth,
                        bool female, const char **ret_kind, char ret_digits[IDENT_MAX + 1])
{
    enum ident_sex sex = female ? IDENT_FEMALE : IDENT_MALE;

    if (lang == LANG_UZ) {
        *ret_kind = "pinfl";
        return ident_pinfl_make(birth, sex, dice_roll(dice, 1000), dice_roll(dice, 1000),
                                ret_digits);
    }
    if (lang == LANG_RU && dice_roll(dice, 3) == 0) {
        *ret_kind = "snils";
        return ident_snils_make((uint32_t)dice_between(dice, 100000000, 199999999), ret_digits);
    }
    *ret_kind = "iin";
    return ident_iin_make(birth, sex, dice_roll(dice, 10000), ret_digits);
}

static void type_number(struct req *rq, struct demo_dice *dice, enum lang lang,
                        const struct civil *birth, bool female, struct typing *t)
{
    char *digits = arena_alloc(rq->a, IDENT_MAX + 1);
    const char *kind = "";

    for (int i = 0; digits != NULL && i < TRIES; i++) {
        if (number_make(dice, lang, birth, female, &kind, digits)) {
            type(t, S("id-kind"), str_z(kind));
            type(t, S("id"), str_z(digits));
            return;
        }
    }
}

struct str demo_date(struct req *rq, const struct civil *c)
{
    struct buf b;

    buf_init(&b, rq->a, 16);
    date_write(&b, c);
    return buf_get(&b);
}

static struct str address(struct req *rq, struct demo_dice *dice, const struct demo_person *by)
{
    struct buf b;

    buf_init(&b, rq->a, 200);
    buf_str(&b, str_z(demo_village(dice_roll(dice, DEMO_STATIONS))));
    BUF_LIT(&b, ", ");
    buf_str(&b, str_z(demo_district(by->district)));
    BUF_LIT(&b, ", ");
    buf_u64(&b, 1 + dice_roll(dice, 90));
    return buf_get(&b);
}

static enum err type_person(struct req *rq, struct demo_dice *dice, enum lang lang, bool female,
                            struct instant born, bool papers, const struct demo_person *by,
                            struct typing *t)
{
    struct civil birth = zone_civil(&care_of(rq)->zone, born);
    enum lang tongue = lang == LANG_RU && dice_roll(dice, 3) == 0 ? LANG_KK : lang;
    struct demo_name name;
    struct buf b;

    TRY(demo_name(rq, dice, tongue, female, &name));
    type(t, S("family"), name.family);
    type(t, S("given"), name.given);
    type(t, S("middle"), name.middle);
    type(t, S("birth-date"), demo_date(rq, &birth));
    type(t, S("sex"), female ? S("female") : S("male"));
    if (dice_roll(dice, 14) != 0 || papers) { /* the others came without papers */
        type_number(rq, dice, tongue == LANG_KK ? LANG_KK : lang, &birth, female, t);
    }
    buf_init(&b, rq->a, 40);
    BUF_LIT(&b, "+7 700 ");
    buf_u64_pad(&b, dice_roll(dice, 1000), 3);
    BUF_LIT(&b, " 00 ");
    buf_u64_pad(&b, dice_roll(dice, 100), 2);
    type(t, S("phone"), buf_get(&b));
    type(t, S("address"), address(rq, dice, by));
    return OK;
}

static void type_unknown(struct demo_dice *dice, enum lang lang, bool female, struct typing *t)
{
    static const char *const ages[] = {"30", "35", "40", "45", "50", "60"};

    type(t, S("unidentified"), S("true"));
    type(t, S("sex"), female ? S("female") : S("male"));
    type(t, S("age"), str_z(ages[dice_roll(dice, LEN(ages))]));
    type(t, S("note"),
         lang == LANG_UZ   ? S("Hujjatlarsiz, tez yordam yoʻl boʻyidan olib keldi")
         : lang == LANG_KK ? S("Құжатсыз, жедел жәрдем көшеден жеткізді")
                           : S("Без документов, доставлен скорой помощью с улицы"));
}

enum err demo_patient(struct demo *d, const struct demo_story *story,
                      const struct demo_person *by, struct instant at, struct str *ret_id)
{
    struct problems problems = {.n = 0};
    struct typing t = {.n = 0};
    struct demo_dice *dice = &d->dice;
    struct str id = {0};
    struct req rq;
    enum err e = demo_as(d, &rq, by->login, by->posts[0].org, by->posts[0].code, at, by->lang);
    struct tx *tx = tx_new(&rq);
    bool female = story == NULL || story->sex == '-' ? dice_roll(dice, 2) == 0
                                                     : story->sex == 'f';
    int64_t days = story != NULL ? dice_between(dice, story->age_lo, story->age_hi)
                                 : dice_between(dice, 1, DEMO_YEARS(90));

    if (e == OK && story != NULL && story->unknown && dice_roll(dice, 3) == 0) {
        type_unknown(dice, by->lang, female, &t);
    } else if (e == OK) {
        e = type_person(&rq, dice, story != NULL ? story->lang : by->lang, female,
                        (struct instant){at.ms - days * MS_DAY}, story != NULL && story->papers, by, &t);
    }
    if (e == OK) {
        e = tx == NULL ? FAIL(&rq, E_TOO_LARGE, "memory cap")
                       : patient_register(&rq, tx, &(struct fields){t.v, t.n}, &problems, &id);
    }
    *ret_id = e == OK ? arena_str(d->rq->a, id) : (struct str){0};
    return demo_end(d, &rq, tx, e);
}
