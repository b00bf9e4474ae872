/* care/consilium_doc.c - the protocol of a consilium as a document Bundle: the sections the policy
 * demands, in its
 * order, the opinions of all members, who dissents, what is ordered, and who is to sign. */
#include "care/consilium_int.h"

#include "care/consult_int.h"
#include "care/outside.h"
#include "care/sign_case.h"
#include "care/sign_int.h"

enum { SECTIONS_MAX = 32, LINES_MAX = 2 * CONSILIUM_MEMBERS_MAX + 8, ORDERS_MAX = 20 };

/* Sections we know; own: the server writes it. */
static const struct known {
    struct str code;
    const char *title;
    bool own;
} known[] = {
    {SI("when"), T("Date and time"), true},
    {SI("participants"), T("Who takes part"), true},
    {SI("reason"), T("Reason for the consilium"), false},
    {SI("course"), T("Course of the illness"), false},
    {SI("state"), T("State of the patient, with interpretation"), false},
    {SI("opinions"), T("Opinions of the members"), true},
    {SI("discussion"), T("Summary of the discussion"), false},
    {SI("decision"), T("Decision"), false},
    {SI("orders"), T("Orders"), true},
    {SI("dissent"), T("Dissenting opinions"), true},
    {SI("informed"), T("Patient informed, or why not"), false},
    {SI("signatures"), T("Who signs"), true},
};

static const struct known *known_find(struct str code)
{
    for (size_t i = 0; i < LEN(known); i++) {
        if (str_eq(known[i].code, code)) {
            return &known[i];
        }
    }
    return NULL;
}

bool protocol_is_own(struct str code)
{
    const struct known *k = known_find(code);
    return k != NULL && k->own;
}

struct str protocol_title(enum lang lang, const struct protocol_part *part)
{
    const struct known *k = known_find(part->code);
    return k != NULL ? tr(lang, k->title) : part->code;
}

struct building {
    struct req *rq;
    const struct consilium *c;
    const struct consilium_item *item;
    const struct protocol *p;
    const struct consilium_voice *voices;
    uint32_t n_voices;
    struct sign_section *sections;
    uint32_t n;
    struct sign_doc *d;
};

static struct sign_section *section(struct building *b, struct str code)
{
    const struct known *k = known_find(code);
    struct sign_line *lines = ARENA_ARRAY(b->rq->a, LINES_MAX, struct sign_line);

    if (lines == NULL || b->n == SECTIONS_MAX) {
        return NULL;
    }
    b->sections[b->n] = (struct sign_section){
        .code = code, .title = k != NULL ? tr(b->d->lang, k->title) : code, .lines = lines};
    return &b->sections[b->n++];
}

static void line(struct sign_section *s, struct str label, struct str text)
{
    if (s != NULL && s->n < LINES_MAX && text.n > 0) {
        ((struct sign_line *)(uintptr_t)s->lines)[s->n++] = (struct sign_line){label, text};
    }
}

static struct str time_text(struct building *b, int64_t ms)
{
    struct buf out;

    if (ms == 0) {
        return (struct str){0};
    }
    buf_init(&out, b->rq->a, 64);
    sign_time_write(&out, (struct instant){ms}, b->d->offset_min);
    return buf_get(&out);
}

static struct str words(struct building *b, const char *msgid)
{
    return tr(b->d->lang, msgid);
}

/* "Consultant, Regional centre": post and place. */
static struct str place_text(struct building *b, const struct consilium_member *m)
{
    const struct role *role = content_role(care_of(b->rq)->content, m->post);
    struct buf out;

    buf_init(&out, b->rq->a, 2048);
    if (role != NULL) {
        buf_str(&out, text4_get(&role->title, b->d->lang));
        BUF_LIT(&out, ", ");
    }
    buf_str(&out, m->org_name);
    return buf_get(&out);
}

static const char *part_title(const struct consilium *c, const struct consilium_member *m)
{
    bool keeps = str_eq(m->person, c->secretary);

    if (str_eq(m->person, c->chair)) {
        return T("Chair");
    }
    return m->votes && !keeps ? T("Member") : m->votes ? T("Member and secretary") : T("Secretary");
}

static struct str member_text(struct building *b, const struct consilium_member *m)
{
    struct buf out;

    buf_init(&out, b->rq->a, 8192);
    buf_str(&out, words(b, part_title(b->c, m)));
    BUF_LIT(&out, "\n");
    buf_str(&out, place_text(b, m));
    if (m->state == MEMBER_LEFT) {
        BUF_LIT(&out, "\n");
        buf_str(&out, words(b, T("Left before the end")));
        BUF_LIT(&out, ": ");
        buf_str(&out, m->reason);
    }
    const struct consilium_voice *v = consilium_voice_of(b->voices, b->n_voices, m->person);
    if (v != NULL && v->opinion == OPINION_ABSENT) {
        BUF_LIT(&out, "\n");
        buf_str(&out, words(b, T("Absent")));
    }
    return buf_get(&out);
}

static void when_write(struct building *b)
{
    struct sign_section *s = section(b, S("when"));
    const struct content *content = care_of(b->rq)->content;

    line(s, words(b, T("Urgency")), text4_get(&content->urgencies[b->c->urgency].title, b->d->lang));
    line(s, words(b, T("How it is held")),
         b->c->written ? words(b, T("In writing, within a time")) : words(b, T("Live")));
    line(s, words(b, T("Begun at")), time_text(b, b->d->start.ms));
    line(s, words(b, T("Ended at")), time_text(b, b->d->at.ms));
}

static void participants_write(struct building *b)
{
    struct sign_section *s = section(b, S("participants"));
    struct buf n;

    for (uint32_t i = 0; i < b->c->n_members; i++) {
        const struct consilium_member *m = &b->c->members[i];
        if (m->state == MEMBER_IN || m->state == MEMBER_LEFT) {
            line(s, m->name, member_text(b, m));
        }
    }
    buf_init(&n, b->rq->a, 16);
    buf_u64(&n, b->c->quorum);
    line(s, words(b, T("Quorum")), buf_get(&n));
}

static struct str voice_text(struct building *b, const struct consilium_voice *v)
{
    struct json_doc *doc = ARENA_NEW(b->rq->a, struct json_doc);
    struct buf out;

    buf_init(&out, b->rq->a, CONSILIUM_TEXT_MAX + 8192);
    if (v->opinion == OPINION_ABSTAINED || v->opinion == OPINION_ABSENT) {
        buf_str(&out, words(b, v->opinion == OPINION_ABSENT ? T("Absent") : T("Gives no opinion")));
        BUF_LIT(&out, ": ");
        buf_str(&out, v->body);
        return buf_get(&out);
    }
    if (v->opinion == OPINION_NONE && consilium_is_over(b->rq, b->c)) {
        return words(b, T("Gave no opinion within the time"));
    }
    if (v->opinion != OPINION_GIVEN || doc == NULL || json_parse(b->rq, v->body, NULL, doc) != OK) {
        err_clear(b->rq);
        return (struct str){0};
    }
    buf_str(&out, json_str(b->rq->a, json_get(json_root(doc), S("summary"))));
    if (v->entered_by.n > 0) {
        BUF_LIT(&out, "\n");
        buf_str(&out, words(b, T("Entered by the clinician beside the patient")));
        BUF_LIT(&out, ": ");
        buf_str(&out, dir_person_name(b->c->dir, v->entered_by));
    }
    return buf_get(&out);
}

static void opinions_write(struct building *b)
{
    struct sign_section *s = section(b, S("opinions"));

    for (uint32_t i = 0; i < b->c->n_members; i++) {
        const struct consilium_member *m = &b->c->members[i];
        const struct consilium_voice *v = consilium_voice_of(b->voices, b->n_voices, m->person);
        if (v != NULL) {
            line(s, m->name, voice_text(b, v));
        }
    }
}

static void dissent_write(struct building *b)
{
    struct sign_section *s = section(b, S("dissent"));

    for (uint32_t i = 0; i < b->c->n_members; i++) {
        const struct consilium_voice *v = consilium_voice_of(b->voices, b->n_voices, b->c->members[i].person);
        if (v != NULL) {
            line(s, b->c->members[i].name, v->dissent);
        }
    }
    if (s != NULL && s->n == 0) {
        line(s, (struct str){0}, words(b, T("There is no dissenting opinion.")));
    }
}

static void orders_write(struct building *b)
{
    struct str rest = b->p->orders;
    struct str one;
    struct sign_section *s = NULL;

    for (uint32_t n = 0; n < ORDERS_MAX && str_cut(&rest, '\n', &one);) {
        one = str_trim(one);
        if (one.n > 0) {
            s = s != NULL ? s : section(b, S("orders"));
            line(s, (struct str){0}, one);
            n++;
        }
    }
}

static void signatures_write(struct building *b)
{
    struct sign_section *s = section(b, S("signatures"));

    for (uint32_t i = 0; i < b->c->n_members; i++) {
        const struct consilium_member *m = &b->c->members[i];
        if (consilium_awaits(b->rq, b->c, m, consilium_voice_of(b->voices, b->n_voices, m->person))) {
            line(s, m->name, member_text(b, m));
        }
    }
}

static void own_write(struct building *b, struct str code)
{
    static const struct {
        struct str code;
        void (*write)(struct building *b);
    } writers[] = {
        {SI("when"), when_write},         {SI("participants"), participants_write},
        {SI("opinions"), opinions_write}, {SI("dissent"), dissent_write},
        {SI("orders"), orders_write},     {SI("signatures"), signatures_write},
    };

    for (size_t i = 0; i < LEN(writers); i++) {
        if (str_eq(writers[i].code, code)) {
            writers[i].write(b);
        }
    }
}

static const struct protocol_part *typed_part(const struct protocol *p, struct str code)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (str_eq(p->parts[i].code, code)) {
            return &p->parts[i];
        }
    }
    return NULL;
}

static void typed_write(struct building *b, struct str code)
{
    const struct protocol_part *part = typed_part(b->p, code);

    if (str_eq(code, S("decision"))) {
        opinions_write(b); /* what was said stands before what was decided */
    }
    if (part != NULL && part->text.n > 0) {
        line(section(b, code), (struct str){0}, part->text);
    }
    if (str_eq(code, S("decision"))) {
        orders_write(b);
    }
}

/* In the order of the policy; what it does not name and must never be missing comes last. */
static void sections_write(struct building *b)
{
    static const struct str least[] = {SI("when"), SI("participants"), SI("reason"),
                                       SI("decision"), SI("dissent"), SI("signatures")};
    const struct policy_doc *doc = b->p->doc;

    for (uint32_t i = 0; doc != NULL && i < doc->n_sections; i++) {
        if (protocol_is_own(doc->sections[i])) {
            own_write(b, doc->sections[i]);
        } else {
            typed_write(b, doc->sections[i]);
        }
    }
    for (size_t i = 0; i < LEN(least); i++) {
        bool has = false;
        for (uint32_t k = 0; doc != NULL && k < doc->n_sections; k++) {
            has = has || str_eq(doc->sections[k], least[i]);
        }
        if (!has && protocol_is_own(least[i])) {
            own_write(b, least[i]);
        } else if (!has) {
            typed_write(b, least[i]);
        }
    }
}

/* ---- who signs ---- */

static enum err party_load(struct building *b, const struct consilium_member *m,
                           struct sign_party *ret_party)
{
    const struct consilium_voice *v = consilium_voice_of(b->voices, b->n_voices, m->person);

    *ret_party = (struct sign_party){.name = m->name, .chairs = str_eq(m->person, b->c->chair),
                                     .dissents = v != NULL && v->dissent.n > 0};
    TRY(sign_int_load(b->rq, T_PRACTITIONER, m->person, &ret_party->practitioner));
    TRY(sign_int_load(b->rq, T_PRACTITIONER_ROLE, m->role, &ret_party->role));
    return sign_int_load(b->rq, T_ORGANIZATION, m->org, &ret_party->organization);
}

static enum err parties_fill(struct building *b)
{
    struct sign_party *all = ARENA_ARRAY(b->rq->a, CONSILIUM_MEMBERS_MAX, struct sign_party);
    struct sign_doc *d = b->d;

    TRY_MEM(b->rq, all);
    for (uint32_t i = 0; i < b->c->n_members; i++) {
        const struct consilium_member *m = &b->c->members[i];
        if (!consilium_awaits(b->rq, b->c, m, consilium_voice_of(b->voices, b->n_voices, m->person))) {
            continue;
        }
        struct sign_party *p = &all[d->n_parties++];
        TRY(party_load(b, m, p));
        if (p->chairs) {
            d->role = p->role;
            d->practitioner = p->practitioner;
            d->organization = p->organization;
            d->author_name = m->name;
            d->organization_name = m->org_name;
        }
    }
    d->parties = all;
    return OK;
}

static enum err replaces_fill(struct building *b)
{
    struct jv bundle;

    b->d->version = b->item->editions + 1;
    if (b->item->bundle.n == 0) {
        return OK;
    }
    TRY(sign_int_load(b->rq, T_BUNDLE, b->item->bundle, &bundle));
    b->d->replaces = json_str(b->rq->a, json_path(bundle, S("identifier.value")));
    return OK;
}

static enum err doc_fill(struct building *b, struct str base_url)
{
    struct req *rq = b->rq;
    struct sign_doc *d = b->d;

    *d = (struct sign_doc){
        .type = &sign_consilium,
        .lang = rq->lang,
        .base_url = base_url,
        .offset_min = care_tz(rq),
        .at = rq->now,
        .case_id = b->item->id,
        .title = tr(rq->lang, T("Protocol of a consilium")),
        .start = {MIN(b->c->start_ms, rq->now.ms)}, /* it may begin before its time */
        .numbers = outside_offered(care_of(rq)),
        .quorum = b->c->quorum,
    };
    TRY(sign_int_ids(rq, d));
    TRY(parties_fill(b));
    TRY(replaces_fill(b));
    TRY(sign_int_load(rq, T_PATIENT, b->item->patient, &d->patient));
    TRY(sign_int_load(rq, T_SERVICE_REQUEST, b->item->id, &d->request));
    TRY(sign_int_seen(rq, b->item->case_rid, &d->seen, &d->n_seen));
    sections_write(b);
    d->sections = b->sections;
    d->n_sections = b->n;
    return OK;
}

enum err protocol_build(struct req *rq, const struct consilium *c,
                        const struct consilium_item *item, const struct protocol *p,
                        const struct consilium_voice *voices, uint32_t n_voices,
                        struct str base_url, struct str *ret_bundle_id, struct str *ret_bytes)
{
    struct building *b = ARENA_NEW(rq->a, struct building);

    TRY_MEM(rq, b);
    *b = (struct building){.rq = rq, .c = c, .item = item, .p = p, .voices = voices,
                           .n_voices = n_voices,
                           .sections = ARENA_ARRAY(rq->a, SECTIONS_MAX, struct sign_section),
                           .d = ARENA_NEW(rq->a, struct sign_doc)};
    TRY_MEM(rq, b->sections);
    TRY_MEM(rq, b->d);
    TRY(doc_fill(b, base_url));
    TRY(sign_doc_build(rq, b->d, ret_bytes));
    *ret_bundle_id = b->d->bundle_id;
    return OK;
}
