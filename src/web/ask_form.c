/* web/ask_form.c - the request on one page: question, the profile's form, diagnosis, files, consent,
 * where to. Every section may wait; what is missing is said before sending. */
#include "web/ask_int.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/directory.h"
#include "care/patient_account_consent.h"
#include "codec/json.h"
#include "web/case_item.h"
#include "web/tpl.h"

enum { PROPOSALS_MAX = 40, PEOPLE_MAX = 20, CO_MAX = 20, CO_EMPTY = 1 };

/* ---- loading ---- */

const struct profile *ask_profile(const struct http_req *h, const struct fields *typed)
{
    return content_profile(care_of(&h->rq)->content, fields_get(typed, S("profile")));
}

enum err ask_load(struct http_req *h, struct ask *ret_ask, bool *ret_sent)
{
    struct case_row row;
    struct str id = http_param(h, S("draft"));
    *ret_sent = false;
    ret_ask->id = id;
    enum err e = draft_load(&h->rq, id, &ret_ask->draft);
    if (e == OK && str_eq(ret_ask->draft.kind, S("request"))) {
        ret_ask->typed = ret_ask->draft.fields;
        ret_ask->profile = ask_profile(h, &ret_ask->typed);
        return OK;
    }
    if (e != OK && e != E_NOT_FOUND) {
        return e;
    }
    err_clear(&h->rq);
    if (e == E_NOT_FOUND && access_case(&h->rq, id, AUDIT_READ, &row) == OK) {
        *ret_sent = true;
        return http_redirect(h, page_path(h, "/cases/", id, "?done=sent"));
    }
    err_clear(&h->rq);
    return FAIL(&h->rq, E_NOT_FOUND, "draft");
}

/* ---- sections and progress ---- */

static const struct {
    const char *id;
    const char *title;
} sections[] = {
    {"question-part", T("Question")}, {"clinical", T("Clinical data")},
    {"diagnosis-part", T("Diagnosis")}, {"files", T("Files")},
    {"consent-part", T("Consent")},   {"where", T("Where to")},
};
enum { PART_QUESTION, PART_CLINICAL, PART_DIAGNOSIS, PART_FILES, PART_CONSENT, PART_WHERE };

/* The section an own field stands in; everything else is the profile's form. */
static unsigned part_of_field(struct str field)
{
    static const struct {
        struct str field;
        unsigned part;
    } parts[] = {
        {SI("profile"), PART_QUESTION},     {SI("urgency"), PART_QUESTION},
        {SI("mode"), PART_QUESTION},        {SI("question"), PART_QUESTION},
        {SI("patient"), PART_QUESTION},     {SI("diagnosis"), PART_DIAGNOSIS},
        {SI("co-diagnosis"), PART_DIAGNOSIS}, {SI("contact"), PART_CONSENT},
        {SI("consent"), PART_CONSENT},      {SI("consent-note"), PART_CONSENT},
        {SI("cross-border"), PART_CONSENT},
        {SI("service"), PART_WHERE},
    };
    for (size_t i = 0; i < LEN(parts); i++) {
        if (str_eq(parts[i].field, field)) {
            return parts[i].part;
        }
    }
    return PART_CLINICAL;
}

/* Faults in the order of the page; within a part they come in its order. */
static void order_faults(struct problems *p)
{
    for (uint32_t i = 1; i < p->n; i++) {
        struct problem one = p->v[i];
        uint32_t at = i;
        for (; at > 0 && part_of_field(p->v[at - 1].field) > part_of_field(one.field); at--) {
            p->v[at] = p->v[at - 1];
        }
        p->v[at] = one;
    }
}

/* "3 of 5 complete, the rest may follow"; files are never asked for. */
static enum err set_progress(struct http_req *h, const struct ask *a, struct val *root)
{
    struct problems *all = ARENA_NEW(h->rq.a, struct problems);
    unsigned missing = 0;
    int64_t done = 0;
    TRY_MEM(&h->rq, all);
    TRY(consult_check(&h->rq, &a->typed, false, all));
    TRY(consult_check_abroad(&h->rq, &a->typed, false, all));
    for (uint32_t i = 0; i < all->n; i++) {
        missing |= 1u << part_of_field(all->v[i].field);
    }
    missing |= a->profile == NULL ? 1u << PART_CLINICAL : 0;
    struct val *steps = val_set_list(root, "steps");
    for (unsigned i = 0; i < LEN(sections); i++) {
        struct val *m = val_add_map(steps);
        bool is_done = i != PART_FILES && (missing & 1u << i) == 0;
        val_set_z(m, "id", sections[i].id);
        val_set_str(m, "title", tr(h->rq.lang, sections[i].title));
        val_set_bool(m, "done", is_done);
        done += is_done;
    }
    val_set_i64(root, "steps_done", done);
    val_set_i64(root, "steps_all", (int64_t)LEN(sections) - 1);
    val_set_bool(root, "steps_whole", done == (int64_t)LEN(sections) - 1);
    return OK;
}

/* ---- fields ---- */

/* A field with what was typed and its fault. All of them are needed, as the star says. */
static struct val *own_field(struct http_req *h, struct val *root, const struct ask *a,
                             const char *name, const char *label)
{
    struct val *f = val_set_map(page_map(root, "fields"), name);
    struct str value = fields_get(&a->typed, str_z(name));
    struct str fault = form_fault_of(h, &a->faults, str_z(name));
    struct buf b;
    val_set_z(f, "name", name);
    buf_init(&b, h->rq.a, 512);
    buf_str(&b, tr(h->rq.lang, label));
    BUF_LIT(&b, " *");
    val_set_str(f, "label", buf_get(&b));
    val_set_str(f, "value", value.p != NULL ? value : S(""));
    if (fault.p != NULL) {
        val_set_str(f, "error", fault);
    }
    return f;
}

static void hint(struct http_req *h, struct val *f, const char *text)
{
    val_set_str(f, "hint", tr(h->rq.lang, text));
}

/* "accept within 1 h, answer within 4 h" of the policy of where the asker works. */
static struct str urgency_hint(struct http_req *h, const struct policy *policy,
                               const struct urgency *u)
{
    const struct policy_terms *t = policy != NULL ? policy_terms(policy, u->code) : NULL;
    struct buf b;
    buf_init(&b, h->rq.a, 2048);
    buf_str(&b, text4_get(&u->definition, h->rq.lang));
    if (t != NULL && t->answer_within.ms > 0) {
        struct text_arg args[] = {{S("accept"), page_duration(h, t->accept_within.ms)},
                                  {S("answer"), page_duration(h, t->answer_within.ms)}};
        BUF_LIT(&b, ". ");
        buf_str(&b, page_text(h, T("Accepted within {accept}, answered within {answer}."), args,
                              LEN(args)));
    }
    return buf_get(&b);
}

static void set_question(struct http_req *h, struct val *root, const struct ask *a,
                         const struct policy *policy)
{
    const struct content *c = care_of(&h->rq)->content;
    struct val *f = own_field(h, root, a, "profile", T("Profile"));
    for (uint32_t i = 0; i < c->n_profiles; i++) {
        page_option(f, c->profiles[i].code, text4_get(&c->profiles[i].title, h->rq.lang));
    }
    val_set_bool(f, "inline", true);
    f = own_field(h, root, a, "urgency", T("Urgency"));
    struct val *list = val_set_list(f, "options");
    struct str now = fields_get(&a->typed, S("urgency"));
    for (uint32_t i = 0; i < c->n_urgencies; i++) {
        struct val *o = val_add_map(list);
        val_set_str(o, "value", c->urgencies[i].code);
        val_set_str(o, "label", text4_get(&c->urgencies[i].title, h->rq.lang));
        val_set_str(o, "hint", urgency_hint(h, policy, &c->urgencies[i]));
        val_set_bool(o, "on", str_eq(now, c->urgencies[i].code));
    }
    f = own_field(h, root, a, "question", T("What do you ask the consultant?"));
    hint(h, f, T("One question that can be answered: tactics, transfer, dose, need of an operation"));
    val_set_i64(f, "rows", 3);
    f = own_field(h, root, a, "diagnosis", T("Main diagnosis"));
    hint(h, f, T("Code or words: I21, infarction, pneumonia"));
    f = own_field(h, root, a, "contact", T("Telephone to call you back"));
    val_set_z(f, "type", "tel");
    val_set_z(f, "width", "w14");
}

static void set_co(struct val *root, const struct ask *a)
{
    struct val *list = val_set_list(root, "co");
    uint32_t n = 0;
    for (; n < CO_MAX; n++) {
        struct str v = fields_at(&a->typed, S("co-diagnosis"), n);
        if (v.p == NULL) {
            break;
        }
        val_add_str(list, v);
    }
    for (uint32_t i = 0; i < CO_EMPTY + a->extra_rows && n + i < CO_MAX; i++) {
        val_add_str(list, S(""));
    }
}

static void set_consent(struct http_req *h, struct val *root, const struct ask *a,
                        const struct policy *policy)
{
    static const struct {
        const char *value;
        const char *label;
    } ways[] = {
        {"written", T("In writing: the signed paper stays with us")},
        {"oral", T("Orally, before a witness")},
        {"unable", T("Could not be taken: the patient's state does not allow it")},
    };
    struct val *f = own_field(h, root, a, "consent", T("How did the patient consent?"));
    for (size_t i = 0; i < LEN(ways); i++) {
        page_option(f, str_z(ways[i].value), tr(h->rq.lang, ways[i].label));
    }
    f = own_field(h, root, a, "consent-note", T("Why consent could not be taken, and who decided"));
    struct val *m = val_set_map(root, "consent");
    val_set_str(m, "title", text4_get(&policy->consent_title, h->rq.lang));
    val_set_str(m, "text", text4_get(&policy->consent_text, h->rq.lang));
    val_set_str(m, "version", policy->consent_version);
}

/* Asked where some organisation is of another country than the patient, and nothing was agreed yet. The
 * rule stands beside it with its source, as long as nobody verified that. */
static enum err set_abroad(struct http_req *h, struct val *root, const struct ask *a, int64_t patient_rid)
{
    static const struct {
        const char *value;
        const char *label;
    } ways[] = {
        {"no", T("Not asked: the request stays in this country")},
        {"written", T("In writing: the signed paper stays with us")},
        {"oral", T("Orally, before a witness")},
        {"unable", T("The patient cannot be asked: decided by those named above")},
    };
    const struct policy *home = NULL;
    struct consent c;
    bool any = false;
    TRY(abroad_any(&h->rq, &any));
    if (!any || patient_rid == 0) {
        return OK;
    }
    TRY(patient_consent(&h->rq, patient_rid, CONSENT_ABROAD, &c));
    TRY(abroad_policy(&h->rq, patient_rid, &home));
    if (c.state == CONSENT_GIVEN || (home->cross_border.set && !home->cross_border.value)) {
        return OK;
    }
    static const char *const label = T("Did the patient agree that the data go to another country?");
    struct val *f = own_field(h, root, a, "cross-border", label);
    val_set_str(f, "label", tr(h->rq.lang, label)); /* without the star: it may be left out */
    hint(h, f, c.state == CONSENT_REFUSED
                   ? T("The patient has refused this before or withdrawn it: a new consent is in "
                       "writing. Only needed when the service is in another country.")
                   : T("Only needed when the service is in another country."));
    for (size_t i = 0; i < LEN(ways); i++) {
        page_option(f, str_z(ways[i].value), tr(h->rq.lang, ways[i].label));
    }
    struct val *rule = val_set_map(root, "abroad");
    val_set_str(rule, "source", text4_get(&home->cross_border.from.source, h->rq.lang));
    val_set_bool(rule, "unverified", !home->cross_border.from.verified);
    return OK;
}

/* ---- where to ---- */

/* Why a service is proposed, as short words. */
static void set_reasons(struct http_req *h, const struct directory *dir,
                        const struct dir_proposal *p, bool duty_first, bool best, struct val *o)
{
    uint32_t people[PEOPLE_MAX];
    struct buf b;
    uint32_t n = dir_on_duty(dir, p->service, h->rq.now, people, PEOPLE_MAX);
    buf_init(&b, h->rq.a, 2048);
    const struct dir_service *s = &dir->services[p->service];
    buf_str(&b, dir->orgs[s->org].name);
    if (n > 0) {
        struct text_arg arg = {S("name"), dir->people[people[0]].name};
        BUF_LIT(&b, " · ");
        buf_str(&b, page_text(h, T("on duty now: {name}"), &arg, 1));
        if (n > 1) {
            BUF_LIT(&b, " +");
            buf_u64(&b, n - 1);
        }
    } else if (duty_first) {
        BUF_LIT(&b, " · ");
        buf_str(&b, tr(h->rq.lang, T("nobody on duty now")));
    }
    struct buf num;
    buf_init(&num, h->rq.a, 16);
    buf_u64(&num, p->people);
    struct text_arg people_n = {S("n"), buf_get(&num)};
    BUF_LIT(&b, " · ");
    buf_str(&b, page_text(h, T("consultants: {n}"), &people_n, 1));
    val_set_str(o, "hint", buf_get(&b));
    if (best) {
        struct buf label;
        buf_init(&label, h->rq.a, 1024);
        buf_str(&label, s->name);
        BUF_LIT(&label, ": ");
        buf_str(&label, n > 0 ? tr(h->rq.lang, T("proposed, on duty and nearest"))
                              : tr(h->rq.lang, T("proposed, nearest")));
        val_set_str(o, "label", buf_get(&label));
    }
}

static enum err set_where(struct http_req *h, struct val *root, const struct ask *a,
                          const struct directory *dir)
{
    struct dir_proposal *best = ARENA_ARRAY(h->rq.a, PROPOSALS_MAX, struct dir_proposal);
    struct val *f = own_field(h, root, a, "service", T("Which service is asked?"));
    struct val *list = val_set_list(f, "options");
    struct str urgency = fields_get(&a->typed, S("urgency"));
    struct str chosen = fields_get(&a->typed, S("service"));
    bool duty_first = urgency.n > 0 && !str_eq(urgency, S("planned"));
    TRY_MEM(&h->rq, best);
    if (a->profile == NULL) {
        return OK;
    }
    uint32_t n = dir_propose(dir, h->rq.who->audit.org, a->profile->code, duty_first, h->rq.now,
                             best, PROPOSALS_MAX);
    bool fits = false;
    for (uint32_t i = 0; i < n; i++) {
        fits = fits || str_eq(chosen, dir->services[best[i].service].id);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct dir_service *s = &dir->services[best[i].service];
        struct val *o = val_add_map(list);
        val_set_str(o, "value", s->id);
        val_set_str(o, "label", s->name);
        val_set_bool(o, "on", fits ? str_eq(chosen, s->id) : i == 0);
        set_reasons(h, dir, &best[i], duty_first, i == 0, o);
    }
    val_set_bool(root, "nowhere", n == 0);
    return OK;
}

/* ---- the page ---- */

static enum err set_patient(struct http_req *h, struct val *root, const struct ask *a,
                            struct patient *ret_whole)
{
    struct patient p;
    TRY(patient_asked(&h->rq, fields_get(&a->typed, S("patient")), &p, ret_whole));
    struct val *m = val_set_map(root, "patient");
    ask_patient(h, &p, m);
    struct str allergy = fields_get(&a->typed, S("allergies.text"));
    if (str_eq(fields_get(&a->typed, S("allergies.known")), S("allergy-yes")) && allergy.n > 0) {
        val_add_str(val_set_list(m, "allergies"), allergy);
    }
    val_set_bool(m, "allergies_known",
                 str_eq(fields_get(&a->typed, S("allergies.known")), S("allergy-none")));
    return OK;
}

/* The rules that hold: of the service asked, else of the own organisation. */
static const struct policy *policy_for(struct http_req *h, const struct ask *a,
                                       const struct directory *dir)
{
    const struct dir_service *s = dir_service(dir, fields_get(&a->typed, S("service")));
    const struct dir_org *own = dir_org(dir, h->rq.who->audit.org);
    const struct policy *p = s != NULL ? dir->orgs[s->org].policy : own != NULL ? own->policy : NULL;
    return p != NULL ? p : care_of(&h->rq)->policy;
}

enum err ask_show(struct http_req *h, unsigned status, struct ask *a)
{
    struct val *root = NULL;
    struct patient whole;
    const struct directory *dir = NULL;
    bool faulty = a->faults.n > 0;
    TRY(page_begin(h, faulty ? T("Error: Request for a consultation") : T("Request for a consultation"),
                   &root));
    TRY(directory_get(&h->rq, &dir));
    const struct policy *policy = policy_for(h, a, dir);
    TRY(set_patient(h, root, a, &whole));
    order_faults(&a->faults);
    form_faults(h, root, &a->faults);
    TRY(set_progress(h, a, root));
    set_question(h, root, a, policy);
    set_co(root, a);
    set_consent(h, root, a, policy);
    TRY(set_abroad(h, root, a, whole.rid));
    TRY(set_where(h, root, a, dir));
    struct val *clinical = val_set_list(root, "clinical");
    if (a->profile != NULL) {
        form_view(h, a->profile->request, &a->typed, &a->faults, a->extra_rows, clinical);
        val_set_str(root, "profile", a->profile->code);
        val_set_str(root, "profile_title", text4_get(&a->profile->title, h->rq.lang));
    }
    TRY(file_uploads(h, a->id, &whole, page_path(h, "/ask/", a->id, ""), root));
    struct val *f = val_set_map(page_map(root, "fields"), "file");
    val_set_z(f, "name", "file");
    val_set_str(f, "label", tr(h->rq.lang, T("Add files")));
    hint(h, f, T("PDF, pictures, DICOM (also as ZIP or CD image), video, sound or text; several at once; "
                 "the sending goes on while you write"));
    val_set_str(f, "case", a->id);
    val_set_str(root, "id", a->id);
    val_set_instant(root, "saved_at", a->draft.saved);
    page_upload(root);
    return page_reply_status(h, status, root, tpl_ask_form);
}

enum err web_ask_form(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct str rows = http_query(h, S("rows"));
    uint64_t n = 0;
    bool sent;
    TRY_MEM(&h->rq, a);
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    a->extra_rows = str_u64(rows, &n) && n <= 20 ? (uint32_t)n : 0;
    bool whole = http_query(h, S("check")).p != NULL;
    if (whole || http_query(h, S("wrong")).p != NULL) {
        TRY(consult_check(&h->rq, &a->typed, !whole, &a->faults));
        TRY(consult_check_abroad(&h->rq, &a->typed, !whole, &a->faults));
    }
    return ask_show(h, 200, a);
}
