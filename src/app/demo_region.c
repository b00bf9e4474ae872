/* app/demo_region.c - who and what there is in the made-up region, and its way into the store. */
#include "app/demo.h"

#include <stdio.h>

#include "care/account.h"
#include "store/tx.h"

enum { DAY_SHIFTS = 2, SHIFT_HOURS = 12, DAY_BEGINS = 8, PEOPLE_OF_TX = 40 };

/* A service of a centre and who signs in for it. */
struct service_row {
    const char *profile, *login;
    const char *regional, *national; /* names; national NULL: none */
    uint32_t n_regional, n_national; /* consultants */
};
/* clang-format off */
static const struct service_row service_rows[] = {
    {"cardiology",     "cardiologist",  "Кардиологическая служба",              "Национальный кардиологический отдел", 3, 2},
    {"neurology",      "neurologist",   "Служба неврологии и инсульта",         "Национальный инсультный отдел",       3, 2},
    {"obstetrics",     "obstetrician",  "Акушерская служба",                    "Национальный перинатальный отдел",    3, 1},
    {"orthopaedics",   "orthopaedist",  "Служба травматологии и ортопедии",     NULL,                                  2, 0},
    {"oncology",       "oncologist",    "Онкологическая служба",                "Национальный онкологический отдел",   2, 2},
    {"paediatrics",    "paediatrician", "Педиатрическая служба",                "Национальный отдел детского здоровья", 3, 1},
    {"intensive-care", "intensivist",   "Служба реанимации и интенсивной терапии", "Национальный реанимационный отдел", 3, 1},
    {"therapy",        "therapist",     "Терапевтическая служба",               NULL,                                  2, 0},
};
/* clang-format on */

struct planning {
    struct req *rq;
    struct demo_region *r;
    struct demo_dice dice;
    bool failed;
};

static struct str text(struct planning *p, const char *before, uint32_t n, const char *after)
{
    struct buf b;

    buf_init(&b, p->rq->a, 300);
    buf_str(&b, str_z(before));
    if (n > 0) {
        buf_u64(&b, n);
    }
    buf_str(&b, str_z(after));
    p->failed = p->failed || !buf_ok(&b);
    return buf_get(&b);
}

static void add_org(struct planning *p, struct str id, struct str name, enum org_kind kind,
                    struct str parent)
{
    struct demo_org *o = &p->r->orgs[p->r->n_orgs++];
    struct buf b;

    buf_init(&b, p->rq->a, 40);
    BUF_LIT(&b, "+7 700 000 ");
    buf_u64_pad(&b, p->r->n_orgs / 100, 2);
    BUF_LIT(&b, " ");
    buf_u64_pad(&b, p->r->n_orgs % 100, 2);
    *o = (struct demo_org){.id = id, .name = name, .kind = kind, .parent = parent,
                           .phone = buf_get(&b)};
}

static void plan_orgs(struct planning *p)
{
    add_org(p, S("national"), S("Национальный телемедицинский центр (демонстрация)"), ORG_NATIONAL,
            S(""));
    add_org(p, S("centre"), S("Областной центр телемедицины (демонстрация)"), ORG_CENTRE,
            S("national"));
    for (uint32_t i = 0; i < DEMO_HOSPITALS; i++) {
        enum lang lang = demo_district_lang(i);
        add_org(p, text(p, "hospital-", i + 1, ""),
                lang == LANG_UZ   ? text(p, demo_district(i), 0, " tuman shifoxonasi")
                : lang == LANG_KK ? text(p, demo_district(i), 0, " аудандық ауруханасы")
                                  : text(p, "Районная больница «", 0, demo_district(i)),
                ORG_HOSPITAL, S("centre"));
        struct demo_org *o = &p->r->orgs[p->r->n_orgs - 1];
        if (lang == LANG_RU) {
            o->name = text(p, arena_cstr(p->rq->a, o->name), 0, "»");
        } else if (lang == LANG_UZ) { /* across the border */
            o->policy = S("uz");
        }
    }
    for (uint32_t i = 0; i < DEMO_STATIONS; i++) {
        enum lang lang = demo_district_lang(i % DEMO_HOSPITALS);
        add_org(p, text(p, "station-", i + 1, ""),
                lang == LANG_UZ   ? text(p, demo_village(i), 0, " feldsherlik punkti")
                : lang == LANG_KK ? text(p, demo_village(i), 0, " фельдшерлік пункті")
                                  : text(p, "ФАП ", 0, demo_village(i)),
                ORG_STATION, text(p, "hospital-", i % DEMO_HOSPITALS + 1, ""));
    }
}

static struct demo_person *add_person(struct planning *p, const char *login, uint32_t n,
                                      uint32_t district, struct str org, const char *code)
{
    struct demo_person *one = &p->r->people[p->r->n_people++];
    enum lang lang = demo_district_lang(district);

    if (district == DEMO_HOSPITALS) {
        lang = dice_roll(&p->dice, 3) == 0 ? LANG_KK : LANG_RU;
    }
    *one = (struct demo_person){.login = text(p, login, n, ""),
                                .female = dice_roll(&p->dice, 3) != 0,
                                .lang = lang,
                                .district = district,
                                .posts[0] = {.org = org, .code = str_z(code)},
                                .n_posts = 1};
    /* In a district of one language many have names of another. */
    enum lang tongue = lang == LANG_RU && dice_roll(&p->dice, 2) == 0 ? LANG_KK : lang;
    p->failed = p->failed || demo_name(p->rq, &p->dice, tongue, one->female, &one->name) != OK;
    return one;
}

static void plan_askers(struct planning *p)
{
    for (uint32_t i = 0; i < DEMO_STATIONS; i++) {
        const char *code = i % 12 == 7 ? "nurse" : i % 13 == 9 ? "midwife" : "feldsher";
        struct demo_person *one = add_person(p, "feldsher", i + 1, i % DEMO_HOSPITALS,
                                             text(p, "station-", i + 1, ""), code);
        if (i % 20 == 3) { /* looks after the next village of the district, too */
            one->posts[one->n_posts++] = (struct demo_post){
                .org = text(p, "station-", (i + DEMO_HOSPITALS) % DEMO_STATIONS + 1, ""),
                .code = S("feldsher")};
        }
    }
    p->r->doctors = p->r->n_people;
    for (uint32_t i = 0; i < DEMO_DOCTORS; i++) {
        uint32_t h = i % DEMO_HOSPITALS;
        struct demo_person *one =
            add_person(p, "doctor", i + 1, h, text(p, "hospital-", h + 1, ""), "doctor");
        if (i % 12 == 4) { /* twice a week in the centre */
            one->posts[one->n_posts++] =
                (struct demo_post){.org = S("centre"), .code = S("coordinator")};
        }
    }
}

static void add_service(struct planning *p, const struct service_row *row, bool national,
                        uint32_t *number)
{
    uint32_t at = p->r->n_services++;
    struct str org = national ? S("national") : S("centre");
    struct demo_service *s = &p->r->services[at];

    *s = (struct demo_service){.id = text(p, national ? "national-" : "regional-", 0, row->profile),
                               .name = str_z(national ? row->national : row->regional),
                               .org = org,
                               .profile = row->profile,
                               .first = p->r->n_people,
                               .n = national ? row->n_national : row->n_regional};
    for (uint32_t i = 0; i < s->n; i++) {
        struct demo_person *one =
            add_person(p, row->login, ++*number, DEMO_HOSPITALS, org, "consultant");
        one->posts[0].service = s->id;
    }
}

static void plan_centres(struct planning *p)
{
    for (size_t i = 0; i < LEN(service_rows); i++) {
        uint32_t number = 0;
        add_service(p, &service_rows[i], false, &number);
        if (service_rows[i].national != NULL) {
            add_service(p, &service_rows[i], true, &number);
        }
    }
    p->r->coordinators = p->r->n_people;
    for (uint32_t i = 0; i < 3; i++) {
        add_person(p, "coordinator", i + 1, DEMO_HOSPITALS, S("centre"), "coordinator");
    }
    add_person(p, "coordinator", 4, DEMO_HOSPITALS, S("national"), "coordinator");
    add_person(p, "head", 1, DEMO_HOSPITALS, S("centre"), "head");
    add_person(p, "head", 2, DEMO_HOSPITALS, S("national"), "head");
    add_person(p, "head", 3, 0, S("hospital-1"), "head");
    add_person(p, "head", 4, 9, S("hospital-10"), "head");
    add_person(p, "registrar", 1, 0, S("hospital-1"), "registrar");
    add_person(p, "admin", 0, DEMO_HOSPITALS, S("centre"), "administrator");
    add_person(p, "auditor", 0, DEMO_HOSPITALS, S("centre"), "auditor");
    /* The first national cardiologist and neurologist also sit in the regional service. */
    for (uint32_t i = 0; i < p->r->n_services; i++) {
        struct demo_service *s = &p->r->services[i];
        struct demo_person *one = &p->r->people[s->first];
        if (str_eq(s->org, S("national")) && i < 4) {
            one->posts[one->n_posts++] = (struct demo_post){
                .org = S("centre"), .code = S("consultant"), .service = p->r->services[i - 1].id};
        }
    }
}

enum err demo_region_plan(struct req *rq, struct demo_region *ret_region)
{
    struct planning p = {.rq = rq, .r = ret_region, .dice = {20260101}};

    *ret_region = (struct demo_region){0};
    plan_orgs(&p);
    plan_askers(&p);
    plan_centres(&p);
    return p.failed ? FAIL(rq, E_TOO_LARGE, "memory cap") : OK;
}

/* ---- into the store ---- */

static enum err write_orgs(struct req *rq, const struct demo_region *r)
{
    struct tx *tx = tx_new(rq);
    struct str id;

    TRY_MEM(rq, tx);
    for (uint32_t i = 0; i < r->n_orgs; i++) {
        const struct demo_org *o = &r->orgs[i];
        TRY(org_add(rq, tx,
                    &(struct org_new){.id = o->id, .name = o->name, .kind = o->kind,
                                      .parent = o->parent, .phone = o->phone,
                                      .policy = o->policy},
                    &id));
    }
    for (uint32_t i = 0; i < r->n_services; i++) {
        const struct demo_service *s = &r->services[i];
        struct str profile = str_z(s->profile);
        TRY(service_add(rq, tx,
                        &(struct service_new){.id = s->id, .name = s->name, .org = s->org,
                                              .profiles = &profile, .n_profiles = 1},
                        &id));
    }
    return store_commit(care_of(rq)->store, rq, tx);
}

/* A personal number of a member of staff. */
static bool staff_number(struct demo_dice *d, bool female, char ret_digits[13])
{
    for (int tries = 0; tries < 50; tries++) {
        struct civil birth = {.year = (int)dice_between(d, 1961, 1998),
                              .month = (int)dice_between(d, 1, 12),
                              .day = (int)dice_between(d, 1, 28)};
        if (ident_iin_make(&birth, female ? IDENT_FEMALE : IDENT_MALE, dice_roll(d, 10000),
                           ret_digits)) {
            return true;
        }
    }
    return false;
}

static enum err write_person(struct req *rq, struct tx *tx, const struct demo_person *one,
                             struct str hash, struct demo_dice *dice)
{
    const struct id_kind *iin = id_kind_find(S("iin"));
    char *digits = arena_alloc(rq->a, 13);
    struct str id;

    TRY_MEM(rq, digits);
    if (iin == NULL || !staff_number(dice, one->female, digits)) {
        return FAIL(rq, E_INTERNAL, "personal number");
    }
    TRY(person_add(rq, tx,
                   &(struct person_new){.id = one->login, .family = one->name.family,
                                        .given = one->name.given, .middle = one->name.middle,
                                        .sex = one->female ? S("female") : S("male"),
                                        .id_system = iin->system, .id_value = str_z(digits)},
                   &id));
    for (uint32_t k = 0; k < one->n_posts; k++) {
        const struct demo_post *post = &one->posts[k];
        TRY(role_add(rq, tx,
                     &(struct role_new){.person = one->login, .org = post->org,
                                        .code = post->code, .services = &post->service,
                                        .n_services = post->service.n > 0},
                     &id));
    }
    rq->lang = one->lang;
    return account_add(rq, tx, one->login, one->login, hash, false);
}

enum err demo_region_write(struct req *rq, const struct demo_region *r)
{
    struct demo_dice dice = {20260202};
    enum lang lang = rq->lang;
    struct str hash;

    TRY(write_orgs(rq, r));
    TRY(password_hash(rq, S(DEMO_PASSWORD), &hash));
    for (uint32_t i = 0; i < r->n_people; i += PEOPLE_OF_TX) {
        struct tx *tx = tx_new(rq);
        TRY_MEM(rq, tx);
        for (uint32_t k = i; k < MIN(i + PEOPLE_OF_TX, r->n_people); k++) {
            TRY(write_person(rq, tx, &r->people[k], hash, &dice));
        }
        rq->lang = lang;
        TRY(store_commit(care_of(rq)->store, rq, tx));
    }
    return OK;
}

/* ---- duty ---- */

static bool has_duty(const struct directory *dir, uint32_t service, int64_t from_ms)
{
    for (uint32_t i = 0; i < dir->n_duties; i++) {
        if (dir->duties[i].service == service && dir->duties[i].from_ms == from_ms) {
            return true;
        }
    }
    return false;
}

/* One shift of every service where nobody is on duty yet. */
static enum err add_shift(struct req *rq, const struct demo_region *r, const struct directory *dir,
                          int64_t start, uint64_t turn, uint32_t *n)
{
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    for (uint32_t s = 0; s < r->n_services; s++) {
        const struct demo_service *sv = &r->services[s];
        const struct demo_person *one = &r->people[sv->first + turn % sv->n];
        if (has_duty(dir, dir_service_at(dir, sv->id), start)) {
            continue;
        }
        TRY(duty_add(rq, tx, sv->id, one->login, (struct instant){start},
                     (struct instant){start + SHIFT_HOURS * MS_HOUR}));
        ++*n;
    }
    return tx_is_empty(tx) ? OK : store_commit(care_of(rq)->store, rq, tx);
}

enum err demo_roster(struct req *rq, const struct demo_region *r, struct instant from,
                     uint32_t days, uint32_t *ret_n)
{
    const struct zone *zone = &care_of(rq)->zone;
    const struct directory *dir = NULL;
    uint32_t n = 0;

    TRY(directory_get(rq, &dir));
    int64_t first = zone_day(zone, from.ms);
    int64_t begin = zone_minute(zone, first, DAY_BEGINS * 60);
    for (uint32_t shift = 0; shift < days * DAY_SHIFTS; shift++) {
        TRY(add_shift(rq, r, dir, begin + (int64_t)shift * SHIFT_HOURS * MS_HOUR,
                      (uint64_t)first * DAY_SHIFTS + shift, &n));
    }
    *ret_n = n;
    return OK;
}

/* ---- for people ---- */

static struct str org_name(const struct demo_region *r, struct str id)
{
    for (uint32_t i = 0; i < r->n_orgs; i++) {
        if (str_eq(r->orgs[i].id, id)) {
            return r->orgs[i].name;
        }
    }
    return S("");
}

void demo_region_print(const struct demo_region *r)
{
    static const struct str shown[] = {SI("feldsher1"), SI("feldsher9"), SI("feldsher12"), SI("doctor1"),
                                       SI("doctor9"), SI("doctor12"), SI("coordinator1"),
                                       SI("coordinator4"), SI("head1"), SI("registrar1"),
                                       SI("admin"), SI("auditor")};
    printf("\nA demonstration: everybody in it is made up. Who can sign in, with the password %s\n\n"
           "  %-16s %-14s name, organisation\n", DEMO_PASSWORD, "login", "role");
    for (uint32_t i = 0; i < r->n_people; i++) {
        const struct demo_person *one = &r->people[i];
        bool show = str_eq(one->posts[0].code, S("consultant")) && str_ends(one->login, S("1"));
        for (size_t k = 0; k < LEN(shown); k++) {
            show = show || str_eq(shown[k], one->login);
        }
        if (show) {
            struct str org = org_name(r, one->posts[0].org);
            printf("  %-16.*s %-14.*s %.*s %.*s, %.*s\n", STR_ARG(one->login),
                   STR_ARG(one->posts[0].code), STR_ARG(one->name.given),
                   STR_ARG(one->name.family), STR_ARG(org));
        }
    }
    printf("\n  ... and feldsher1 to feldsher%d, doctor1 to doctor%d, the other consultants\n"
           "  (cardiologist2 ...), coordinator1 to coordinator4, head1 to head4.\n\n",
           DEMO_STATIONS, DEMO_DOCTORS);
    (void)fflush(stdout);
}
