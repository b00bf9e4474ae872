/* web/consent.c - an application asks to be let in: who it is and what it wants, in words, and the
 * person says yes or no (SMART App Launch 2.2, app-launch; RFC 6749 4.1, 7636).
 *
 * GET shows the page; a POST from the application is turned into the GET. What it asked goes through the
 * form as it came and is checked again when the answer comes: nothing is kept in between. Until the
 * address to go back to is known to be the application's own, faults are shown here; after that they go
 * there.
 */
#include "web/consent.h"

#include "base/text.h"
#include "care/access.h"
#include "care/content.h"
#include "care/grant.h"
#include "care/patient.h"
#include "codec/json.h"
#include "codec/url.h"
#include "fhir/scope.h"
#include "fhir/search.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { ASK_MAX = 6000, STATE_MAX = 1000, PATIENTS_SHOWN = 20, FIELDS_MAX = 40 };

/* What an application asked for, checked. */
struct consent {
    struct url_pairs p;
    struct client client;
    struct str text;       /* as asked: the query */
    struct str redirect, state, challenge, nonce, launch;
    struct fhir_scopes wanted;
    struct str granted;    /* the most it may be given */
    struct fhir_scopes scopes; /* the same, read */
    struct launch context; /* from a page of ours */
    bool picks_patient;    /* the person chooses one */
};

/* Goes back to the application with an error. */
static enum err send_back(struct http_req *h, const struct consent *c, const char *error, const char *text)
{
    struct buf b;
    buf_init(&b, h->rq.a, 4096);
    buf_str(&b, c->redirect);
    page_query(&b, "error", str_z(error));
    if (text != NULL) {
        page_query(&b, "error_description", str_z(text));
    }
    page_query(&b, "state", c->state);
    return buf_ok(&b) ? http_redirect_away(h, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "address");
}

static struct str asked(const struct consent *c, const char *name)
{
    struct str v = form_find(&c->p, str_z(name));
    return v.p != NULL ? v : S("");
}

/* Who asks, and where the answer goes. Faults are shown here: the address may be anybody's. */
static enum err who_asks(struct http_req *h, struct consent *c)
{
    enum err e = client_find(&h->rq, asked(c, "client_id"), &c->client);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return FAIL(&h->rq, E_BAD_INPUT, "client_id: no such application");
    }
    TRY(e);
    c->redirect = asked(c, "redirect_uri");
    c->state = asked(c, "state");
    if (!client_has_redirect(&c->client, c->redirect)) {
        return FAIL(&h->rq, E_BAD_INPUT, "redirect_uri: not one of the application's");
    }
    return OK;
}

static bool challenge_is_good(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9')
              || ch == '-' || ch == '_')) {
            return false;
        }
    }
    return s.n == GRANT_PKCE_LEN;
}

static bool is_our_fhir(struct http_req *h, struct str aud)
{
    struct buf b;
    buf_init(&b, h->rq.a, 1024);
    buf_str(&b, http_public_url(h));
    BUF_LIT(&b, "/fhir");
    bool slash = aud.n == b.n + 1 && aud.p[b.n] == '/';
    return buf_ok(&b) && str_eq(str_sub(aud, 0, slash ? b.n : aud.n), buf_get(&b));
}

/* The first fault of what is asked, as OAuth names it; NULL when there is none. */
static const char *fault_of(struct http_req *h, const struct consent *c, const char **ret_text)
{
    static const char *const once[] = {"client_id", "redirect_uri", "response_type", "scope", "state",
                                       "aud", "code_challenge", "code_challenge_method", "launch"};
    for (size_t i = 0; i < LEN(once); i++) {
        if (form_find_at(&c->p, str_z(once[i]), 1).p != NULL) {
            *ret_text = "a parameter came twice";
            return "invalid_request";
        }
    }
    if (!str_eq(asked(c, "response_type"), S("code"))) {
        return "unsupported_response_type";
    }
    *ret_text = "state";
    if (c->state.n == 0 || c->state.n > STATE_MAX) {
        return "invalid_request";
    }
    *ret_text = "aud: the address of this FHIR server";
    if (!is_our_fhir(h, asked(c, "aud"))) {
        return "invalid_request";
    }
    *ret_text = "code_challenge with S256";
    if (!str_eq(asked(c, "code_challenge_method"), S("S256")) || !challenge_is_good(c->challenge)) {
        return "invalid_request";
    }
    *ret_text = "nonce";
    return c->nonce.n > GRANT_NONCE_MAX ? "invalid_request" : NULL;
}

/* What may be given of what is wanted. */
static const char *scopes_of(struct http_req *h, struct consent *c, const char **ret_text)
{
    struct fhir_scopes allowed;
    if (scope_parse(&h->rq, asked(c, "scope"), &c->wanted, NULL) != OK
        || scope_parse(&h->rq, c->client.scopes, &allowed, NULL) != OK) {
        (void)err_answers(&h->rq);
        return "invalid_scope";
    }
    for (size_t i = 0; i < c->wanted.n; i++) {
        if (!scope_query_is_good(&h->rq, &c->wanted.v[i])) {
            *ret_text = "a query in a scope may hold search parameters of the type itself: "
                        "no chains, no _has, no modifier but :not";
            return "invalid_scope";
        }
    }
    if (c->launch.n == 0) {
        c->wanted.marks &= ~(unsigned)SCOPE_LAUNCH;
    }
    if (scope_meet(&h->rq, &c->wanted, &allowed, &c->granted) != OK
        || scope_parse(&h->rq, c->granted, &c->scopes, NULL) != OK) {
        (void)err_answers(&h->rq);
        return "invalid_scope";
    }
    bool by_itself = c->launch.n == 0 && (c->client.launch & CLIENT_STANDALONE) == 0;
    bool from_us = c->launch.n > 0 && (c->client.launch & CLIENT_EHR) == 0;
    *ret_text = by_itself || from_us ? "not registered for this kind of launch" : "none that may be granted";
    return by_itself || from_us ? "unauthorized_client"
           : c->granted.n == 0  ? "invalid_scope"
                                : NULL;
}

/* Reads and checks what is asked. *ret_answered: it was answered already. */
static enum err consent_read(struct http_req *h, struct str text, struct consent *c, bool *ret_answered)
{
    const char *why = NULL;
    const char *error = NULL;
    *ret_answered = false;
    *c = (struct consent){.text = text};
    if (text.n > ASK_MAX) {
        return FAIL(&h->rq, E_TOO_LARGE, "request");
    }
    TRY(form_parse(&h->rq, text, FIELDS_MAX, &c->p));
    TRY(who_asks(h, c));
    c->challenge = asked(c, "code_challenge");
    c->nonce = asked(c, "nonce");
    c->launch = asked(c, "launch");
    error = fault_of(h, c, &why);
    if (error == NULL) {
        why = NULL;
        error = scopes_of(h, c, &why);
        TRY(h->rq.err.code);
    }
    if (error != NULL) {
        *ret_answered = true;
        return send_back(h, c, error, why);
    }
    return OK;
}

/* The case or patient a page of ours opened it for. */
static enum err context_read(struct http_req *h, struct consent *c, bool *ret_answered)
{
    *ret_answered = false;
    if (c->launch.n > 0) {
        enum err e = launch_find(&h->rq, c->launch, c->client.id, &c->context);
        if (e == E_FORBIDDEN) {
            err_clear(&h->rq);
            *ret_answered = true;
            return send_back(h, c, "invalid_request", "launch");
        }
        TRY(e);
    }
    bool one = (c->scopes.marks & (SCOPE_LAUNCH_PATIENT | SCOPE_LAUNCH_ENCOUNTER)) != 0
               || scope_has_level(&c->scopes, LEVEL_PATIENT);
    c->picks_patient = one && c->context.patient.n == 0;
    return OK;
}

/* ---- the page ---- */

/* What records are called on the page; others by their name in FHIR. */
static const struct {
    enum fhir_type type;
    const char *text;
} names[] = {
    {T_PATIENT, T("patients: name, birth date, contacts")},
    {T_OBSERVATION, T("measurements and laboratory results")},
    {T_CONDITION, T("diagnoses")},
    {T_SERVICE_REQUEST, T("requests for consultations")},
    {T_TASK, T("the course of consultations")},
    {T_QUESTIONNAIRE_RESPONSE, T("filled-in forms")},
    {T_DOCUMENT_REFERENCE, T("documents and files")},
    {T_BINARY, T("contents of files")},
    {T_COMMUNICATION, T("messages")},
    {T_COMPOSITION, T("conclusions")},
    {T_DIAGNOSTIC_REPORT, T("reports of examinations")},
    {T_IMAGING_STUDY, T("medical images")},
    {T_ENCOUNTER, T("visits")},
    {T_CONSENT, T("consents")},
    {T_AUDIT_EVENT, T("the record of who looked")},
    {T_ORGANIZATION, T("organisations")},
    {T_PRACTITIONER, T("people who work in care")},
    {T_PRACTITIONER_ROLE, T("posts of people who work in care")},
};

static struct str type_text(struct http_req *h, enum fhir_type type)
{
    if (type == T_NONE) {
        return tr(h->rq.lang, T("all records"));
    }
    for (size_t i = 0; i < LEN(names); i++) {
        if (names[i].type == type) {
            return tr(h->rq.lang, names[i].text);
        }
    }
    return fhir_type_name(type);
}

/* "read, add, change" */
static struct str ops_text(struct http_req *h, unsigned ops)
{
    static const struct {
        unsigned ops;
        const char *text;
    } words[] = {
        {OP_READ | OP_SEARCH, T("read")},
        {OP_CREATE, T("add")},
        {OP_UPDATE, T("change")},
        {OP_DELETE, T("delete")},
    };
    struct buf b;
    buf_init(&b, h->rq.a, 400);
    for (size_t i = 0; i < LEN(words); i++) {
        if ((ops & words[i].ops) != 0) {
            buf_str(&b, b.n > 0 ? S(", ") : S(""));
            buf_str(&b, tr(h->rq.lang, words[i].text));
        }
    }
    return buf_get(&b);
}

void consent_wishes(struct http_req *h, const struct fhir_scopes *s, struct val *list)
{
    static const struct {
        unsigned mark;
        const char *text;
    } marks[] = {
        {SCOPE_OPENID | SCOPE_FHIR_USER | SCOPE_PROFILE, T("Know who you are")},
        {SCOPE_LAUNCH | SCOPE_LAUNCH_PATIENT, T("Know which patient it is about")},
        {SCOPE_LAUNCH_ENCOUNTER, T("Know which visit it is about")},
        {SCOPE_OFFLINE, T("Stay let in when you are not here, until you end it on your account's page")},
        {SCOPE_ONLINE, T("Stay let in until you sign out")},
    };
    for (size_t i = 0; i < s->n; i++) {
        const struct scope_row *r = &s->v[i];
        struct val *m = val_add_map(list);
        val_set_str(m, "text", type_text(h, r->type));
        val_set_str(m, "can", ops_text(h, r->ops));
        val_set_bool(m, "one", r->level == LEVEL_PATIENT);
        val_set_str(m, "only", r->query);
    }
    for (size_t i = 0; i < LEN(marks); i++) {
        if ((s->marks & marks[i].mark) != 0) {
            val_set_str(val_add_map(list), "text", tr(h->rq.lang, marks[i].text));
        }
    }
}

static void set_roles(struct http_req *h, struct val *root)
{
    const struct who *w = h->rq.who;
    const struct role_ref *now = w->role_chosen ? who_role(w) : NULL;
    struct val *f = page_field(h, root, "role", T("In which role"), now != NULL ? now->id : S(""));
    for (uint32_t i = 0; i < w->n_roles; i++) {
        const struct role *r = content_role(care_of(&h->rq)->content, w->roles[i].code);
        struct buf b;
        buf_init(&b, h->rq.a, 1000);
        buf_str(&b, r != NULL ? text4_get(&r->title, h->rq.lang) : w->roles[i].code);
        BUF_LIT(&b, ", ");
        buf_str(&b, w->roles[i].org_name);
        page_option(f, w->roles[i].id, buf_get(&b));
        if (w->n_roles == 1) {
            val_set_str(root, "role_id", w->roles[i].id);
            val_set_str(root, "role_name", buf_get(&b));
        }
    }
}

static void patient_option(struct http_req *h, struct val *f, const struct patient *p)
{
    struct buf b;
    buf_init(&b, h->rq.a, 1000);
    buf_str(&b, p->name.n > 0 ? p->name : tr(h->rq.lang, T("unidentified patient")));
    if (p->birth_date.n > 0) {
        BUF_LIT(&b, ", ");
        buf_str(&b, p->birth_date);
    }
    page_option(f, p->id, buf_get(&b));
}

/* Patients to choose from: by the beginning of a name, else the newest one may see. */
static enum err set_patients(struct http_req *h, struct val *root)
{
    const struct who *w = h->rq.who;
    struct fhir_access acc = {.principals = w->principals, .n = w->n_principals};
    struct patient *found = ARENA_ARRAY(h->rq.a, PATIENTS_SHOWN, struct patient);
    struct str name = page_sent(h, "name");
    struct fhir_page page = {0};
    uint32_t n = 0;
    TRY_MEM(&h->rq, found);
    struct val *f = page_field(h, root, "name", T("Look for a patient by the beginning of the name"), S(""));
    val_set_z(f, "auto", "off");
    f = page_field(h, root, "patient", T("About which patient"), S(""));
    val_set_str(f, "empty", tr(h->rq.lang, T("choose")));
    if (name.n > 0) {
        enum err e = patient_find_name(&h->rq, name, S(""), found, PATIENTS_SHOWN, &n);
        if (e == E_BAD_INPUT) {
            err_clear(&h->rq);
        } else {
            TRY(e);
        }
    } else {
        struct audit_rec rec = {.action = AUDIT_SEARCH, .why = WHY_TEAM, .type = T_PATIENT,
                                .detail = S("to choose one for an application")};
        TRY(fhir_search_text(&h->rq, T_PATIENT, S("_count=20"), &acc, &page));
        TRY(audit_add(&h->rq, &rec));
        for (size_t i = 0; i < page.n_matches && n < PATIENTS_SHOWN; i++) {
            struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
            TRY_MEM(&h->rq, doc);
            TRY(json_parse(&h->rq, page.v[i].row.body, NULL, doc));
            patient_read(&h->rq, json_root(doc), &found[n++]);
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        patient_option(h, f, &found[i]);
    }
    val_set_bool(root, "nobody", n == 0);
    return OK;
}

static struct str host_of(const struct consent *c)
{
    struct url u;
    return url_split(c->redirect, &u) ? u.host : str_sub(c->redirect, 0, str_find_char(c->redirect, ':'));
}

/* Where the form may lead: the application's origin, or its own scheme. */
static void set_form_to(struct http_req *h, const struct consent *c)
{
    struct str origin = client_origin(h->rq.a, c->redirect);
    struct str scheme = str_sub(c->redirect, 0, str_find_char(c->redirect, ':') + 1);
    http_reply_form_to(h, origin.p != NULL ? origin : scheme);
}

static enum err consent_show(struct http_req *h, unsigned status, struct val *root, const struct consent *c)
{
    val_set_str(root, "name", c->client.name);
    val_set_str(root, "host", host_of(c));
    val_set_str(root, "ask", c->text);
    consent_wishes(h, &c->scopes, val_set_list(root, "wishes"));
    set_roles(h, root);
    val_set_bool(root, "picks", c->picks_patient);
    if (c->picks_patient) {
        TRY(set_patients(h, root));
    } else if (c->context.patient.n > 0) {
        struct patient p;
        TRY(patient_get(&h->rq, c->context.patient, &p));
        val_set_str(root, "about", p.name);
    }
    page_kind(root, "narrow");
    TRY(page_reply_status(h, status, root, tpl_consent));
    set_form_to(h, c);
    return OK;
}

enum err web_authorize(struct http_req *h)
{
    struct consent *c = ARENA_NEW(h->rq.a, struct consent);
    struct val *root = NULL;
    bool answered;
    TRY_MEM(&h->rq, c);
    TRY(consent_read(h, h->query, c, &answered));
    if (answered) {
        return OK;
    }
    if (h->caller.kind != CALLER_SESSION) {
        return FAIL(&h->rq, E_SIGN_IN, "nobody is signed in");
    }
    if (h->caller.apart) {
        return FAIL(&h->rq, E_FORBIDDEN, "not a page of patients");
    }
    if (h->caller.held != NULL) {
        return http_redirect(h, h->rq.who->must_change ? S("/account") : S(ACCOUNT_SIGN_IN));
    }
    TRY(context_read(h, c, &answered));
    if (answered) {
        return OK;
    }
    TRY(page_begin(h, T("An application asks to be let in"), &root));
    return consent_show(h, 200, root, c);
}

/* An application may send its request as a form: from another site no cookie comes with it, so the same
 * is asked again as an address. */
enum err web_authorize_post(struct http_req *h)
{
    struct buf b;
    struct str name;
    struct str value;
    TRY(http_form_check(h));
    buf_init(&b, h->rq.a, ASK_MAX + 64);
    BUF_LIT(&b, "/oauth/authorize?");
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        form_add(&b, name, value);
    }
    return buf_ok(&b) ? http_redirect(h, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "request");
}

/* ---- the answer ---- */

static enum err consent_go(struct http_req *h)
{
    return http_redirect_away(h, *(const struct str *)h->page_ctx);
}

static enum err consent_give(struct http_req *h, const struct consent *c, struct str role, struct str patient)
{
    char code[GRANT_VALUE_MAX] = {0};
    struct tx *tx = tx_new(&h->rq);
    struct str *to = ARENA_NEW(h->rq.a, struct str);
    struct grant_ask ask = {.client = &c->client,
                            .role = role,
                            .scopes = c->granted,
                            .patient = patient,
                            .case_id = c->context.case_id,
                            .intent = c->context.intent,
                            .redirect = c->redirect,
                            .challenge = c->challenge,
                            .nonce = c->nonce};
    struct buf b;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, to);
    if ((c->scopes.marks & (SCOPE_LAUNCH | SCOPE_LAUNCH_ENCOUNTER)) != 0) {
        TRY(launch_visit(&h->rq, c->context.case_id, patient, &ask.encounter));
    }
    if (c->launch.n > 0) {
        TRY(launch_use(tx, &h->rq, c->launch));
    }
    TRY(grant_begin(&h->rq, tx, &ask, code));
    buf_init(&b, h->rq.a, 4096);
    buf_str(&b, c->redirect);
    page_query(&b, "code", str_z(code));
    page_query(&b, "state", c->state);
    if (!buf_ok(&b)) {
        return FAIL(&h->rq, E_TOO_LARGE, "address");
    }
    *to = buf_get(&b);
    h->page_ctx = to;
    return http_commit(h, tx, consent_go);
}

static bool is_own_role(const struct who *w, struct str id)
{
    for (uint32_t i = 0; i < w->n_roles; i++) {
        if (str_eq(w->roles[i].id, id)) {
            return true;
        }
    }
    return false;
}

static enum err consent_refuse(struct http_req *h, const struct consent *c)
{
    struct audit_rec rec = {.action = AUDIT_GRANT, .why = WHY_OWN, .outcome = E_FORBIDDEN,
                            .detail = c->client.id};
    TRY(audit_add(&h->rq, &rec));
    return send_back(h, c, "access_denied", NULL);
}

enum err web_consent(struct http_req *h)
{
    struct consent *c = ARENA_NEW(h->rq.a, struct consent);
    struct val *root = NULL;
    struct res_row row;
    bool answered;
    struct str action = page_sent(h, "action");
    struct str patient = S("");
    TRY_MEM(&h->rq, c);
    TRY(consent_read(h, page_sent(h, "ask"), c, &answered));
    if (!answered) {
        TRY(context_read(h, c, &answered));
    }
    if (answered) {
        return OK;
    }
    if (str_eq(action, S("deny"))) {
        return consent_refuse(h, c);
    }
    TRY(page_begin(h, T("An application asks to be let in"), &root));
    patient = c->picks_patient ? page_sent(h, "patient") : c->context.patient;
    if (str_eq(action, S("find"))) {
        return consent_show(h, 200, root, c);
    }
    if (!is_own_role(h->rq.who, page_sent(h, "role"))) {
        page_error(h, root, "role", T("Choose one of your roles."));
    }
    if (c->picks_patient && patient.n == 0) {
        page_error(h, root, "patient", T("Choose a patient."));
    }
    if (page_has_errors(root)) {
        return consent_show(h, 422, root, c);
    }
    if (patient.n > 0) {
        TRY(access_patient(&h->rq, patient, AUDIT_READ, &row));
    }
    return consent_give(h, c, page_sent(h, "role"), patient);
}
